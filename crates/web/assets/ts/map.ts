// The one map: the district's lines, stations as they are now, records of every register that has a place.
// No tiles and no glyph server: everything comes from the product itself.
import {
  GeoJSONSource, LngLatBounds, Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl,
  type ExpressionSpecification, type LayerSpecification, type MapGeoJSONFeature, type StyleSpecification,
} from 'maplibre-gl';
import { lineState, listen, renew, throttled } from './listen';
import { inside } from './shape';

setWorkerUrl(new URL('./map-worker.js', import.meta.url).href);

type Box = [number, number, number, number];
interface Collection extends GeoJSON.FeatureCollection {
  total?: number;
  truncated?: boolean;
}

const FONT = ['Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif'];

export function enliven(elements: HTMLElement[]): void {
  for (const element of elements) {
    try {
      new DistrictMap(element);
    } catch (error) {
      // Without WebGL the list of the same things is there.
      element.classList.add('map-unavailable');
      console.warn(error);
    }
  }
}

/** Colours of the ground, from the page's tokens. */
interface Ground { land: string; line: string; text: string; halo: string; water: string; chosen: string }

class DistrictMap {
  private readonly map: GlMap;
  private readonly panel: HTMLElement | null;
  private readonly form: HTMLFormElement | null;
  private readonly shown = new Set<string>();
  private readonly ground: Ground;
  private cells: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
  private readonly screen: boolean;

  constructor(private readonly root: HTMLElement) {
    this.screen = root.dataset.mode === 'screen';
    this.panel = root.querySelector('[data-map-panel]');
    this.form = root.querySelector('form[data-map-form]');
    const style = getComputedStyle(root);
    const token = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    this.ground = {
      land: token('--map-land', '#f4f7fa'),
      line: token('--map-line', '#7d93a6'),
      text: token('--map-text', '#3b4c5c'),
      halo: token('--map-halo', '#ffffff'),
      water: token('--map-water', '#5aa9d6'),
      chosen: token('--map-chosen', '#0b5f83'),
    };
    const bounds = (root.dataset.bounds ?? '').split(',').map(Number) as Box;
    const canvas = root.querySelector<HTMLElement>('[data-map-canvas]')!;
    this.map = new GlMap({
      container: canvas,
      style: this.style(token('--map-ground', '#e6edf2')),
      bounds,
      fitBoundsOptions: { padding: this.screen ? 60 : 24 },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      minZoom: 8,
      maxZoom: 18,
      fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200,
      locale: { 'Map.Title': canvas.getAttribute('aria-label') ?? '' },
    });
    this.map.touchZoomRotate.disableRotation();
    if (!this.screen) {
      this.map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
      this.map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-right');
    }
    root.classList.add('map-live');
    // On a phone the map comes first; its switches open on demand.
    if (innerWidth < 700) root.querySelector('.map-filter')?.removeAttribute('open');
    this.map.once('load', () => void this.begin(bounds));
  }

  private style(background: string): StyleSpecification {
    const empty = { type: 'geojson' as const, data: { type: 'FeatureCollection' as const, features: [] } };
    const { land, line, text, halo, water, chosen } = this.ground;
    const of = (level: string): ExpressionSpecification => ['==', ['get', 'level'], level];
    const name: ExpressionSpecification = ['get', document.documentElement.lang.startsWith('zh') ? 'name' : 'name_en'];
    const label = (id: string, level: string, minzoom: number, size: number): LayerSpecification => ({
      id, type: 'symbol', source: 'names', minzoom, maxzoom: level === 'street' ? 14 : 24, filter: of(level),
      layout: { 'text-field': name, 'text-font': FONT, 'text-size': size, 'text-padding': 6 },
      paint: { 'text-color': text, 'text-halo-color': halo, 'text-halo-width': 1.4 },
    });
    return {
      version: 8,
      sources: { cells: empty, rivers: empty, names: empty },
      layers: [
        { id: 'ground', type: 'background', paint: { 'background-color': background } },
        { id: 'land', type: 'fill', source: 'cells', filter: of('district'), paint: { 'fill-color': land } },
        { id: 'cell-lines', type: 'line', source: 'cells', minzoom: 13.5, filter: of('cell'), paint: { 'line-color': line, 'line-width': 0.5, 'line-opacity': 0.7, 'line-dasharray': [2, 2] } },
        { id: 'community-lines', type: 'line', source: 'cells', minzoom: 11.5, filter: of('community'), paint: { 'line-color': line, 'line-width': 0.6, 'line-opacity': 0.55 } },
        { id: 'street-lines', type: 'line', source: 'cells', filter: of('street'), paint: { 'line-color': line, 'line-width': 1.1 } },
        { id: 'district-line', type: 'line', source: 'cells', filter: of('district'), paint: { 'line-color': chosen, 'line-width': 2.4 } },
        { id: 'rivers', type: 'line', source: 'rivers', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': water, 'line-width': ['case', ['==', ['get', 'main'], true], 7, 3] } },
        { id: 'chosen-cell', type: 'fill', source: 'cells', filter: ['==', ['get', 'code'], ''], paint: { 'fill-color': chosen, 'fill-opacity': 0.14 } },
        { id: 'chosen-line', type: 'line', source: 'cells', filter: ['==', ['get', 'code'], ''], paint: { 'line-color': chosen, 'line-width': 2.5 } },
        { id: 'river-names', type: 'symbol', source: 'rivers', layout: { 'symbol-placement': 'line', 'text-field': name, 'text-font': FONT, 'text-size': 12 }, paint: { 'text-color': water, 'text-halo-color': halo, 'text-halo-width': 1.4 } },
        label('street-names', 'street', 10.5, 13),
        label('community-names', 'community', 13, 11),
      ],
    };
  }

  private async begin(bounds: Box) {
    const [cells, rivers] = await Promise.all([get('/map/layers/cells.geojson'), get('/map/layers/rivers.geojson')]);
    this.cells = cells;
    this.source('cells').setData(cells);
    this.source('rivers').setData(rivers);
    this.source('names').setData(named(cells));
    this.wire();
    const cell = this.root.dataset.cell;
    if (cell) this.choose(cell, true);
    else this.map.fitBounds(bounds, { padding: this.screen ? 60 : 24, animate: false });
    await this.follow();
    this.live();
    this.root.dataset.loaded = 'yes';
  }

  private source(id: string) { return this.map.getSource(id) as GeoJSONSource; }

  /** The layers that are switched on: boxes on the page, or a list on the element (big screen). */
  private get wanted(): { key: string; colour: string; mark: string }[] {
    const boxes = [...this.root.querySelectorAll<HTMLInputElement>('input[data-layer]')];
    return boxes
      .filter((box) => box.type === 'hidden' || box.checked)
      .map((box) => ({ key: box.value, colour: box.dataset.colour ?? '#0b5f83', mark: box.dataset.mark ?? '' }));
  }

  private get query() {
    const query = new URLSearchParams();
    for (const [name, value] of this.form ? new FormData(this.form) : []) {
      if (typeof value === 'string' && value && ['show', 'period'].includes(name)) query.set(name, value);
    }
    return query;
  }

  /** Brings the map in line with the switches. */
  private async follow() {
    const wanted = this.wanted;
    for (const key of [...this.shown]) {
      if (!wanted.some((layer) => layer.key === key)) this.visible(key, false);
    }
    await Promise.all(wanted.map((layer) => this.load(layer.key, layer.colour, layer.mark)));
  }

  private async load(key: string, colour: string, mark: string) {
    const url = `/map/layers/${key}.geojson?${this.query}`;
    let data: Collection;
    try {
      data = await get(url);
    } catch (error) {
      this.note(key, String(error));
      return;
    }
    if (this.map.getSource(key)) this.source(key).setData(data);
    else this.add(key, colour, mark, data);
    this.visible(key, true);
    this.note(key, undefined, data);
  }

  private note(key: string, fault?: string, data?: Collection) {
    const count = this.root.querySelector<HTMLElement>(`[data-count="${key}"]`);
    if (!count) return;
    const total = data?.total ?? data?.features.length ?? 0;
    count.textContent = fault ? '!' : data?.truncated ? `${data.features.length}/${total}` : String(total);
    count.title = fault ?? '';
  }

  private add(key: string, colour: string, mark: string, data: Collection) {
    const { map } = this;
    const station = key === 'station';
    // A warning is a ring about the station that it is of.
    const ring = key === 'warning';
    map.addSource(key, { type: 'geojson', data, cluster: !station && !ring, clusterRadius: 42, clusterMaxZoom: 15 });
    const isPoint: ExpressionSpecification = ['==', ['geometry-type'], 'Point'];
    const single: ExpressionSpecification = ['all', isPoint, ['!', ['has', 'point_count']]];
    const own: ExpressionSpecification = ['coalesce', ['get', 'colour'], colour];
    const edge = this.screen ? '#0d1b2a' : '#ffffff';
    const layers: LayerSpecification[] = [
      { id: `${key}-area`, type: 'fill', source: key, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': own, 'fill-opacity': 0.16 } },
      { id: `${key}-edge`, type: 'line', source: key, filter: ['!', isPoint], paint: { 'line-color': own, 'line-width': 2 } },
      { id: `${key}-cluster`, type: 'circle', source: key, filter: ['has', 'point_count'], paint: { 'circle-color': colour, 'circle-opacity': 0.85, 'circle-stroke-color': edge, 'circle-stroke-width': 2, 'circle-radius': ['step', ['get', 'point_count'], 13, 20, 17, 100, 22, 1000, 28] } },
      { id: `${key}-number`, type: 'symbol', source: key, filter: ['has', 'point_count'], layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-font': FONT, 'text-size': 12, 'text-allow-overlap': true }, paint: { 'text-color': '#ffffff' } },
      { id: `${key}-point`, type: 'circle', source: key, filter: single, paint: ring
        ? { 'circle-color': own, 'circle-opacity': 0.25, 'circle-radius': this.screen ? 26 : 21, 'circle-stroke-color': own, 'circle-stroke-width': 3 }
        : { 'circle-color': own, 'circle-radius': station ? (this.screen ? 17 : 14) : 10, 'circle-stroke-color': edge, 'circle-stroke-width': 2 } },
      { id: `${key}-mark`, type: 'symbol', source: key, filter: single, layout: { 'text-field': ring ? '' : ['coalesce', ['get', 'short'], mark], 'text-font': FONT, 'text-size': station ? 12 : 11, 'text-allow-overlap': true }, paint: { 'text-color': ['coalesce', ['get', 'ink'], '#ffffff'] } },
      { id: `${key}-name`, type: 'symbol', source: key, minzoom: station ? 12 : 15.5, filter: single, layout: { 'text-field': ['get', 'title'], 'text-font': FONT, 'text-size': 11, 'text-offset': [0, 1.5], 'text-anchor': 'top', 'text-optional': true, 'text-max-width': 12 }, paint: { 'text-color': this.ground.text, 'text-halo-color': this.ground.halo, 'text-halo-width': 1.4 } },
    ];
    for (const layer of layers) map.addLayer(layer);
    this.shown.add(key);
    // Stations stay on top of everything that is switched on later.
    if (!station && this.shown.has('station')) layersOf('station').forEach((id) => map.moveLayer(id));
    for (const id of [`${key}-point`, `${key}-cluster`]) {
      map.on('mouseenter', id, () => (map.getCanvas().style.cursor = 'pointer'));
      map.on('mouseleave', id, () => (map.getCanvas().style.cursor = ''));
    }
  }

  private visible(key: string, on: boolean) {
    if (!this.map.getSource(key)) return;
    layersOf(key).forEach((id) => this.map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none'));
  }

  private wire() {
    const { map, form } = this;
    map.on('click', (event) => {
      const hit = map.queryRenderedFeatures([[event.point.x - 4, event.point.y - 4], [event.point.x + 4, event.point.y + 4]]);
      const cluster = hit.find((feature) => feature.properties.point_count);
      // What is smaller lies above: a station before the ring about it.
      const record = hit.find((feature) => feature.properties.register && feature.source !== 'warning') ?? hit.find((feature) => feature.properties.register);
      if (record) void this.open(`/map/panel/${record.properties.register}/${encodeURIComponent(record.properties.number)}`);
      else if (cluster) void this.spread(cluster);
      else this.choose(this.deepest(event.lngLat.lng, event.lngLat.lat), false);
    });
    form?.addEventListener('change', (event) => {
      this.address();
      if ((event.target as HTMLElement).matches('input[data-layer], select')) void this.follow();
    });
    form?.addEventListener('submit', (event) => event.preventDefault());
    this.root.addEventListener('click', (event) => {
      const link = (event.target as HTMLElement).closest<HTMLAnchorElement>('a[data-cell], a[data-fly], button[data-close]');
      if (!link) return;
      if (link.matches('button')) {
        this.panel?.setAttribute('hidden', '');
        this.choose('', false);
        return;
      }
      event.preventDefault();
      if (link.dataset.cell !== undefined) this.choose(link.dataset.cell, true);
      else this.fly(link);
    });
    const search = this.root.querySelector<HTMLInputElement>('input[data-map-search]');
    const results = this.root.querySelector<HTMLElement>('[data-map-results]');
    if (search && results) {
      const look = throttled(350, async () => {
        const words = search.value.trim();
        results.hidden = !words;
        if (!words) return;
        const response = await fetch(`/map/search?part=1&q=${encodeURIComponent(words)}`);
        if (response.ok && search.value.trim() === words) results.innerHTML = await response.text();
      });
      search.addEventListener('input', look);
    }
  }

  private fly(link: HTMLAnchorElement) {
    const [lon, lat] = (link.dataset.fly ?? '').split(',').map(Number) as [number, number];
    if (Number.isFinite(lon)) this.map.flyTo({ center: [lon, lat], zoom: Math.max(15, this.map.getZoom()), ...this.still });
    const { layer } = link.dataset;
    const box = layer ? this.root.querySelector<HTMLInputElement>(`input[data-layer][value="${layer}"]`) : null;
    if (box && !box.checked) {
      box.checked = true;
      this.address();
      void this.follow();
    }
    if (link.dataset.panel) void this.open(link.dataset.panel);
  }

  private get still() { return matchMedia('(prefers-reduced-motion: reduce)').matches ? { animate: false } : {}; }

  private async spread(cluster: MapGeoJSONFeature) {
    const zoom = await this.source(cluster.source).getClusterExpansionZoom(cluster.properties.cluster_id as number);
    const [lon, lat] = (cluster.geometry as GeoJSON.Point).coordinates as [number, number];
    this.map.easeTo({ center: [lon, lat], zoom: Math.min(zoom + 0.3, 17.5), ...this.still });
  }

  /** The smallest cell at a point whose lines are shown at this zoom. */
  private deepest(lon: number, lat: number): string {
    const zoom = this.map.getZoom();
    const levels = zoom >= 14 ? ['cell', 'community', 'street'] : zoom >= 12 ? ['community', 'street'] : ['street'];
    const found = this.map.queryRenderedFeatures(this.map.project([lon, lat]), { layers: ['land'] });
    if (!found.length) return '';
    for (const level of levels) {
      const cell = this.cells.features.find((cell) => cell.properties?.level === level && inside(positions(cell.geometry), [lon, lat]));
      if (cell) return String(cell.properties?.code);
    }
    return '';
  }

  /** Highlights a cell, shows who answers for it and what is open in it. */
  private choose(code: string, look: boolean) {
    this.root.dataset.cell = code;
    for (const id of ['chosen-cell', 'chosen-line']) this.map.setFilter(id, ['==', ['get', 'code'], code]);
    if (!this.screen) this.address();
    if (!code) return;
    if (look) {
      const cell = this.cells.features.find((cell) => cell.properties?.code === code);
      if (cell) this.map.fitBounds(boundsOf(cell), { padding: 40, maxZoom: 16.5, ...this.still });
    }
    if (!this.screen) void this.open(`/map/cells/${code}`);
  }

  /** Shows a fragment beside the map; the address alone shows the same as a page. */
  private async open(url: string) {
    if (!this.panel) return;
    const response = await fetch(`${url}?part=1`, { headers: { Accept: 'text/html' } });
    if (!response.ok || response.redirected) return;
    this.panel.innerHTML = await response.text();
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
  }

  /** The address says what is shown, so that it can be sent to somebody. */
  private address() {
    if (this.screen) return;
    const query = this.query;
    this.wanted.forEach((layer) => query.append('layer', layer.key));
    if (this.root.dataset.cell) query.set('cell', this.root.dataset.cell);
    history.replaceState(null, '', `/map?${query}`);
    this.root.querySelectorAll<HTMLAnchorElement>('a[data-with-query]').forEach((link) => {
      link.href = `${link.pathname}?${query}`;
    });
  }

  private live() {
    const events = this.root.dataset.events;
    if (!events) return;
    const stations = throttled(8000, () => {
      const layer = this.wanted.find((layer) => layer.key === 'station');
      if (layer && !document.hidden) void this.load(layer.key, layer.colour, layer.mark);
      if (this.screen) void renew();
    });
    const warnings = throttled(1500, () => {
      for (const layer of this.wanted.filter((layer) => ['warning', 'task'].includes(layer.key))) {
        void this.load(layer.key, layer.colour, layer.mark);
      }
      if (this.screen) void renew();
    });
    listen(events, { change: stations, warning: warnings }, lineState(this.root));
    if (this.screen) {
      setInterval(() => void renew(), 60_000);
      clock(this.root);
    }
  }
}

const layersOf = (key: string) => ['area', 'edge', 'cluster', 'number', 'point', 'mark', 'name'].map((part) => `${key}-${part}`);

/** Beijing time, second by second. */
function clock(root: HTMLElement) {
  const face = root.querySelector<HTMLTimeElement>('[data-clock]');
  if (!face) return;
  const format = new Intl.DateTimeFormat(document.documentElement.lang.startsWith('zh') ? 'zh-CN' : 'en-GB', {
    timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'short',
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  });
  // The server's clock counts: a screen on a wall has nobody who sets it.
  const ahead = Number(face.dataset.clock) * 1000 - Date.now();
  const tick = () => {
    face.textContent = format.format(Date.now() + (Number.isFinite(ahead) ? ahead : 0));
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}

async function get(url: string): Promise<Collection> {
  const response = await fetch(url, { headers: { Accept: 'application/geo+json' } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as Collection;
}

function positions(geometry: GeoJSON.Geometry): GeoJSON.Position[][] {
  if (geometry.type === 'Polygon') return geometry.coordinates;
  if (geometry.type === 'MultiPolygon') return geometry.coordinates.flat();
  return [];
}

function boundsOf(feature: GeoJSON.Feature): LngLatBounds {
  const bounds = new LngLatBounds();
  positions(feature.geometry).flat().forEach(([lon, lat]) => bounds.extend([lon!, lat!]));
  return bounds;
}

/** One point a cell for its name: the middle of its bounds, which lies well enough in cells cut from a plane. */
function named(cells: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features = cells.features
    .filter((cell) => cell.properties?.level !== 'district')
    .map((cell) => ({ type: 'Feature' as const, properties: cell.properties, geometry: { type: 'Point' as const, coordinates: boundsOf(cell).getCenter().toArray() } }));
  return { type: 'FeatureCollection', features };
}
