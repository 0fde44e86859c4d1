// The switch on the wall of warnings: this browser is told of warnings even when no page is open.

const csrf = () => document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? '';

const bytes = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

async function tell(path: string, fields: Record<string, string>): Promise<boolean> {
  const answer = await fetch(path, { method: 'POST', headers: { 'X-CSRF-Token': csrf() }, body: new URLSearchParams(fields) });
  return answer.ok;
}

async function subscribe(registration: ServiceWorkerRegistration): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false;
  const answer = await fetch('/notices/key');
  if (!answer.ok) return false;
  const { key } = (await answer.json()) as { key: string };
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const keys = subscription.toJSON().keys ?? {};
  const told = await tell('/notices/subscription', { endpoint: subscription.endpoint, p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' });
  if (!told) await subscription.unsubscribe();
  return told;
}

async function unsubscribe(registration: ServiceWorkerRegistration): Promise<void> {
  const subscription = await registration.pushManager.getSubscription();
  if (!subscription) return;
  await tell('/notices/subscription/end', { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

export async function enliven(elements: HTMLElement[]): Promise<void> {
  // Browsers push over HTTPS only (and on the machine itself).
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return;
  const registration = await navigator.serviceWorker.register('/push-worker.js');
  for (const element of elements) {
    const button = element.querySelector('button');
    const told = element.querySelector('[role="status"]');
    if (!button || !told) continue;
    const show = async () => {
      const on = !!(await registration.pushManager.getSubscription());
      button.textContent = (on ? element.dataset.off : element.dataset.on) ?? '';
      button.setAttribute('aria-pressed', String(on));
      return on;
    };
    await show();
    element.hidden = false;
    button.addEventListener('click', async () => {
      button.disabled = true;
      told.textContent = '';
      try {
        if (await show()) await unsubscribe(registration);
        else if (!(await subscribe(registration))) told.textContent = element.dataset.refused ?? '';
      } catch {
        told.textContent = element.dataset.refused ?? '';
      }
      await show();
      button.disabled = false;
    });
  }
}
