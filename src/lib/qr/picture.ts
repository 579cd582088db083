/**
 * Reads symbols out of grey pictures with two standard readers, when the grid cannot be sampled:
 * scaled, shifted or foreign frames. Slow (10 ms and more); SymbolReader is the fast way.
 * Both readers, and the wasm of the first, are loaded at the first call.
 */
import { InvalidError } from '../errors';
import type { Picture } from './zxing';

/** What `readPicture` found, and which reader found it. */
export interface PictureReading {
  payload: Uint8Array;
  reader: 'zxing' | 'jsqr';
}

/**
 * Finds one dark-on-light QR symbol in `luma` (`width * height` bytes, row-major, 0 black) and
 * reads its bytes: zxing first, then jsQR. Undefined when both run and neither finds one.
 * When zxing cannot run (its wasm does not load, or traps), jsQR alone decides what is found; but
 * without a finding zxing's error is thrown, as nobody can say then that there is no symbol.
 * Keeps nothing of `luma`.
 * @throws InvalidError when `luma` is not `width * height` bytes, or there are none
 */
export async function readPicture(
  luma: Uint8Array,
  width: number,
  height: number,
): Promise<PictureReading | undefined> {
  if (!Number.isInteger(width) || width < 1 || luma.length !== width * height || height < 1) {
    throw new InvalidError(`${luma.length} bytes are no picture of ${width} x ${height}`, {
      subject: 'luma',
    });
  }
  const picture = toRgba(luma, width, height);
  let failure: { cause: unknown } | undefined;
  try {
    const payload = await readWithZxing(picture);
    if (payload) return { payload, reader: 'zxing' };
  } catch (cause) {
    failure = { cause };
  }
  const payload = await readWithJsqr(picture);
  if (payload) return { payload, reader: 'jsqr' };
  if (failure) throw failure.cause;
  return undefined;
}

async function readWithZxing(picture: Picture): Promise<Uint8Array | undefined> {
  const { readZxing } = await import('./zxing');
  return readZxing(picture);
}

async function readWithJsqr(picture: Picture): Promise<Uint8Array | undefined> {
  const { default: jsQR } = await import('jsqr');
  const { data, width, height } = picture;
  const code = jsQR(data, width, height, { inversionAttempts: 'dontInvert' });
  // jsQR also takes a terminator for a symbol, which it finds in noise now and then.
  if (!code || code.chunks.length === 0) return undefined;
  // `code.data` is text, and empty for bytes that are not UTF-8.
  return Uint8Array.from(code.binaryData);
}

/** Both readers take RGBA only. An object of the same shape, as Node has no `ImageData`. */
function toRgba(luma: Uint8Array, width: number, height: number): Picture {
  const data = new Uint8ClampedArray(4 * luma.length);
  for (let i = 0, p = 0; i < luma.length; i++, p += 4) {
    const grey = luma[i]!; // `i` is below its length
    data[p] = grey;
    data[p + 1] = grey;
    data[p + 2] = grey;
    data[p + 3] = 255;
  }
  return { data, width, height, colorSpace: 'srgb' };
}
