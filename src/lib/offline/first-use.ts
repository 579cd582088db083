/**
 * Large files that few need: kept from their first use on, and let go when a build has others. Not
 * part of what has to be there before the app says that it is ready offline.
 */
import type { BuildFile } from './build-list';

const CACHE = 'memreel-first-use';

export class FirstUse {
  /** Absolute URL to the key that the file is kept under: the URL and its revision. */
  readonly #keys: ReadonlyMap<string, string>;
  readonly #base: string;

  /** @param base absolute URL of the app's folder */
  constructor(files: readonly BuildFile[], base: string) {
    this.#base = base;
    this.#keys = new Map(
      files.map(({ url, revision }) => {
        const { href } = new URL(url, base);
        return [href, `${href}?revision=${revision}`];
      }),
    );
  }

  /** The kept file, or else what `load` gives, which is kept where it is whole. */
  async answer(url: string, load: () => Promise<Response>): Promise<Response> {
    const key = this.#keys.get(url);
    if (key === undefined) return load();
    const cache = await caches.open(CACHE);
    const kept = await cache.match(key);
    if (kept) return kept;
    const response = await load();
    if (response.status === 200) await cache.put(key, response.clone());
    return response;
  }

  /** Lets go what this build does not have, of this app alone: another folder may be another app. */
  async forgetOthers(): Promise<void> {
    const cache = await caches.open(CACHE);
    const own = new Set(this.#keys.values());
    for (const { url } of await cache.keys()) {
      if (url.startsWith(this.#base) && !own.has(url)) await cache.delete(url);
    }
  }
}
