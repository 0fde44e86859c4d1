// Pages that follow events as a whole: list of stations, wall of warnings, devices, big screen's numbers.
import { lineState, listen, renew, throttled } from './listen';

export function enliven(elements: HTMLElement[]): void {
  for (const element of elements) {
    const url = element.dataset.events;
    if (!url) continue;
    const again = throttled(Number(element.dataset.every ?? 5) * 1000, () => void renew());
    const names = (element.dataset.follow ?? 'change warning').split(' ');
    listen(url, Object.fromEntries(names.map((name) => [name, again])), lineState(element));
    document.addEventListener('visibilitychange', () => document.hidden || again());
  }
}
