/**
 * Reads symbols out of pictures that are copies of frames of ours: re-encoded, of another size, of
 * another range of grey. What a frame's own samples decode to is read by `read.ts`, which is faster.
 */
import type { ProfileName } from '../api';
import { CorruptError } from '../errors';
import { drawFunctionPatterns, readPicture, SymbolReader, type FunctionPatterns } from '../qr';
import type { Luma } from './decode';
import { PROFILES, type Profile } from './profile';

/** Share of the known modules that have to be as they are known, for a grid to be one. */
const KNOWN_AT_LEAST = 0.8;
/** Of a module's side: what is sampled of it, so that its neighbours do not blur into it. */
const SAMPLED = 0.6;
/** Where modules are told apart: halfway, then for pictures whose dark or light parts bled. */
const THRESHOLDS = [0.5, 0.4, 0.6];

export interface CopiedSymbol {
  readonly payload: Uint8Array;
  /** As which it was drawn. */
  readonly profile: ProfileName;
}

export class CopyReader {
  readonly #grids: Grid[] = Object.values(PROFILES).map((profile) => new Grid(profile));
  #packed = new Uint8Array();

  /** Undefined where no symbol of ours can be read in the picture. Keeps nothing of it. */
  async read(luma: Luma): Promise<CopiedSymbol | undefined> {
    for (const [at, grid] of this.#grids.entries()) {
      const payload = grid.read(luma);
      if (!payload) continue;
      if (at > 0) this.#grids.unshift(...this.#grids.splice(at, 1)); // the next one is like it
      return { payload, profile: grid.profile };
    }
    // Shifted, cropped or in a larger picture: readers that search for it.
    const { width, height, data, stride } = luma;
    if (this.#packed.length !== width * height) this.#packed = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      this.#packed.set(data.subarray(row * stride, row * stride + width), row * width);
    }
    const found = await readPicture(this.#packed, width, height);
    return found && { payload: found.payload, profile: 'universal' };
  }
}

/** The grid of one profile, laid over the whole of a picture. */
class Grid {
  readonly profile: ProfileName;
  readonly #profile: Profile;
  readonly #reader: SymbolReader;
  readonly #known: FunctionPatterns;
  readonly #grey: Float32Array;
  readonly #certainty: Float32Array;
  readonly #modules: Uint8Array;

  constructor(profile: Profile) {
    this.profile = profile.name;
    this.#profile = profile;
    this.#reader = new SymbolReader(profile.symbol);
    this.#known = drawFunctionPatterns(profile.symbol);
    const count = profile.symbolModules ** 2;
    this.#grey = new Float32Array(count);
    this.#certainty = new Float32Array(count);
    this.#modules = new Uint8Array(count);
  }

  read(luma: Luma): Uint8Array | undefined {
    this.#sample(luma);
    const levels = this.#levels();
    if (!levels) return undefined;
    for (const share of THRESHOLDS) {
      this.#decide(levels.dark + (levels.light - levels.dark) * share);
      try {
        return this.#reader.readDoubtful(this.#modules, this.#certainty).payload;
      } catch (error) {
        if (!(error instanceof CorruptError)) throw error;
      }
    }
    return undefined;
  }

  /** The mean grey of the middle of each module; the pixel next to it where there is none inside. */
  #sample({ width, height, data, stride }: Luma): void {
    const rows = this.#spans(height);
    const columns = this.#spans(width);
    const size = this.#profile.symbolModules;
    let to = 0;
    for (let row = 0; row < size; row++) {
      const top = rows[2 * row] ?? 0;
      const bottom = rows[2 * row + 1] ?? 0;
      for (let column = 0; column < size; column++) {
        const left = columns[2 * column] ?? 0;
        const right = columns[2 * column + 1] ?? 0;
        let sum = 0;
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) sum += data[y * stride + x] ?? 255;
        }
        this.#grey[to++] = sum / ((bottom - top) * (right - left));
      }
    }
  }

  /** First pixel of each module along a side of so many pixels, and the one behind its last. */
  #spans(pixels: number): Uint16Array {
    const { symbolModules, frameModules, quietModules } = this.#profile;
    const side = pixels / frameModules;
    const spans = new Uint16Array(2 * symbolModules);
    for (let module = 0; module < symbolModules; module++) {
      const middle = (module + quietModules + 0.5) * side;
      const first = Math.ceil(middle - (side * SAMPLED) / 2 - 0.5);
      const last = Math.floor(middle + (side * SAMPLED) / 2 - 0.5);
      const nearest = Math.min(pixels - 1, Math.floor(middle));
      spans[2 * module] = last < first ? nearest : first;
      spans[2 * module + 1] = (last < first ? nearest : last) + 1;
    }
    return spans;
  }

  /** The grey of dark and of light modules, by those that are known; undefined where none is there. */
  #levels(): { dark: number; light: number } | undefined {
    const { modules, reserved } = this.#known;
    const sums = [0, 0];
    const counts = [0, 0];
    for (const [at, is] of reserved.entries()) {
      const dark = modules[at] ?? 0;
      if (is === 0) continue;
      sums[dark] = (sums[dark] ?? 0) + (this.#grey[at] ?? 0);
      counts[dark] = (counts[dark] ?? 0) + 1;
    }
    const light = (sums[0] ?? 0) / (counts[0] ?? 1);
    const dark = (sums[1] ?? 0) / (counts[1] ?? 1);
    const middle = (dark + light) / 2;
    let right = 0;
    for (const [at, is] of reserved.entries()) {
      if (is === 1 && (this.#grey[at] ?? 0) < middle === (modules[at] === 1)) right++;
    }
    const known = (counts[0] ?? 0) + (counts[1] ?? 0);
    return dark < light && right >= known * KNOWN_AT_LEAST ? { dark, light } : undefined;
  }

  #decide(threshold: number): void {
    for (const [at, grey] of this.#grey.entries()) {
      this.#modules[at] = grey < threshold ? 1 : 0;
      this.#certainty[at] = Math.abs(grey - threshold);
    }
  }
}
