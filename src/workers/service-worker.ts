/**
 * The service worker: answers from what it keeps, gives every response the app's headers, and takes
 * what other apps share. It never takes over by itself: a page asks it to, after its person agreed.
 */
import { withHeaders } from '../lib/offline/app-headers';
import type { BuildList } from '../lib/offline/build-list';
import { FirstUse } from '../lib/offline/first-use';
import type { Ask, Completeness } from '../lib/offline/messages';
import { Precache } from '../lib/offline/precache';
import { filesOf, keepShared } from '../lib/offline/sharing';

declare const self: ServiceWorkerGlobalScope;
/** Put here by scripts/vite-service-worker.ts. */
declare const BUILD_LIST: BuildList;

// Once: the build writes the whole list wherever the name stands.
const list = BUILD_LIST;
const base = self.registration.scope;
const precache = new Precache(list);
const firstUse = new FirstUse(list.onFirstUse, base);

self.addEventListener('install', (event) => {
  event.waitUntil(precache.install(event));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    Promise.all([precache.activate(event), firstUse.forgetOthers(), self.clients.claim()]),
  );
});

self.addEventListener('message', (event) => {
  const ask = event.data as Ask;
  switch (ask.kind) {
    case 'take-over':
      event.waitUntil(self.skipWaiting());
      return;
    case 'complete?':
      event.waitUntil(
        precache.complete(event).then((complete) => {
          event.ports[0]?.postMessage({ complete } satisfies Completeness);
        }),
      );
      return;
  }
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The hub of larger models is asked by the page itself.
  if (url.origin !== self.location.origin) return;
  if (request.method === 'POST' && url.href === new URL('share', base).href) {
    event.respondWith(takeShared(request));
  } else if (request.method === 'GET') event.respondWith(answer(request, url));
});

async function answer(request: Request, url: URL): Promise<Response> {
  url.hash = '';
  if (request.mode === 'navigate') url.search = '';
  const file = url.href === base ? new URL('index.html', base).href : url.href;
  const load = async (): Promise<Response> => withHeaders(await fetch(request), list.headers);
  return (await precache.match(file)) ?? firstUse.answer(file, load);
}

async function takeShared(request: Request): Promise<Response> {
  await keepShared(filesOf(await request.formData()), base);
  // The page that opens takes them; a reload of it sends nothing again.
  return Response.redirect(new URL('./#/add', base).href, 303);
}
