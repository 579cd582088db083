/**
 * Decodes AV1 key frames as still pictures: a sample is wrapped into a minimal AVIF file (AV1 Image
 * File Format 1.1, ISO/IEC 23008-12) and given to the browser's picture decoder. For browsers that
 * show AVIF but have no `VideoDecoder` for AV1.
 */
import { CorruptError } from '../errors';
import { box, byteLength, concatenate, fullBox, integers, utf8 } from './boxes';
import type { FrameDecoder, Luma } from './decode';
import { LumaExtractor } from './luma';
import type { Track } from './mp4';

/** Undefined for another codec than AV1, and where there is no way to read pictures. */
export function openAvifDecoder(track: Track): FrameDecoder | undefined {
  if (!track.codec.startsWith('av01')) return undefined;
  if (typeof createImageBitmap === 'undefined' || typeof OffscreenCanvas === 'undefined') {
    return undefined;
  }
  return new AvifDecoder(track);
}

class AvifDecoder implements FrameDecoder {
  readonly name = 'avif';
  readonly #track: Track;
  readonly #extractor = new LumaExtractor();

  constructor(track: Track) {
    this.#track = track;
  }

  async decode(
    samples: readonly Uint8Array[],
    onLuma: (index: number, luma: Luma) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const [index, sample] of samples.entries()) {
      signal?.throwIfAborted();
      const bitmap = await this.#bitmap(sample, index);
      const luma = this.#extractor.fromBitmap(bitmap);
      bitmap.close();
      await onLuma(index, luma);
    }
  }

  picture(sample: Uint8Array): Promise<ImageBitmap> {
    return this.#bitmap(sample, 0);
  }

  close(): void {
    // Nothing is kept between two pictures.
  }

  async #bitmap(sample: Uint8Array, index: number): Promise<ImageBitmap> {
    const file = new Blob([wrapAvif(this.#track, sample)], { type: 'image/avif' });
    // Each picture has its own decoder, so there is no other frame to show.
    try {
      return await createImageBitmap(file);
    } catch (cause) {
      throw new CorruptError('A frame does not decode', { subject: String(index), cause });
    }
  }
}

/** An AVIF file with one item: the sample's OBUs as they are. */
export function wrapAvif(track: Track, sample: Uint8Array): Uint8Array<ArrayBuffer> {
  const ftyp = box('ftyp', utf8('avif'), integers(4, 0), utf8('avifmif1miaf'));
  const meta = (offset: number): Uint8Array =>
    concatenate(
      fullBox(
        'meta',
        0,
        fullBox('hdlr', 0, integers(4, 0), utf8('pict'), new Uint8Array(13)),
        fullBox('pitm', 0, integers(2, 1)),
        // Offsets and lengths of 4 bytes, no base; one item, from the file, in one extent.
        fullBox(
          'iloc',
          0,
          integers(1, 0x44, 0),
          integers(2, 1, 1, 0, 1),
          integers(4, offset, sample.length),
        ),
        fullBox(
          'iinf',
          0,
          integers(2, 1),
          fullBox('infe', 2 << 24, integers(2, 1, 0), utf8('av01\0')),
        ),
        box(
          'iprp',
          box(
            'ipco',
            fullBox('ispe', 0, integers(4, track.width, track.height)),
            fullBox('pixi', 0, integers(1, 3, 8, 8, 8)),
            box('av1C', track.decoderConfig),
          ),
          // Properties 1 to 3; the codec's configuration is essential (0x80).
          fullBox('ipma', 0, integers(4, 1), integers(2, 1), integers(1, 3, 1, 2, 0x83)),
        ),
      ),
    );
  const before = byteLength(ftyp) + meta(0).length;
  return concatenate([...ftyp, meta(before + 8), ...box('mdat', sample)]);
}
