// On every page: htmx, the guard against double submission, and the islands that a page has.
import htmx from 'htmx.org';
import { watchEdges } from './edges';

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
(window as unknown as { htmx: typeof htmx }).htmx = htmx;

/** The page's token against forged requests, for requests without a form. */
const csrf = () =>
  document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ??
  document.querySelector<HTMLInputElement>('input[name="csrf"]')?.value ??
  '';

document.addEventListener('htmx:configRequest', (event) => {
  const { headers, verb } = (event as CustomEvent<{ headers: Record<string, string>; verb: string }>).detail;
  if (verb !== 'get') headers['X-CSRF-Token'] = csrf();
});

// A second click while the first is under way does nothing. The server refuses repeats anyway; this saves the wait.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== 'post' || event.defaultPrevented) return;
  const buttons = form.querySelectorAll<HTMLButtonElement>('button[type="submit"], button:not([type])');
  // After the browser has read the form: a disabled button would not send its own value.
  setTimeout(() => {
    form.setAttribute('aria-busy', 'true');
    buttons.forEach((button) => (button.disabled = true));
  });
  // A download leaves the page standing.
  setTimeout(() => release(form, buttons), 8000);
});

window.addEventListener('pageshow', () => {
  document.querySelectorAll<HTMLFormElement>('form[aria-busy]').forEach((form) => release(form, form.querySelectorAll('button')));
});

function release(form: HTMLFormElement, buttons: NodeListOf<HTMLButtonElement>) {
  form.removeAttribute('aria-busy');
  buttons.forEach((button) => (button.disabled = false));
}

/** Islands: what they are marked with, and the file that brings them to life. */
const islands: [string, string, string?][] = [
  ['[data-map-point], [data-map-pick], [data-map-shape]', 'place'],
  ['[data-island="map"]', 'map', 'map'],
  ['[data-island="station"]', 'station', 'station'],
  ['[data-island="live"]', 'live'],
  ['[data-island="history"]', 'history', 'station'],
  ['[data-island="push"]', 'push'],
];

async function enliven(root: ParentNode) {
  for (const [selector, file, sheet] of islands) {
    const found = [...root.querySelectorAll<HTMLElement>(selector)];
    if (!found.length) continue;
    if (sheet) addSheet(`${sheet}.css`);
    const island: { enliven(elements: HTMLElement[]): unknown } = await import(new URL(`./${file}.js`, import.meta.url).href);
    await island.enliven(found);
  }
}

function addSheet(name: string) {
  const href = new URL(`./${name}`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  // Before the product's own sheets, which have the last word.
  document.head.prepend(link);
}

void enliven(document);
watchEdges(document);
document.addEventListener('htmx:afterSettle', (event) => {
  void enliven(event.target as HTMLElement);
  watchEdges(event.target as HTMLElement);
});

// “/” leads to the search, unless something is being typed.
document.addEventListener('keydown', (event) => {
  const at = event.target as HTMLElement;
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || at.isContentEditable || at.matches('input, select, textarea')) return;
  const box = document.querySelector<HTMLInputElement>('input[data-search]');
  if (!box?.getClientRects().length) return;
  event.preventDefault();
  box.select();
});

// A button that copies a text is shown only where there is a script to do it.
if (navigator.clipboard) document.querySelectorAll<HTMLButtonElement>('button[data-copy]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? '');
    button.textContent = button.dataset.copied ?? '';
  });
});
