/** Random texts, vectors and shards for the search tests. */
import fc from 'fast-check';

/** Few words, so that rows share them; with common, stemmed, accented and unspaced ones. */
const WORDS = [
  'wing', 'wings', 'flow', 'flows', 'flowing', 'the', 'of', 'and', 'heat', 'heated', 'shock', 'wave',
  'Café', 'cafe', 'mp4', '747', "plate's", 'ﬁn', '東京', '東京都に住む', 'Straße', 'наука', 'x',
]; // prettier-ignore

export const text = fc
  .array(fc.constantFrom(...WORDS), { maxLength: 12 })
  .map((words) => words.join(' '));

/** A vector of length 1, or zero. */
export function unitVector(dimensions: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.integer({ min: -50, max: 50 }), { minLength: dimensions, maxLength: dimensions })
    .map((levels) => {
      const length = Math.hypot(...levels);
      return Float32Array.from(levels, (level) => (length === 0 ? 0 : level / length));
    });
}

/** Damages bytes in one place: overwritten, cut off, or with something put in. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: bytes.length - 1 });
  return fc.oneof(
    fc.tuple(at, fc.nat({ max: 255 })).map(([place, value]) => bytes.with(place, value)),
    fc
      .tuple(at, fc.nat({ max: 7 }))
      .map(([place, bit]) => bytes.with(place, (bytes[place] ?? 0) ^ (1 << bit))),
    at.map((length) => bytes.slice(0, length)),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([place, more]) =>
        Uint8Array.from([...bytes.subarray(0, place), ...more, ...bytes.subarray(place)]),
      ),
    fc
      .tuple(at, fc.uint8Array({ minLength: 4, maxLength: 4 }))
      .map(([place, more]) => Uint8Array.from(bytes, (byte, i) => more[i - place] ?? byte)),
  );
}
