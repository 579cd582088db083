/** Opens the library, hands it to the console as `window.memreel`, and mounts the app. */
import { mount, unmount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { openLibrary, type Library, type OpenOptions } from './lib';
import { Offline } from './lib/ui/offline.svelte';
import Unopened from './lib/ui/Unopened.svelte';
import { Work } from './lib/ui/work.svelte';

declare global {
  interface Window {
    /** The open library: see `lib/api.ts`. */
    memreel?: Library;
  }
}

/** The service worker's name beside index.html; development has none. */
const SERVICE_WORKER = 'service-worker.js';

const work = new Work();
const offline = new Offline({
  workers: 'serviceWorker' in navigator ? navigator.serviceWorker : undefined,
  locks: 'locks' in navigator ? navigator.locks : undefined,
  reload: () => {
    location.reload();
  },
});

/** Fetches what offline needs once the first screen stands and the browser has nothing to do. */
function prepareOffline(): void {
  if (!import.meta.env.PROD) return;
  const begin = (): void => void offline.start(new URL(SERVICE_WORKER, document.baseURI).href);
  // Safari has no idle callbacks.
  if ('requestIdleCallback' in window) requestIdleCallback(begin);
  else setTimeout(begin);
}

async function start(target: HTMLElement, options?: OpenOptions): Promise<void> {
  try {
    const library = work.watch(await openLibrary(options));
    window.memreel = library;
    target.replaceChildren();
    mount(App, { target, props: { library, work, offline } });
    prepareOffline();
  } catch (error) {
    target.replaceChildren();
    const screen = mount(Unopened, {
      target,
      props: {
        error,
        again: () => void unmount(screen).then(() => start(target, options)),
        inMemory: () => void unmount(screen).then(() => start(target, { storage: 'memory' })),
      },
    });
  }
}

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
void start(target);
