/**
 * The page's side of the service worker: whether the app opens without a network, and a newer
 * version that waits for the person's word. It caches nothing itself, and never reloads a page that
 * is at work.
 */
import type { Ask, Completeness } from '../offline/messages';

/** Held, shared, by every tab that is at work; whoever has it alone may replace the worker. */
const WORK_LOCK = 'memreel:work';

/** What of the platform is used. */
export interface OfflinePorts {
  /** Undefined where the browser keeps no service workers for this page. */
  readonly workers: ServiceWorkerContainer | undefined;
  /** Undefined where tabs cannot wait for each other: then nothing is kept. */
  readonly locks: LockManager | undefined;
  reload(): void;
}

export class Offline {
  /** Everything that is needed is kept, and the worker that keeps it answers this page. */
  ready = $state(false);
  /** A newer version that is installed, and waits. */
  newer: ServiceWorker | null = $state.raw(null);
  /** The person has agreed; it happens when no tab is at work. */
  agreed = $state(false);
  /** Another worker answers this page now than the one that it came from. */
  replaced = $state(false);
  readonly #ports: OfflinePorts;

  constructor(ports: OfflinePorts) {
    this.#ports = ports;
  }

  /** Registers the worker. A browser that refuses leaves the app as it is: served by the network. */
  async start(script: string): Promise<void> {
    const { workers, locks } = this.#ports;
    if (!workers || !locks) return;
    let controller = workers.controller;
    workers.addEventListener('controllerchange', () => {
      // The first one takes a page that came from the same build.
      if (controller) this.replaced = true;
      controller = workers.controller;
      void this.#confirm(workers);
    });
    try {
      const registration = await workers.register(script, { updateViaCache: 'none' });
      this.#follow(registration, workers);
    } catch {
      return; // without a network, in a private window, or where the host lacks the file
    }
    await this.#confirm(workers);
  }

  /** Lets the newer version take over once no tab is at work; all tabs reload then. */
  async update(): Promise<void> {
    const { newer } = this;
    const { locks } = this.#ports;
    if (!newer || !locks || this.agreed) return;
    this.agreed = true;
    await locks.request(WORK_LOCK, async () => {
      const over = new Promise<void>((resolve) => {
        newer.addEventListener('statechange', () => {
          if (newer.state === 'activated' || newer.state === 'redundant') resolve();
        });
      });
      newer.postMessage({ kind: 'take-over' } satisfies Ask);
      await over;
    });
    this.agreed = false;
  }

  /** Says that this page is at work, until the returned function is called. */
  holdWork(): () => void {
    let done = (): void => undefined;
    const over = new Promise<void>((resolve) => (done = resolve));
    void this.#ports.locks?.request(WORK_LOCK, { mode: 'shared' }, () => over);
    return done;
  }

  /** Reloads a page whose worker was replaced; to be called when it is not at work. */
  settle(): void {
    if (this.replaced) this.#ports.reload();
  }

  #follow(registration: ServiceWorkerRegistration, workers: ServiceWorkerContainer): void {
    const look = (): void => {
      this.newer = workers.controller ? registration.waiting : null;
    };
    look();
    const install = (worker: ServiceWorker | null): void => {
      worker?.addEventListener('statechange', look);
    };
    install(registration.installing);
    registration.addEventListener('updatefound', () => {
      install(registration.installing);
    });
  }

  async #confirm({ controller }: ServiceWorkerContainer): Promise<void> {
    if (!controller) return;
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<Completeness>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<Completeness>) => {
        resolve(data);
      };
    });
    controller.postMessage({ kind: 'complete?' } satisfies Ask, [port2]);
    this.ready = (await answer).complete;
    port1.close();
  }
}
