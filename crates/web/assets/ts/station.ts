// The station page: charts that grow with the values as they come, everything else as the server shows it.
import uPlot from 'uplot';
import { label, spread } from './chart';
import { single } from './curves';
import { lineState, listen, renew, throttled } from './listen';

interface Point {
  /** Unix seconds. */
  at: number;
  value: number;
  /** Whether the device's mark lets it count. */
  valid: boolean;
  /** The mark. */
  flag?: string;
  /** Level or class by the standard, as a colour. */
  colour?: string;
}

interface Curve {
  factor: string;
  name: string;
  unit: string;
  digits: number;
  points: Point[];
  limits: { value: number; label: string }[];
  /** Longest distance of two points that belong together, seconds. */
  gap: number;
  empty: string;
}

interface Observed {
  values: { factor: string; kind: string; at: number; value: number; valid: boolean; flag?: string }[];
}

export function enliven(elements: HTMLElement[]): void {
  elements.forEach((element) => new StationPage(element));
}

class StationPage {
  private chart?: uPlot;
  private curve?: Curve;

  constructor(private readonly root: HTMLElement) {
    const form = this.form;
    form?.addEventListener('change', () => void this.load());
    form?.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.load();
    });
    const chart = root.querySelector('[data-chart]');
    if (chart) new ResizeObserver(() => this.fit()).observe(chart);
    // A station that never said anything has no chart yet; its first word makes the page anew.
    const again = throttled(4000, () => (chart ? void renew() : location.reload()));
    listen(
      root.dataset.events ?? '',
      { observed: (data) => { this.grow(data as Observed); again(); }, warning: again },
      lineState(root),
    );
    void this.load();
  }

  private get form() { return this.root.querySelector<HTMLFormElement>('form[data-chart-form]'); }
  private get box() { return this.root.querySelector<HTMLElement>('[data-chart]')!; }
  private get span() { return String(new FormData(this.form ?? undefined).get('span') ?? 'day'); }

  private async load() {
    const form = this.form;
    if (!form) return;
    const query = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    this.box.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(`${this.root.dataset.series}?${query}`, { headers: { Accept: 'application/json' } });
      if (!response.ok) throw new Error(String(response.status));
      this.curve = (await response.json()) as Curve;
      this.draw();
    } finally {
      this.box.removeAttribute('aria-busy');
    }
  }

  /** A value that just came is drawn at once where it belongs to the curve shown. */
  private grow({ values }: Observed) {
    const curve = this.curve;
    if (!curve || this.span !== 'hour') return;
    const news = values.filter((value) => value.factor === curve.factor && value.kind === 'realtime');
    if (!news.length) return;
    curve.points.push(...news);
    const oldest = curve.points[curve.points.length - 1]!.at - 3600;
    curve.points = curve.points.filter((point) => point.at >= oldest);
    this.chart?.setData(this.data());
    if (!this.chart) this.draw();
  }

  private data(): uPlot.AlignedData {
    return single(this.curve!.points, this.curve!.gap);
  }

  private draw() {
    const curve = this.curve!;
    this.chart?.destroy();
    this.chart = undefined;
    this.box.replaceChildren();
    if (!curve.points.length) {
      const note = document.createElement('p');
      note.className = 'empty-state';
      note.textContent = curve.empty;
      this.box.append(note);
      return;
    }
    const style = getComputedStyle(this.root);
    const token = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    const ink = token('--text', '#1f2d3a');
    const line = token('--primary', '#0b5f83');
    const rule = token('--line', '#d8e1e7');
    const bad = token('--bad', '#b3261e');
    const named = (at: number) => curve.points.find((point) => point.at === at);
    const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 }, font: '12px sans-serif' };
    const limits = curve.limits.map((limit) => limit.value);
    this.chart = new uPlot(
      {
        width: this.box.clientWidth,
        height: this.height,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Asia/Shanghai'),
        fmtDate: (template) => uPlot.fmtDate(template.replace('{h}{aa}', '{HH}:00').replace('{h}:{mm}{aa}', '{HH}:{mm}')),
        cursor: { points: { size: 8 } },
        legend: { live: true },
        scales: { y: { range: (_, low, high) => spread(Math.min(low, ...limits), Math.max(high, ...limits)) } },
        axes: [{ ...axis, values: (_, ticks, __, ___, step) => ticks.map((tick) => label(tick, step)) }, { ...axis, size: 56 }],
        series: [
          { label: this.root.dataset.timeLabel ?? '', value: (_, at) => (at == null ? '–' : label(at, 0)) },
          {
            label: `${curve.name}${curve.unit ? ` (${curve.unit})` : ''}`,
            stroke: line,
            width: 2,
            points: { show: false },
            value: (plot, value, _, index) => {
              if (value == null) return '–';
              const point = index == null ? undefined : named(plot.data[0][index]!);
              return value.toFixed(curve.digits) + (point && !point.valid ? ` [${point.flag ?? '?'}]` : '');
            },
          },
        ],
        hooks: {
          draw: [
            (plot) => {
              const { ctx } = plot;
              const ratio = devicePixelRatio;
              ctx.save();
              for (const limit of curve.limits) {
                const y = plot.valToPos(limit.value, 'y', true);
                ctx.strokeStyle = bad;
                ctx.fillStyle = bad;
                ctx.setLineDash([6 * ratio, 4 * ratio]);
                ctx.beginPath();
                ctx.moveTo(plot.bbox.left, y);
                ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
                ctx.stroke();
                ctx.setLineDash([]);
                ctx.font = `${11 * ratio}px sans-serif`;
                ctx.textAlign = 'right';
                ctx.fillText(limit.label, plot.bbox.left + plot.bbox.width - 4 * ratio, y - 6 * ratio);
              }
              const size = (curve.points.length > 400 ? 1.6 : 3.4) * ratio;
              for (const point of curve.points) {
                if (point.valid && !point.colour) continue;
                const x = plot.valToPos(point.at, 'x', true);
                const y = plot.valToPos(point.value, 'y', true);
                ctx.beginPath();
                ctx.arc(x, y, size, 0, 2 * Math.PI);
                ctx.lineWidth = ratio;
                if (point.valid) {
                  ctx.fillStyle = point.colour!;
                  ctx.strokeStyle = 'rgba(20, 40, 60, .55)';
                  ctx.fill();
                  ctx.stroke();
                } else {
                  // Not counted: hollow and crossed, so that it is told apart without colour.
                  ctx.fillStyle = '#fff';
                  ctx.strokeStyle = '#6b7680';
                  ctx.fill();
                  ctx.stroke();
                  ctx.beginPath();
                  ctx.moveTo(x - size, y + size);
                  ctx.lineTo(x + size, y - size);
                  ctx.stroke();
                }
              }
              ctx.restore();
            },
          ],
        },
      },
      this.data(),
      this.box,
    );
  }

  private get height() { return innerWidth < 600 ? 220 : 300; }

  private fit() {
    const width = this.box.clientWidth;
    if (this.chart && width && width !== this.chart.width) this.chart.setSize({ width, height: this.height });
  }
}
