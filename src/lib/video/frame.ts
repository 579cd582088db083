/**
 * Frames as pictures with one pixel a module, and back: draws a payload's symbol with its quiet
 * zone, samples the modules out of a decoded frame. Knows where the symbol lies, so it searches
 * for nothing. No codecs here.
 */
import { SymbolDrawer } from '../qr';
import type { Luma } from './decode';
import type { Profile } from './profile';

/** Draws frames of one profile, one pixel a module; the encoder's side enlarges them. */
export class FrameDrawer {
  readonly #profile: Profile;
  readonly #drawer: SymbolDrawer;
  readonly #modules: Uint8Array;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#drawer = new SymbolDrawer(profile.symbol);
    this.#modules = new Uint8Array(profile.symbolModules ** 2);
  }

  /**
   * Draws into the first `frameModules`² bytes of `target`, row-major, grey.
   * @throws InvalidError for a payload longer than `FRAME_CAPACITY`
   */
  draw(payload: Uint8Array, target: Uint8Array): void {
    const { symbolModules, frameModules, quietModules, dark, light } = this.#profile;
    this.#drawer.draw(payload, this.#modules);
    target.fill(light, 0, frameModules * frameModules);
    const modules = this.#modules;
    let from = 0;
    for (let row = 0; row < symbolModules; row++) {
      let to = (row + quietModules) * frameModules + quietModules;
      for (let column = 0; column < symbolModules; column++, from++, to++) {
        if (modules[from] === 1) target[to] = dark;
      }
    }
  }
}

/** Halfway between dark and light; right for video range (125.5) and for full range (127.5). */
const THRESHOLD = 127;

/**
 * Samples the symbol's modules (1 = dark) out of a decoded frame: the pixel itself at 1 px, the
 * mean of the middle four at 4 px, where the codec's errors are smallest.
 */
export function sampleModules(profile: Profile, luma: Luma, modules: Uint8Array): void {
  const { symbolModules, modulePixels, quietModules } = profile;
  const { data, stride } = luma;
  let to = 0;
  if (modulePixels === 1) {
    for (let row = 0; row < symbolModules; row++) {
      let from = (row + quietModules) * stride + quietModules;
      for (let column = 0; column < symbolModules; column++) {
        modules[to++] = (data[from++] ?? 255) < THRESHOLD ? 1 : 0;
      }
    }
    return;
  }
  for (let row = 0; row < symbolModules; row++) {
    let above =
      ((row + quietModules) * modulePixels + 1) * stride + quietModules * modulePixels + 1;
    for (let column = 0; column < symbolModules; column++, above += modulePixels) {
      const below = above + stride;
      const sum =
        (data[above] ?? 255) +
        (data[above + 1] ?? 255) +
        (data[below] ?? 255) +
        (data[below + 1] ?? 255);
      modules[to++] = sum < THRESHOLD * 4 ? 1 : 0;
    }
  }
}
