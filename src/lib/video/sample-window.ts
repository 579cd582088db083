/**
 * Samples near those that were asked for, kept in memory under a budget: a slice of a stored file
 * takes 2 ms, whatever its size up to 100 KB, and who opens one frame opens its neighbours next.
 * Knows bytes of samples only; what they say is checked by whoever decodes them.
 */
import type { Mp4 } from './mp4-index';

/** Bytes of one read: some 29 compact frames or 9 universal ones. */
const WINDOW_BYTES = 128 * 1024;

/** Bytes kept by one cache: a whole segment of either profile. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** Samples of one read, `from` up to but not including `to`. */
interface Window {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly samples: Promise<Uint8Array[]>;
}

/** Samples of any number of segments, by the ids of the caller. */
export class SampleWindows {
  /** By segment and frame; a window stands once for each of its frames. */
  readonly #byFrame = new Map<string, Map<number, Window>>();
  /** Least recently used first. */
  readonly #kept = new Set<Window>();
  #bytes = 0;

  /**
   * Samples in the order of `indices`, which must be frames of `mp4`. They stay views into what is
   * kept: to be read, not to be written or transferred.
   */
  async read(id: string, mp4: Mp4, indices: readonly number[]): Promise<Uint8Array[]> {
    const reading: Promise<Uint8Array[]>[] = [];
    let at = 0;
    while (at < indices.length) {
      const first = indices[at] ?? 0;
      let count = 1;
      let bytes = sizeOf(mp4, first);
      while (indices[at + count] === first + count) bytes += sizeOf(mp4, first + count++);
      if (bytes > WINDOW_BYTES) {
        // Read once and in a row, as for a check: nothing of it is worth keeping.
        reading.push(mp4.samples(first, first + count));
      } else {
        for (let index = first; index < first + count; index++) {
          reading.push(this.#sample(id, mp4, index));
        }
      }
      at += count;
    }
    return (await Promise.all(reading)).flat();
  }

  /** Forgets the samples of one segment, or of all. */
  forget(id?: string): void {
    for (const window of this.#kept) {
      if (id === undefined || window.id === id) this.#drop(window);
    }
  }

  async #sample(id: string, mp4: Mp4, index: number): Promise<Uint8Array[]> {
    let window = this.#byFrame.get(id)?.get(index);
    if (window) {
      this.#kept.delete(window);
      this.#kept.add(window);
    } else {
      window = this.#open(id, mp4, index);
    }
    const sample = (await window.samples)[index - window.from];
    return sample ? [sample] : [];
  }

  #open(id: string, mp4: Mp4, index: number): Window {
    let frames = this.#byFrame.get(id);
    if (!frames) this.#byFrame.set(id, (frames = new Map<number, Window>()));
    let from = index;
    let to = index + 1;
    let bytes = sizeOf(mp4, index);
    // On both sides in turn, as far as frames are not kept already.
    for (let grown = true; grown;) {
      grown = false;
      for (const next of [to, from - 1]) {
        const more = sizeOf(mp4, next);
        if (next < 0 || next >= mp4.frames || frames.has(next)) continue;
        if (bytes + more > WINDOW_BYTES) continue;
        bytes += more;
        grown = true;
        if (next === to) to++;
        else from--;
      }
    }
    const window: Window = { id, from, to, bytes, samples: mp4.samples(from, to) };
    for (let frame = from; frame < to; frame++) frames.set(frame, window);
    this.#kept.add(window);
    this.#bytes += bytes;
    window.samples.catch(() => {
      this.#drop(window); // what could not be read is read anew
    });
    for (const oldest of this.#kept) {
      if (this.#bytes <= KEPT_BYTES) break;
      this.#drop(oldest);
    }
    return window;
  }

  #drop(window: Window): void {
    if (!this.#kept.delete(window)) return;
    this.#bytes -= window.bytes;
    const frames = this.#byFrame.get(window.id);
    for (let frame = window.from; frame < window.to; frame++) frames?.delete(frame);
    if (frames?.size === 0) this.#byFrame.delete(window.id);
  }
}

const sizeOf = (mp4: Mp4, index: number): number => mp4.sizes[index] ?? 0;
