/** Opens the library, hands it to the console as `window.memreel`, and mounts the app. */
import { mount, unmount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { openLibrary, type Library, type OpenOptions } from './lib';
import Unopened from './lib/ui/Unopened.svelte';

declare global {
  interface Window {
    /** The open library: see `lib/api.ts`. */
    memreel?: Library;
  }
}

async function start(target: HTMLElement, options?: OpenOptions): Promise<void> {
  try {
    const library = await openLibrary(options);
    window.memreel = library;
    target.replaceChildren();
    mount(App, { target, props: { library } });
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
