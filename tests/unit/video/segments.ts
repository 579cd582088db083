/** Small MP4s with made-up samples: the container does not look into them. */
import fc from 'fast-check';
import type { EncodedFrames } from '../../../src/lib/video/encoder';

/** What Chromium's encoder says of itself. */
export const AV1_SEQUENCE_HEADER = Uint8Array.from(
  Buffer.from('0a0d00000003bdfdf8034404040410', 'hex'),
);
export const AV1_CONFIGURATION = Uint8Array.from([0x81, 0, 0x0c, 0, ...AV1_SEQUENCE_HEADER]);
export const AVC_CONFIGURATION = Uint8Array.from(
  Buffer.from('014d401fffe1000467644d40010004 68ee0197'.replaceAll(' ', ''), 'hex'),
);

export function compactFrames(samples: Uint8Array[]): EncodedFrames {
  return {
    profile: 'compact',
    codec: 'av01.0.00M.08',
    decoderConfig: AV1_CONFIGURATION,
    samples,
  };
}

export const samplesArbitrary = fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), {
  minLength: 1,
  maxLength: 300,
});

export const metadataArbitrary = fc.dictionary(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'grapheme' }),
  { noNullPrototype: true },
);

/** A file whose bytes after `head` are zeros, however long: nothing is allocated for them. */
export class SparseBlob extends Blob {
  readonly #head: Uint8Array<ArrayBuffer>;
  readonly #size: number;

  constructor(head: Uint8Array<ArrayBuffer>, size: number) {
    super();
    this.#head = head;
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(start = 0, end = this.#size): Blob {
    const bytes = new Uint8Array(Math.min(end, this.#size) - start);
    bytes.set(this.#head.subarray(start, end));
    return new Blob([bytes]);
  }
}
