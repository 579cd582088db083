/** Pictures of frames, kept while they are likely to be seen again. */
import type { Shards } from './shards.svelte';

/** Pixels of all kept stills: 16 million are 64 MB at 4 bytes each. */
const MOST_PIXELS = 16_000_000;

/** Decodes one frame at a time and keeps the ones used last. */
export class Stills {
  // A Map keeps its order of insertion, which is the order of use here.
  readonly #kept = new Map<string, Promise<ImageBitmap>>();
  readonly #sizes = new Map<string, number>();
  #pixels = 0;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #shards: Shards;

  constructor(shards: Shards) {
    this.#shards = shards;
  }

  /** The picture of a frame. The bitmap stays this class's: draw it, do not close it. */
  still(shard: string, segment: string, index: number): Promise<ImageBitmap> {
    const key = `${shard}/${segment}/${String(index)}`;
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const turn = this.#queue;
    const loading = (async () => {
      await turn;
      const opened = await this.#shards.open(shard);
      const bitmap = await opened.frame(segment, index);
      this.#keep(key, bitmap);
      return bitmap;
    })();
    this.#kept.set(key, loading);
    // The next one waits for this one however it ends; a failure is not kept.
    this.#queue = loading.catch(() => this.#kept.delete(key));
    return loading;
  }

  #keep(key: string, bitmap: ImageBitmap): void {
    const pixels = bitmap.width * bitmap.height;
    this.#sizes.set(key, pixels);
    this.#pixels += pixels;
    for (const [oldest] of this.#kept) {
      if (this.#pixels <= MOST_PIXELS || oldest === key) break;
      // Not closed: someone may be about to draw it. Dropping the reference frees it.
      this.#kept.delete(oldest);
      this.#pixels -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
    }
  }
}
