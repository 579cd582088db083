import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { parseStaticModel } from '../../../src/lib/embedding/static-model';
import { selfTest } from '../../../src/lib/embedding/selftest';
import { builtInFile, builtInModel } from './built-in';

interface Golden {
  text: string;
  tokens: number[];
  vector: number[];
}
interface ReferenceModule {
  load: (parts: object) => {
    embed: (text: string) => Float32Array;
    tokenize: (text: string) => number[];
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/embedding/golden.json', import.meta.url), 'utf8'),
) as Golden[];
const referencePath = resolve(
  process.env['MEMREEL_CORPORA'] ?? '../shared',
  'models/static-en/embed.reference.mjs',
);
const model = builtInModel();

/** Text as documents have it, and every kind of text that folding treats apart. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
      fc.constantFrom(
        "the car's ",
        "THE CAR'S ",
        "'s ",
        '’s ',
        "''s 's\n",
        'ßæœøł ÆØŁ',
        'ﬁnd ™ ℡ K Å',
        'e\u0301\u0327 İ ǅ',
        'x'.repeat(60),
        'antidisestablishmentarianism2024abc',
        '１２３ｆｕｌｌ',
        '\ud800 lone \udfff',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** The largest difference of two values; NaN where a value is missing. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < Math.max(found.length, expected.length); index++)
    largest = Math.max(largest, Math.abs((found[index] ?? NaN) - (expected[index] ?? NaN)));
  return largest;
}

describe('the built-in model', () => {
  it.each(golden)(
    'gives the golden tokens and vector of $text',
    async ({ text, tokens, vector }) => {
      expect([...model.tokens(text)]).toEqual(tokens);
      const found = await model.embed([text], 'passage');
      expect(found).toHaveLength(128);
      expect(distance(found, vector)).toBeLessThan(1e-5);
    },
  );

  it.skipIf(!existsSync(referencePath))(
    `equals the reference implementation on any text (left out without ${referencePath})`,
    async () => {
      const { load } = (await import(/* @vite-ignore */ referencePath)) as ReferenceModule;
      const bytes = (name: string) => Uint8Array.from(builtInFile(name)).buffer;
      const reference = load({
        config: { dim: 128, bits: 4 },
        vocab: builtInFile('vocab.txt').toString(),
        rows: bytes('embeddings.i4.bin'),
        scales: bytes('scales.f16.bin'),
      });
      await fc.assert(
        fc.asyncProperty(anyText, async (text) => {
          expect([...model.tokens(text)]).toEqual(reference.tokenize(text));
          const found = await model.embed([text], 'query');
          expect(distance(found, reference.embed(text))).toBeLessThan(1e-6);
        }),
        { numRuns: 400 },
      );
    },
  );

  it('embeds a batch as it embeds one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { maxLength: 12 }), async (texts) => {
        const together = await model.embed(texts, 'passage');
        expect(together).toHaveLength(texts.length * 128);
        for (const [index, text] of texts.entries())
          expect(together.subarray(index * 128, (index + 1) * 128)).toEqual(
            await model.embed([text], 'passage'),
          );
      }),
      { numRuns: 50 },
    );
  });

  it('gives vectors of length one, or zero where it knows no word', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const vector = await model.embed([text], 'passage');
        const length = Math.hypot(...vector);
        expect(length).toBeCloseTo(model.tokens(text).length > 0 ? 1 : 0, 5);
      }),
    );
  });

  it.each(['你好世界', 'Привет, мир', 'مرحبا بالعالم', 'γειά σου', '🙂🙂', '', ' \n\t.,;'])(
    'gives the zero vector for %j',
    async (text) => {
      expect(await model.embed([text], 'passage')).toEqual(new Float32Array(128));
    },
  );

  it('reads texts longer than its buffers, and then short ones', async () => {
    const long = 'wing slipstream '.repeat(5000);
    const short = await model.embed(['wing slipstream'], 'passage');
    const once = [...model.tokens('wing slipstream')];
    expect([...model.tokens(long)]).toEqual(Array.from({ length: 5000 }, () => once).flat());
    const found = await model.embed([long], 'passage');
    expect(distance(found, short)).toBeLessThan(1e-5);
    expect(await model.embed(['wing slipstream'], 'passage')).toEqual(short);
  });

  it('stops at an abort that arrives while it works', async () => {
    const controller = new AbortController();
    const texts = Array.from({ length: 2000 }, (_, index) => `text ${index}`);
    const work = model.embed(texts, 'passage', { signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error('enough'));
    });
    await expect(work).rejects.toThrow('enough');
  });

  it('embeds nothing once it is disposed', async () => {
    const disposed = builtInModel();
    disposed.dispose();
    await expect(disposed.embed(['wing'], 'passage')).rejects.toThrow('disposed');
  });
});

describe('parseStaticModel', () => {
  const config = { name: 'small', dim: 8, bits: 4 };
  const weights = Uint8Array.from([0x98, 0x88, 0x88, 0x88, 0x88, 0xa8, 0x88, 0x88]);
  const scales = Uint8Array.from([0x00, 0x3c, 0x00, 0x40]); // 1 and 2 in float16

  it('reads nibbles low first, less 8', async () => {
    const small = parseStaticModel(config, 'a\n##b\n', weights, scales);
    const row = new Float32Array(8);
    row[1] = 1;
    expect(await small.embed(['a'], 'passage')).toEqual(row);
    const both = new Float32Array(8);
    both[1] = 1 / Math.hypot(1, 4); // row a: value 1 at dimension 1, scale 1
    both[3] = 4 / Math.hypot(1, 4); // row ##b: value 2 at dimension 3, scale 2
    expect(await small.embed(['ab'], 'passage')).toEqual(both);
  });

  // IEEE 754-2019, section 3.4: normal, the least normal against the half of it, subnormal, negative.
  it.each([
    [0x3c00, 0x3e00, 1.5],
    [0x0200, 0x0400, 2],
    [0x0001, 0x03ff, 1023],
    [0x7bff, 0xfbff, -1],
  ])('reads float16 scales %x and %x as 1 to %d', async (first, second, ratio) => {
    const bytes = Uint8Array.of(first & 255, first >> 8, second & 255, second >> 8);
    const small = parseStaticModel(config, 'a\n##b\n', weights, bytes);
    const vector = await small.embed(['ab'], 'passage');
    expect((vector[3] ?? NaN) / 2 / (vector[1] ?? NaN)).toBeCloseTo(ratio, 3);
  });

  it.each<[string, unknown, string, Uint8Array, Uint8Array]>([
    ['a config that is none', null, 'a\n##b', weights, scales],
    ['8 bits', { ...config, bits: 8 }, 'a\n##b', weights, scales],
    ['dimensions that are no multiple of 8', { ...config, dim: 4 }, 'a\n##b', weights, scales],
    ['short weights', config, 'a\n##b', weights.subarray(1), scales],
    ['short scales', config, 'a\n##b', weights, scales.subarray(2)],
    ['a scale that is infinite', config, 'a\n##b', weights, Uint8Array.from([0, 60, 0, 124])],
    ['an empty line', config, 'a\n\nb', weights, scales],
    ['a bare ##', config, 'a\n##', weights, scales],
    ['a foreign character', config, 'a\né', weights, scales],
    ['an empty vocabulary', config, '', weights, scales],
  ])('refuses %s', (_, wrong, vocabulary, rows, factors) => {
    expect(() => parseStaticModel(wrong, vocabulary, rows, factors)).toThrow(CorruptError);
  });
});

describe('selfTest', () => {
  it('passes the model that the vectors are of', async () => {
    const { ok, cosine } = await selfTest(model, golden);
    expect(ok).toBe(true);
    expect(cosine).toBeGreaterThan(0.9999);
  });

  it('fails a model that is another one, and says where', async () => {
    const [first, second] = golden;
    if (!first || !second) throw new Error('golden.json lacks its texts');
    const swapped = [first, { text: second.text, vector: first.vector }];
    expect(await selfTest(model, swapped)).toMatchObject({ ok: false, text: second.text });
  });

  it('fails vectors of another size or of NaN', async () => {
    const [first] = golden;
    if (!first) throw new Error('golden.json lacks its texts');
    expect((await selfTest(model, [{ ...first, vector: first.vector.slice(1) }])).ok).toBe(false);
    expect((await selfTest(model, [{ ...first, vector: first.vector.map(() => NaN) }])).ok).toBe(
      false,
    );
  });

  it('proves nothing from nothing', async () => {
    await expect(selfTest(model, [])).rejects.toThrow('golden');
  });
});
