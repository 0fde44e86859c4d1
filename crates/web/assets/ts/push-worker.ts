// Shows a pushed warning, and opens its page when it is touched.
interface Pushed {
  title: string;
  body: string;
  link: string;
  tag: string;
}

interface PushWorker {
  registration: ServiceWorkerRegistration;
  clients: { matchAll(options: object): Promise<{ url: string; focus(): Promise<unknown> }[]>; openWindow(url: string): Promise<unknown> };
  addEventListener(name: string, take: (event: never) => void): void;
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

const worker = self as unknown as PushWorker;

worker.addEventListener('push', (event: Lasting & { data?: { json(): Pushed } }) => {
  if (!event.data) return;
  const { title, body, link, tag } = event.data.json();
  event.waitUntil(worker.registration.showNotification(title, { body, tag, data: link, lang: 'zh-CN', requireInteraction: true }));
});

worker.addEventListener('notificationclick', (event: Lasting & { notification: Notification }) => {
  event.notification.close();
  const page = new URL(event.notification.data as string, self.location.href);
  const link = page.pathname;
  const open = async () => {
    const pages = await worker.clients.matchAll({ type: 'window' });
    const shown = pages.find(({ url }) => new URL(url).pathname === link);
    await (shown ? shown.focus() : worker.clients.openWindow(link));
  };
  event.waitUntil(open());
});
