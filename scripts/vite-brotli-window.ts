/**
 * Gives brotli-wasm's encoder a window of 64 KB instead of its 4 MB. A frame's content is 9 KB, and
 * quality 10 clears eight bytes for each byte of the window at every call: 32 MB, 8.5 of its 24 ms,
 * and more where four encoders share the memory. The package has no option for the window, so the
 * one constant that sets it is changed in the built wasm. What comes out is as long, and is brotli
 * like any other (docs/decisions/0004-brotli-per-frame.md).
 *
 * Build only: in development the engine is slower and the same.
 */
import type { Plugin } from 'vite';

/**
 * `i64.const 22; i64.store offset=60 align=4` (0x42 22 0x37 0x02 0x3c): window bits 22 and block
 * bits 0 of the default parameters (`BrotliEncoderInitParams`) of brotli-wasm 3.0.1.
 */
const DEFAULT_BITS = 22;
const WINDOW_BITS = 16;

/**
 * What is changed already comes back as it is: a worker's files pass through every build around it.
 * @throws Error where there is not exactly one such place: another version of the package
 */
export function withSmallWindow(wasm: Uint8Array): Uint8Array {
  if (placesOf(wasm, WINDOW_BITS).length === 1) return wasm;
  const places = placesOf(wasm, DEFAULT_BITS);
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(
      `brotli-wasm sets its window in ${String(places.length)} places: look at it again.`,
    );
  }
  const changed = wasm.slice();
  changed[place + 1] = WINDOW_BITS;
  return changed;
}

function placesOf(wasm: Uint8Array, bits: number): number[] {
  const sequence = [0x42, bits, 0x37, 0x02, 0x3c];
  const places: number[] = [];
  for (let at = wasm.indexOf(0x42); at >= 0; at = wasm.indexOf(0x42, at + 1)) {
    if (sequence.every((byte, i) => wasm[at + i] === byte)) places.push(at);
  }
  return places;
}

export default function brotliWindow(): Plugin {
  return {
    name: 'memreel-brotli-window',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !/brotli_wasm_bg[^/]*\.wasm$/.test(file.fileName)) continue;
        if (typeof file.source === 'string') throw new Error(`${file.fileName} is no wasm.`);
        file.source = withSmallWindow(file.source);
      }
    },
  };
}
