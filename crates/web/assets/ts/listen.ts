// Server-sent events with a watch on the line, and regions of a page that follow them.

export interface Line {
  /** Closes it for good. */
  close(): void;
}

/** How long the server may be silent: it beats every 15 seconds. */
const SILENCE_MS = 40_000;

/**
 * Listens to a stream of events. The browser reconnects by itself when a connection breaks; one that merely goes quiet (a proxy that
 * forgot it, a laptop that slept) is noticed by the missing heartbeat and opened again.
 */
export function listen(url: string, on: Record<string, (data: unknown) => void>, told: (alive: boolean) => void): Line {
  let source: EventSource | undefined;
  let last = Date.now();
  let closed = false;
  const heard = () => {
    last = Date.now();
    told(true);
  };
  const open = () => {
    source?.close();
    last = Date.now();
    source = new EventSource(url);
    source.addEventListener('open', heard);
    source.addEventListener('heartbeat', heard);
    source.addEventListener('error', () => told(false));
    for (const [name, take] of Object.entries(on)) {
      source.addEventListener(name, (event) => {
        heard();
        take(JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };
  const watch = setInterval(() => {
    if (!closed && !document.hidden && Date.now() - last > SILENCE_MS) {
      told(false);
      open();
    }
  }, 5000);
  open();
  const close = () => {
    closed = true;
    clearInterval(watch);
    source?.close();
  };
  window.addEventListener('pagehide', close, { once: true });
  return { close };
}

/** Calls `act` at most once in `ms`, the last time at the end. */
export function throttled(ms: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      act();
    }, Math.max(0, last + ms - Date.now()));
  };
}

/** Fetches the page again and puts in every region marked `data-live` (each has an id) as the server shows it now. */
export async function renew(url = location.href): Promise<void> {
  if (document.hidden) return;
  const response = await fetch(url, { headers: { Accept: 'text/html' } });
  if (!response.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const region of document.querySelectorAll<HTMLElement>('[data-live][id]')) {
    const next = fresh.getElementById(region.id);
    // Nothing is pulled away from under a person who is just using it.
    const inUse = region.contains(document.activeElement) || region.querySelector('details.packet[open]');
    if (!next || inUse || next.innerHTML === region.innerHTML) continue;
    region.innerHTML = next.innerHTML;
  }
}

/** Says on the page whether the line is up. */
export function lineState(root: ParentNode): (alive: boolean) => void {
  const lamp = root.querySelector<HTMLElement>('[data-line]');
  return (alive) => {
    if (!lamp) return;
    lamp.dataset.line = alive ? 'up' : 'down';
    lamp.textContent = (alive ? lamp.dataset.up : lamp.dataset.down) ?? '';
  };
}
