// Bundles the unit tests of the scripts and runs them with Node: `npm test`, or `npm test -- shape` for some files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(join(here, 'tests')).filter((file) => file.endsWith('.test.ts') && (!words.length || words.some((word) => file.includes(word))));
const out = mkdtempSync(join(tmpdir(), 'bilan-web-'));
try {
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: files.map((file) => `tests/${file}`),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const bundles = files.map((file) => join(out, file.replace(/\.ts$/, '.mjs')));
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...bundles], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
