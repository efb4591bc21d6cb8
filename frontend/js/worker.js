// Service worker of the inspector's phone. Keeps the shell and what it is drawn with, nothing personal: pages with people
// and the day's package never enter its cache. `self.portal` (addresses) is put before this text by the server.
const { shell, parts } = self.portal;
const NAME = `visits:${parts.join('|')}`;

async function keep(cache, address) {
  const answer = await fetch(new Request(address, { cache: 'no-cache', credentials: 'same-origin' }));
  if (!answer.ok || answer.redirected) throw new Error(`${address} can not be kept`);
  await cache.put(address, answer);
}

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => Promise.all(parts.map((one) => keep(cache, one)))).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const stale = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith('visits:') && name !== NAME).map((name) => caches.delete(name))));
  event.waitUntil(stale.then(() => self.clients.claim()));
});

// The shell comes from the phone and is renewed behind its back; other pages of the folder fall back to it without signal.
function open(event, path) {
  if (path !== shell) return fetch(event.request).catch(() => caches.match(shell));
  event.waitUntil(caches.open(NAME).then((cache) => keep(cache, shell)).catch(() => {}));
  return caches.match(shell).then((kept) => kept || fetch(event.request));
}

self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== 'GET') return;
  if (event.request.mode === 'navigate') event.respondWith(open(event, pathname));
  else if (parts.includes(pathname)) event.respondWith(caches.match(pathname).then((kept) => kept || fetch(event.request)));
});
