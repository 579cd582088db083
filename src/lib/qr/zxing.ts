/**
 * The zxing reader, its wasm served from our own origin: the package's own default is a CDN.
 * Loaded only by picture.ts, and only when a picture has to be read.
 */
import { prepareZXingModule, purgeZXingModule, readBarcodes } from 'zxing-wasm/reader';
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';

/** An RGBA picture as both standard readers take it. */
export interface Picture extends ImageData {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** One object, so that the package sees the same overrides again and keeps its instance. */
const OVERRIDES = { locateFile: () => wasmUrl };

/**
 * Reads one dark-on-light QR symbol (model 2, ISO/IEC 18004); undefined where there is none.
 * @throws whatever the package throws when its wasm does not load, or traps
 */
export async function readZxing(picture: Picture): Promise<Uint8Array | undefined> {
  prepareZXingModule({ overrides: OVERRIDES });
  try {
    const [found] = await readBarcodes(picture, {
      formats: ['QRCodeModel2'],
      tryHarder: true,
      tryInvert: false,
      maxNumberOfSymbols: 1,
    });
    return found?.bytes;
  } catch (error) {
    // The package would keep a failed or trapped instance for good; the next call gets a new one.
    purgeZXingModule();
    throw error;
  }
}
