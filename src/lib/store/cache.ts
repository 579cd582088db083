/** Verified small objects, the least recently read ones dropped first. */
import type { Digest } from './digest';

const CAPACITY_BYTES = 8 << 20;
/** One object may not push out all others. */
const LARGEST_BYTES = CAPACITY_BYTES / 16;

export class VerifiedCache {
  readonly #objects = new Map<Digest, Uint8Array>();
  #bytes = 0;

  get(digest: Digest): Uint8Array | undefined {
    const bytes = this.#objects.get(digest);
    if (bytes) {
      this.#objects.delete(digest); // a Map keeps the order of insertion
      this.#objects.set(digest, bytes);
    }
    return bytes;
  }

  /** Takes an object that is not in it. */
  add(digest: Digest, bytes: Uint8Array): void {
    if (bytes.byteLength > LARGEST_BYTES || this.#objects.has(digest)) return;
    this.#objects.set(digest, bytes);
    this.#bytes += bytes.byteLength;
    for (const [oldest, dropped] of this.#objects) {
      if (this.#bytes <= CAPACITY_BYTES) break;
      this.#objects.delete(oldest);
      this.#bytes -= dropped.byteLength;
    }
  }

  /** Forgets all objects but these. */
  keepOnly(digests: ReadonlySet<Digest>): void {
    for (const [digest, bytes] of this.#objects) {
      if (digests.has(digest)) continue;
      this.#objects.delete(digest);
      this.#bytes -= bytes.byteLength;
    }
  }
}
