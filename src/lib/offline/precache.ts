/**
 * The files that make the app work without a network, kept under their revisions by Workbox. Each is
 * held against its SHA-256 when it comes, so that a page of a host that answers everything, or half a
 * file, is never taken for one.
 */
import { PrecacheController } from 'workbox-precaching';
import { withHeaders } from './app-headers';
import type { BuildList } from './build-list';

/** Pages and scripts: a worker takes its policy from its own script's response. */
const WITH_HEADERS = /\.(html|m?js)$/u;

export class Precache {
  readonly #controller: PrecacheController;

  constructor({ precached, headers }: Pick<BuildList, 'precached' | 'headers'>) {
    this.#controller = new PrecacheController({
      plugins: [
        {
          cacheWillUpdate: ({ request, response }) => {
            if (response.status !== 200) return Promise.resolve(null);
            const { pathname } = new URL(request.url);
            // Kept with its headers and not given them each time: the browser keeps compiled code
            // beside a response that it gets unchanged.
            const wants = WITH_HEADERS.test(pathname);
            return Promise.resolve(wants ? withHeaders(response, headers) : response);
          },
        },
      ],
    });
    this.#controller.addToCacheList([...precached]);
  }

  /** Fetches what is not there yet; one that fails fails the installation, and keeps what has come. */
  async install(event: ExtendableEvent): Promise<void> {
    await this.#controller.install(event);
  }

  /** Lets go what older builds kept. */
  async activate(event: ExtendableEvent): Promise<void> {
    await this.#controller.activate(event);
  }

  /** @param url absolute, without query and hash */
  match(url: string): Promise<Response | undefined> {
    return this.#controller.matchPrecache(url);
  }

  /** Whether every file is kept; fetches what the browser has let go. */
  async complete(event: ExtendableEvent): Promise<boolean> {
    const { strategy } = this.#controller;
    const cache = await caches.open(strategy.cacheName);
    const kept = new Set((await cache.keys()).map(({ url }) => url));
    for (const [url, cacheKey] of this.#controller.getURLsToCacheKeys()) {
      if (kept.has(cacheKey)) continue;
      const integrity = this.#controller.getIntegrityForCacheKey(cacheKey);
      const request = new Request(url, { ...(integrity ? { integrity } : {}), cache: 'reload' });
      try {
        await Promise.all(strategy.handleAll({ event, request, params: { cacheKey, integrity } }));
      } catch {
        return false; // no network: it is asked again when a page opens
      }
      if (!(await cache.match(cacheKey))) return false;
    }
    return true;
  }
}
