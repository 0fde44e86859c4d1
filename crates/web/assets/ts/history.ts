// The chart of any span: drag to look closer, step back to see more. Each window is fetched in the grain that fits it.
import uPlot from 'uplot';
import { beijing, label, spread } from './chart';
import { together } from './curves';

interface Point {
  at: number;
  value: number;
  low: number | null;
  high: number | null;
  valid: boolean;
  note?: string;
}

interface Found {
  grain: string;
  gap: number;
  digits: number;
  unit: string;
  factor: string;
  from: number;
  to: number;
  lines: { station: string; name: string; points: Point[] }[];
}

/** Lines that are told apart by colour-blind people, too; the dashes help. */
const LINES: [string, number[]][] = [
  ['#0b5f83', []],
  ['#c2410c', [8, 4]],
  ['#4d7c0f', [2, 3]],
  ['#7c3aed', [10, 3, 2, 3]],
  ['#b45309', [4, 4]],
  ['#0f766e', [1, 4]],
];

/** Shorter windows show nothing more. */
const SHORTEST = 120;

export function enliven(elements: HTMLElement[]): void {
  elements.forEach((element) => new History(element));
}

class History {
  private chart?: uPlot;
  private found?: Found;
  /** Windows from which one looked closer. */
  private readonly before: [number, number][] = [];
  private asked = 0;

  constructor(private readonly root: HTMLElement) {
    new ResizeObserver(() => this.fit()).observe(this.box);
    this.back?.addEventListener('click', () => {
      const last = this.before.pop();
      if (last) void this.load(...last);
    });
    void this.load();
  }

  private get box() { return this.root.querySelector<HTMLElement>('[data-chart]')!; }
  private get back() { return this.root.querySelector<HTMLButtonElement>('[data-back]'); }

  private query(from?: number, to?: number): URLSearchParams {
    const query = new URLSearchParams(this.root.dataset.query);
    if (from !== undefined && to !== undefined) {
      query.set('from', beijing(from));
      query.set('to', beijing(to));
    }
    return query;
  }

  private async load(from?: number, to?: number) {
    const turn = ++this.asked;
    this.box.setAttribute('aria-busy', 'true');
    try {
      const query = this.query(from, to);
      const response = await fetch(`${this.root.dataset.series}?${query}`, { headers: { Accept: 'application/json' } });
      if (!response.ok) throw new Error(String(response.status));
      const found = (await response.json()) as Found;
      // Of several windows asked for quickly, the last one is shown.
      if (turn !== this.asked) return;
      this.found = found;
      this.draw();
      this.root.querySelector<HTMLAnchorElement>('[data-export]')?.setAttribute('href', `/history/values.csv?${query}`);
      if (this.back) this.back.hidden = !this.before.length;
    } finally {
      if (turn === this.asked) this.box.removeAttribute('aria-busy');
    }
  }

  private draw() {
    const found = this.found!;
    this.chart?.destroy();
    this.chart = undefined;
    this.box.replaceChildren();
    if (!found.lines.some((line) => line.points.length)) {
      const note = document.createElement('p');
      note.className = 'empty-state';
      note.textContent = this.root.dataset.empty ?? '';
      this.box.append(note);
      return;
    }
    const style = getComputedStyle(this.root);
    const token = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    const axis = {
      stroke: token('--text', '#1f2d3a'),
      grid: { stroke: token('--line', '#d8e1e7'), width: 1 },
      ticks: { stroke: token('--line', '#d8e1e7'), width: 1 },
      font: '12px sans-serif',
    };
    // The hour that still runs is shown under its end.
    const last = Math.max(found.to, ...found.lines.map((line) => line.points.at(-1)?.at ?? 0));
    this.chart = new uPlot(
      {
        width: this.box.clientWidth,
        height: innerWidth < 600 ? 260 : 380,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Asia/Shanghai'),
        cursor: { drag: { x: true, y: false, setScale: false } },
        scales: { x: { range: [found.from, last] }, y: { range: (_, low, high) => spread(low, high) } },
        axes: [{ ...axis, values: (_, ticks, __, ___, step) => ticks.map((tick) => label(tick, step)) }, { ...axis, size: 56 }],
        series: [
          { label: this.root.dataset.timeLabel ?? '', value: (_, at) => (at == null ? '–' : beijing(at).replace('T', ' ')) },
          ...found.lines.map((line, index) => this.line(line, index, found)),
        ],
        hooks: { setSelect: [(plot) => this.closer(plot)] },
      },
      together(found.lines, found.gap),
      this.box,
    );
  }

  private line(line: Found['lines'][number], index: number, found: Found): uPlot.Series {
    const [colour, dash] = LINES[index % LINES.length]!;
    const points = new Map(line.points.map((point) => [point.at, point]));
    return {
      label: line.name,
      stroke: colour,
      dash,
      width: 2,
      points: { show: line.points.length < 60, size: 5 },
      value: (plot, value, _, at) => {
        if (value == null || at == null) return '–';
        const point = points.get(plot.data[0][at]!);
        const span = point && point.low != null && point.high != null ? ` (${point.low.toFixed(found.digits)}–${point.high.toFixed(found.digits)})` : '';
        return `${value.toFixed(found.digits)}${found.unit ? ` ${found.unit}` : ''}${span}${point && !point.valid ? ` [${point.note ?? '?'}]` : ''}`;
      },
    };
  }

  private closer(plot: uPlot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const from = Math.floor(plot.posToVal(left, 'x'));
    const to = Math.ceil(plot.posToVal(left + width, 'x'));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (to - from < SHORTEST || !this.found) return;
    this.before.push([this.found.from, this.found.to]);
    void this.load(from, to);
  }

  private fit() {
    const width = this.box.clientWidth;
    if (this.chart && width && width !== this.chart.width) this.chart.setSize({ width, height: this.chart.height });
  }
}
