// A small map of lines in SVG for record pages and forms: shows a place or a shape, lets a person set a point or draw a shape.
// No tiles and no WebGL: district, rivers and what is shown.

import { asField, inside, isClosed, parsed, positions, rings, withCorner, withoutLast, type Position } from './shape';

interface Frame { x: number; y: number; width: number; height: number }
interface Feature {
  properties: { code: string; name: string; level?: string };
  geometry: { type: string; coordinates: unknown };
}

const SVG = 'http://www.w3.org/2000/svg';
/** Metres of a degree of latitude. */
const DEGREE = 111_320;

let ground: Promise<{ cells: Feature[]; rivers: Feature[] }> | undefined;

/** Lines of the district, fetched once a page. */
function lines() {
  const get = async (name: string) => {
    const response = await fetch(`/map/layers/${name}.geojson`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return ((await response.json()) as { features: Feature[] }).features;
  };
  ground ??= Promise.all([get('cells'), get('rivers')]).then(([cells, rivers]) => ({ cells, rivers }));
  return ground;
}

export async function enliven(elements: HTMLElement[]): Promise<void> {
  const fresh = elements.filter((element) => !element.dataset.ready);
  fresh.forEach((element) => (element.dataset.ready = 'yes'));
  const { cells, rivers } = await lines();
  for (const element of fresh) new PlaceMap(element, cells, rivers);
}

class PlaceMap {
  private readonly svg = document.createElementNS(SVG, 'svg');
  private readonly marks = document.createElementNS(SVG, 'g');
  private readonly origin: Position;
  private readonly squeeze: number;
  private box: Frame = { x: 0, y: 0, width: 1, height: 1 };
  private readonly whole: Frame;
  private readonly said = document.createElement('p');
  private readonly inputs?: { lon: HTMLInputElement; lat: HTMLInputElement };
  private readonly drawn?: HTMLTextAreaElement | HTMLInputElement;
  private shape: Position[] = [];

  constructor(private readonly root: HTMLElement, private readonly cells: Feature[], rivers: Feature[]) {
    const outline = cells.filter((cell) => cell.properties.level === 'district');
    const all = (outline.length ? outline : cells).flatMap((cell) => positions(cell.geometry.coordinates));
    const lons = all.map(([lon]) => lon);
    const lats = all.map(([, lat]) => lat);
    this.origin = [Math.min(...lons), Math.max(...lats)];
    this.squeeze = Math.cos((this.origin[1] * Math.PI) / 180);
    const [right, bottom] = this.place([Math.max(...lons), Math.min(...lats)]);
    const room = Math.max(right, bottom) * 0.05;
    this.whole = { x: -room, y: -room, width: right + 2 * room, height: bottom + 2 * room };

    this.svg.setAttribute('class', 'place-map-lines');
    this.svg.setAttribute('tabindex', '0');
    for (const level of ['street', 'community', 'district']) {
      for (const cell of cells.filter((cell) => cell.properties.level === level)) {
        this.add('path', { d: this.path(cell), class: `place-${level}` }, cell.properties.name);
      }
    }
    for (const river of rivers) this.add('path', { d: this.path(river), class: 'place-river' }, river.properties.name);
    this.svg.append(this.marks);
    this.said.className = 'place-map-said';
    this.said.setAttribute('role', 'status');
    root.replaceChildren(this.svg, this.buttons(), this.said);
    root.classList.add('place-map');

    const pick = root.dataset.mapPick;
    if (pick !== undefined) {
      const form = root.closest('form');
      const input = (part: string) => form?.querySelector<HTMLInputElement>(`input[name="${pick || 'place'}.${part}"]`);
      const [lon, lat] = [input('lon'), input('lat')];
      if (lon && lat) {
        this.inputs = { lon, lat };
        [lon, lat].forEach((field) => field.addEventListener('change', () => this.show()));
      }
    }
    const draw = root.dataset.mapDraw;
    if (draw) this.drawn = root.closest('form')?.querySelector<HTMLTextAreaElement>(`[name="${draw}"]`) ?? undefined;
    this.shape = positions(parsed(this.drawn?.value || root.dataset.mapShape));
    this.svg.setAttribute('role', this.active ? 'application' : 'img');
    this.svg.setAttribute('aria-label', root.dataset.label ?? root.getAttribute('aria-label') ?? '');
    this.listen();
    this.show();
    this.home();
  }

  /** Metres of a pixel: the drawing keeps its proportions inside of the frame. */
  private get unit() {
    const { width, height } = this.svg.getBoundingClientRect();
    return Math.max(this.box.width / (width || 480), this.box.height / (height || 280));
  }

  private get active() { return this.inputs !== undefined || this.drawn !== undefined; }

  /** Metres east and south of the corner. */
  private place([lon, lat]: Position): Position {
    return [(lon - this.origin[0]) * DEGREE * this.squeeze, (this.origin[1] - lat) * DEGREE];
  }

  private position(x: number, y: number): Position {
    const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
    return [round(this.origin[0] + x / DEGREE / this.squeeze), round(this.origin[1] - y / DEGREE)];
  }

  private path(feature: Feature): string {
    return rings(feature.geometry.coordinates)
      .map((ring) => ring.map((at, index) => `${index ? 'L' : 'M'}${this.place(at).map((n) => n.toFixed(1)).join(' ')}`).join(''))
      .join(' ');
  }

  private add(tag: string, attributes: Record<string, string>, title?: string, to: Element = this.svg) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (title) {
      const label = document.createElementNS(SVG, 'title');
      label.textContent = title;
      element.append(label);
    }
    to.append(element);
    return element;
  }

  private get point(): Position | undefined {
    const from = this.inputs
      ? [this.inputs.lon.value, this.inputs.lat.value]
      : [this.root.dataset.lon, this.root.dataset.lat];
    if (!from[0] || !from[1]) return undefined;
    const [lon, lat] = from.map(Number) as Position;
    return Number.isFinite(lon) && Number.isFinite(lat) ? [lon, lat] : undefined;
  }

  /** Draws what is shown, in the size of the present view. */
  private show() {
    this.marks.replaceChildren();
    const unit = this.unit;
    if (this.shape.length) {
      const points = this.shape.map((at) => this.place(at).join(',')).join(' ');
      const area = this.kind === 'polygon' || isClosed(this.shape);
      this.add(area ? 'polygon' : 'polyline', { points, class: area ? 'place-area' : 'place-line' }, undefined, this.marks);
      if (this.drawn) {
        for (const at of this.shape) {
          const [cx, cy] = this.place(at).map(String) as [string, string];
          this.add('circle', { cx, cy, r: String(4 * unit), class: 'place-corner' }, undefined, this.marks);
        }
      }
    }
    const point = this.point;
    if (point) {
      const [x, y] = this.place(point);
      const pin = `M${x} ${y}c${-3 * unit} ${-9 * unit} ${-8 * unit} ${-11 * unit} ${-8 * unit} ${-18 * unit}a${8 * unit} ${8 * unit} 0 1 1 ${16 * unit} 0c0 ${7 * unit} ${-5 * unit} ${9 * unit} ${-8 * unit} ${18 * unit}z`;
      this.add('path', { d: pin, class: 'place-pin' }, this.root.dataset.label, this.marks);
      this.say(point);
    }
  }

  /** Names the cell in which the point lies. */
  private say(point: Position) {
    const names = ['street', 'community', 'cell'].flatMap((level) =>
      this.cells.filter((cell) => cell.properties.level === level && inside(rings(cell.geometry.coordinates), point)).map((cell) => cell.properties.name),
    );
    this.said.textContent = `${point[0].toFixed(6)}, ${point[1].toFixed(6)}${names.length ? ` · ${[...new Set(names)].join(' / ')}` : ''}`;
  }

  private buttons() {
    const bar = document.createElement('div');
    bar.className = 'place-map-buttons';
    const button = (text: string, label: string | undefined, act: () => void) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.textContent = text;
      made.setAttribute('aria-label', label ?? text);
      made.title = label ?? text;
      made.addEventListener('click', act);
      bar.append(made);
    };
    const words = (document.documentElement.lang.startsWith('zh')
      ? ['放大', '缩小', '全区', '定位到当前位置', '撤销一点', '清除']
      : ['Zoom in', 'Zoom out', 'Whole district', 'Use my position', 'Undo one point', 'Clear']) as string[];
    button('+', words[0], () => this.zoom(0.5));
    button('−', words[1], () => this.zoom(2));
    button('⤢', words[2], () => this.look(this.whole));
    if (this.root.dataset.mapPick !== undefined && navigator.geolocation && isSecureContext) {
      button('◎', words[3], () =>
        navigator.geolocation.getCurrentPosition((found) => this.choose([found.coords.longitude, found.coords.latitude])),
      );
    }
    if (this.root.dataset.mapDraw) {
      button('←', words[4], () => this.redraw(withoutLast(this.shape, this.kind)));
      button('×', words[5], () => this.redraw([]));
    }
    return bar;
  }

  private listen() {
    const here = (event: { clientX: number; clientY: number }): Position => {
      const frame = this.svg.getBoundingClientRect();
      const unit = this.unit;
      return [
        this.box.x + this.box.width / 2 + (event.clientX - frame.x - frame.width / 2) * unit,
        this.box.y + this.box.height / 2 + (event.clientY - frame.y - frame.height / 2) * unit,
      ];
    };
    let from: { x: number; y: number; box: Frame; moved: boolean } | undefined;
    this.svg.addEventListener('pointerdown', (event) => {
      from = { x: event.clientX, y: event.clientY, box: { ...this.box }, moved: false };
    });
    this.svg.addEventListener('pointermove', (event) => {
      if (!from || !(event.buttons & 1)) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 5) return;
      from.moved = true;
      const unit = this.unit;
      this.look({ ...from.box, x: from.box.x - dx * unit, y: from.box.y - dy * unit });
    });
    this.svg.addEventListener('pointerup', (event) => {
      if (from && !from.moved && this.active) {
        const [x, y] = here(event);
        this.choose(this.position(x, y));
      }
      from = undefined;
    });
    this.svg.addEventListener('wheel', (event) => {
      if (document.activeElement !== this.svg && !event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, here(event));
    }, { passive: false });
    this.svg.addEventListener('keydown', (event) => {
      const step = this.box.width / 10;
      const moves: Record<string, Position> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      const move = moves[event.key];
      if (move) this.look({ ...this.box, x: this.box.x + move[0], y: this.box.y + move[1] });
      else if (event.key === '+' || event.key === '=') this.zoom(0.5);
      else if (event.key === '-') this.zoom(2);
      else if (event.key === 'Enter' && this.active) {
        this.choose(this.position(this.box.x + this.box.width / 2, this.box.y + this.box.height / 2));
      } else return;
      event.preventDefault();
    });
  }

  private choose(at: Position) {
    if (this.drawn) {
      this.redraw(withCorner(this.shape, at, this.kind, (first, at) => this.meets(first, at)));
    } else if (this.inputs) {
      this.inputs.lon.value = at[0].toFixed(6);
      this.inputs.lat.value = at[1].toFixed(6);
      this.inputs.lon.dispatchEvent(new Event('input', { bubbles: true }));
      this.show();
    }
  }

  /** Whether a point is meant as the first corner of a shape again. */
  private meets(first: Position, at: Position) {
    const [[x1, y1], [x2, y2]] = [this.place(first), this.place(at)];
    return Math.hypot(x1 - x2, y1 - y2) < 12 * this.unit;
  }

  /** What the field holds, if the form says so; else the hand decides: a line whose end meets its beginning is an area. */
  private get kind() { return this.root.dataset.shapeKind; }

  /** Shows another shape and puts it into the form. */
  private redraw(shape: Position[]) {
    this.shape = shape;
    if (this.drawn) this.drawn.value = asField(shape, this.kind);
    this.show();
  }

  /** The first view: around what is shown, else the whole district. */
  private home() {
    const shown = this.shape.length ? this.shape : this.point ? [this.point] : [];
    if (!shown.length) return this.look(this.whole);
    const [xs, ys] = [shown.map((at) => this.place(at)[0]), shown.map((at) => this.place(at)[1])];
    const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const width = Math.max(3200, (east - west) * 1.5);
    const height = Math.max(2000, (south - north) * 1.5);
    this.look({ x: (west + east - width) / 2, y: (north + south - height) / 2, width, height });
  }

  private zoom(factor: number, about?: Position) {
    const width = Math.min(this.whole.width * 1.5, Math.max(200, this.box.width * factor));
    const real = width / this.box.width;
    const [x, y] = about ?? [this.box.x + this.box.width / 2, this.box.y + this.box.height / 2];
    this.look({ x: x - (x - this.box.x) * real, y: y - (y - this.box.y) * real, width, height: this.box.height * real });
  }

  private look(box: Frame) {
    this.box = box;
    this.svg.setAttribute('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`);
    this.show();
  }
}
