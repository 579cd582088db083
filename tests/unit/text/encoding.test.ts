import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import { decodeText, isTextual } from '../../../src/lib/text/encoding';

const signal = new AbortController().signal;

async function decoded(content: BlobPart, declared?: string) {
  const warnings: string[] = [];
  let text = '';
  const options = declared === undefined ? {} : { declared };
  const warn = (message: string) => warnings.push(message);
  for await (const piece of decodeText(new Blob([content]), signal, {
    ...options,
    name: 'f',
    warn,
  })) {
    text += piece;
  }
  return { text, warnings };
}

function utf16(text: string, littleEndian: boolean, mark: boolean): ArrayBuffer {
  const units = mark ? '\ufeff' + text : text;
  const view = new DataView(new ArrayBuffer(units.length * 2));
  for (let i = 0; i < units.length; i++) view.setUint16(i * 2, units.charCodeAt(i), littleEndian);
  return view.buffer;
}

/** The bytes of a text in a legacy encoding, by turning its decoder round. */
function encode(text: string, label: string): Uint8Array<ArrayBuffer> {
  const decoder = new TextDecoder(label);
  const codes = new Map<string, number[]>();
  for (let a = 0; a < 256; a++) {
    const one = decoder.decode(Uint8Array.of(a));
    if (one.length === 1 && one !== '\ufffd') codes.set(one, [a]);
    for (let b = 0x30; a >= 0x80 && b < 256; b++) {
      const two = decoder.decode(Uint8Array.of(a, b));
      if (two.length === 1 && two !== '\ufffd' && !codes.has(two)) codes.set(two, [a, b]);
    }
  }
  return Uint8Array.from(
    Array.from(text).flatMap((character) => {
      const code = codes.get(character);
      if (code === undefined) throw new Error(`${character} is not in ${label}`);
      return code;
    }),
  );
}

const wellFormed = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .map((text) => text.replace(/^\ufeff+/, '').replaceAll('\r', ''));

describe('decodeText', () => {
  it('reads back any UTF-8, with and without a mark', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (text) => {
        expect((await decoded('a' + text)).text).toBe('a' + text);
        expect((await decoded('\ufeffa' + text)).text).toBe('a' + text);
      }),
    );
  });

  it('reads back any UTF-16 with a mark, and Latin text without', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, fc.boolean(), async (text, little) => {
        expect((await decoded(utf16('a' + text, little, true))).text).toBe('a' + text);
      }),
    );
    const latin = 'Ingenting å bekymre seg for.';
    for (const little of [true, false]) {
      expect((await decoded(utf16(latin, little, false))).text).toBe(latin);
    }
  });

  it.each([
    [
      'windows-1252',
      'Où est le café où naît la fenêtre ? Déjà très près de la forêt, là-bas, à côté. ',
    ],
    ['windows-1251', 'Все люди рождаются свободными и равными в своём достоинстве и правах. '],
    ['koi8-r', 'Все люди рождаются свободными и равными в своём достоинстве и правах. '],
    ['shift_jis', 'すべての人間は、生まれながらにして自由であり、尊厳と権利とについて平等である。'],
    ['euc-jp', 'すべての人間は、生まれながらにして自由であり、尊厳と権利とについて平等である。'],
    [
      'gb18030',
      '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。',
    ],
    [
      'big5',
      '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。',
    ],
    ['euc-kr', '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. '],
  ])('guesses %s', async (label, sentence) => {
    const text = sentence.repeat(4);
    expect((await decoded(encode(text, label))).text).toBe(text);
  });

  it('finds the encoding where the first half megabyte is ASCII', async () => {
    const text = 'plain words '.repeat(40_000) + 'déjà vu, très près, à côté';
    expect((await decoded(encode(text, 'windows-1252'))).text).toBe(text);
    expect((await decoded(text)).text).toBe(text);
  });

  it('believes a declaration, but checks one of UTF-8', async () => {
    const bytes = encode('Все люди', 'windows-1251');
    expect((await decoded(bytes, 'windows-1251')).text).toBe('Все люди');
    const french = 'Où est le café où naît la fenêtre ? Déjà très près. '.repeat(4);
    expect((await decoded(encode(french, 'windows-1252'), 'utf-8')).text).toBe(french);
  });

  it('loses no character without saying so', async () => {
    const byte = fc.oneof(
      fc.integer({ min: 0x61, max: 0x7a }),
      fc.integer({ min: 0x80, max: 0xff }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 60 }), async (bytes) => {
        const { text, warnings } = await decoded(Uint8Array.from(bytes));
        // A character that the file's end cuts is no loss of a wrong guess.
        if (text.slice(0, -1).includes('\ufffd'))
          expect(warnings.join()).toContain('characters are lost');
      }),
      { numRuns: 300 },
    );
  });

  it('says when it is not sure', async () => {
    const { warnings } = await decoded(Uint8Array.of(0x61, 0xe9, 0x20, 0x62));
    expect(warnings).toEqual([expect.stringContaining('may be wrong')]);
  });

  it('makes all line ends LF, also across reads', async () => {
    const pad = 'x'.repeat(262_143);
    expect((await decoded(`${pad}\r\nb\rc\n\r\r`)).text).toBe(`${pad}\nb\nc\n\n\n`);
  });

  it('warns of an empty file and one of white space', async () => {
    for (const content of ['', ' \n\t\n', '\ufeff']) {
      expect((await decoded(content)).warnings).toEqual(['f is empty.']);
    }
  });

  it('refuses UTF-32', async () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0);
    await expect(decoded(bytes)).rejects.toBeInstanceOf(UnsupportedError);
  });
});

describe('isTextual', () => {
  it('takes any UTF-8 without controls and refuses what has zero bytes', () => {
    expect(isTextual(new TextEncoder().encode('héllo\tworld\r\n'))).toBe(true);
    expect(isTextual(Uint8Array.of(0x61, 0, 0, 0, 0x62, 0x63, 0x64, 0x65, 0x66))).toBe(false);
    expect(isTextual(Uint8Array.from({ length: 256 }, (_, i) => (i % 31) + 1))).toBe(false);
  });
});
