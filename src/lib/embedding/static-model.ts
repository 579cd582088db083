/**
 * A static embedding model: a text's vector is the L2-normalised sum of its word pieces' rows, and the
 * length of a row is the piece's weight. It knows words and their neighbours, no word order and no
 * negation; a text without Latin letters or digits gets the zero vector.
 */
import { CorruptError } from '../errors';
import { fetchModelFile } from './model-files';
import type { EmbeddingModel, TextKind } from './model';
import { turnEventLoop } from './turn';
import { WordPieces } from './word-pieces';

/** Texts between two looks at the signal: about 40 ms of 1 KB chunks. */
const BATCH = 512;

interface StaticModelConfig {
  readonly name: string;
  /** A multiple of 8: the sum runs over eight dimensions at a time. */
  readonly dim: number;
  readonly bits: 4;
}

export class StaticModel implements EmbeddingModel {
  readonly id: string;
  readonly dimensions: number;
  readonly #pieces: WordPieces;
  /** Vocabulary × dimensions, −8 to 7. Bytes: as fast as ready-made floats in a quarter of the memory. */
  #rows: Int8Array;
  /** What each row is multiplied by. */
  readonly #scales: Float32Array;
  readonly #sum: Float64Array;

  constructor(id: string, pieces: WordPieces, rows: Int8Array, scales: Float32Array) {
    this.id = id;
    this.dimensions = rows.length / pieces.size;
    this.#pieces = pieces;
    this.#rows = rows;
    this.#scales = scales;
    this.#sum = new Float64Array(this.dimensions);
  }

  /** Ids of the text's word pieces, in order. */
  tokens(text: string): Int32Array {
    return this.#pieces.tokens(text).slice();
  }

  /** Passages and queries are one to this model. */
  async embed(
    texts: readonly string[],
    _kind: TextKind,
    options?: { signal?: AbortSignal },
  ): Promise<Float32Array<ArrayBuffer>> {
    const vectors = new Float32Array(texts.length * this.dimensions);
    for (let from = 0; from < texts.length; from += BATCH) {
      if (from > 0) await turnEventLoop();
      options?.signal?.throwIfAborted();
      if (this.#rows.length === 0) throw new Error(`The model ${this.id} is disposed.`);
      texts.slice(from, from + BATCH).forEach((text, index) => {
        this.#embedInto(text, vectors, (from + index) * this.dimensions);
      });
    }
    return vectors;
  }

  dispose(): void {
    this.#rows = new Int8Array(0);
  }

  #embedInto(text: string, vectors: Float32Array, offset: number): void {
    const tokens = this.#pieces.tokens(text);
    const sum = this.#sum;
    for (let dimension = 0; dimension < this.dimensions; dimension += 8)
      this.#sumEight(tokens, dimension);
    let squares = 0;
    for (const value of sum) squares += value * value;
    if (squares === 0) return;
    const factor = 1 / Math.sqrt(squares);
    for (let dimension = 0; dimension < sum.length; dimension++)
      vectors[offset + dimension] = (sum[dimension] ?? 0) * factor;
  }

  /** Sums eight dimensions of all tokens, so that the sums stay in registers. */
  #sumEight(tokens: Int32Array, dimension: number): void {
    const rows = this.#rows;
    const scales = this.#scales;
    const dimensions = this.dimensions;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    let g = 0;
    let h = 0;
    for (const token of tokens) {
      const scale = scales[token] ?? 0;
      const at = token * dimensions + dimension;
      a += scale * (rows[at] ?? 0);
      b += scale * (rows[at + 1] ?? 0);
      c += scale * (rows[at + 2] ?? 0);
      d += scale * (rows[at + 3] ?? 0);
      e += scale * (rows[at + 4] ?? 0);
      f += scale * (rows[at + 5] ?? 0);
      g += scale * (rows[at + 6] ?? 0);
      h += scale * (rows[at + 7] ?? 0);
    }
    this.#sum.set([a, b, c, d, e, f, g, h], dimension);
  }
}

/**
 * A model from its files' contents.
 * @param weights 4 bits a weight, two a byte, low nibble first, value = nibble − 8; a row a piece
 * @param scales one little-endian float16 a row
 * @throws CorruptError where the parts do not fit each other
 */
export function parseStaticModel(
  config: unknown,
  vocabulary: string,
  weights: Uint8Array,
  scales: Uint8Array,
): StaticModel {
  const { name, dim } = checkConfig(config);
  const pieces = new WordPieces(vocabulary);
  if (weights.length * 2 !== pieces.size * dim)
    throw new CorruptError(
      `The model's weights are ${weights.length} bytes, not ${(pieces.size * dim) / 2}.`,
    );
  if (scales.length !== pieces.size * 2)
    throw new CorruptError(
      `The model's scales are ${scales.length} bytes, not ${pieces.size * 2}.`,
    );
  const rows = new Int8Array(weights.length * 2);
  let weight = 0;
  for (const pair of weights) {
    rows[weight++] = (pair & 15) - 8;
    rows[weight++] = (pair >> 4) - 8;
  }
  const halves = new DataView(scales.buffer, scales.byteOffset, scales.byteLength);
  const factors = Float32Array.from({ length: pieces.size }, (_, row) =>
    floatOfHalf(halves.getUint16(2 * row, true)),
  );
  if (!factors.every(Number.isFinite)) throw new CorruptError("The model's scales are not finite.");
  return new StaticModel(name, pieces, rows, factors);
}

/** Loads the model from `<assetsUrl>models/<id>/`. @throws NotFoundError, CorruptError */
export async function loadStaticModel(id: string, assetsUrl: string): Promise<StaticModel> {
  const file = (name: string) => fetchModelFile(assetsUrl, id, name);
  const [config, vocabulary, weights, scales] = await Promise.all([
    file('config.json'),
    file('vocab.txt'),
    file('embeddings.i4.bin'),
    file('scales.f16.bin'),
  ]);
  const model = parseStaticModel(
    parseJson(await config.text()),
    await vocabulary.text(),
    new Uint8Array(await weights.arrayBuffer()),
    new Uint8Array(await scales.arrayBuffer()),
  );
  if (model.id !== id) throw new CorruptError(`The files of the model ${id} are of ${model.id}.`);
  return model;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptError("The model's config.json is not JSON.", { cause });
  }
}

function checkConfig(config: unknown): StaticModelConfig {
  if (typeof config === 'object' && config !== null) {
    const { name, dim, bits } = config as Readonly<Record<string, unknown>>;
    if (
      typeof name === 'string' &&
      typeof dim === 'number' &&
      dim > 0 &&
      dim % 8 === 0 &&
      bits === 4
    )
      return { name, dim, bits };
  }
  throw new CorruptError("The model's config.json does not describe a static model of 4 bits.");
}

/** IEEE 754 binary16 (section 3.4). */
function floatOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
