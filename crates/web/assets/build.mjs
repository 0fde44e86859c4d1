// Bundles the scripts of the pages into dist/. `--watch` keeps doing it.
import { copyFileSync, mkdirSync, rmSync, statSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, 'dist');

/** One file per kind of page, so that a ledger page never pays for the map. */
const entries = { common: 'ts/common.ts', place: 'ts/place.ts', map: 'ts/map.ts', station: 'ts/station.ts', live: 'ts/live.ts', history: 'ts/history.ts', push: 'ts/push.ts', 'push-worker': 'ts/push-worker.ts' };

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: entries,
  outdir: out,
  bundle: true,
  format: 'esm',
  target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
  minify: true,
  legalComments: 'none',
  // Islands are fetched when a page has one; they stay files of their own.
  external: ['./place.js', './map.js', './station.js', './live.js', './push.js', './history.js'],
  logLevel: 'warning',
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const { from, to } of [
  { from: 'maplibre-gl/dist/maplibre-gl-worker.mjs', to: 'map-worker.js' },
  { from: 'maplibre-gl/dist/maplibre-gl.css', to: 'map.css' },
  { from: 'uplot/dist/uPlot.min.css', to: 'station.css' },
]) copyFileSync(join(here, 'node_modules', from), join(out, to));

if (process.argv.includes('--watch')) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
  for (const file of readdirSync(out).sort()) {
    const path = join(out, file);
    const size = (/** @type {number} */ bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
    console.log(`${file.padEnd(16)} ${size(statSync(path).size).padStart(12)} ${size(gzipSync(readFileSync(path)).length).padStart(12)} gzip`);
  }
}
