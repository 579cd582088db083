/**
 * Character sets of RTF: fonts name them by the numbers of Windows, files by code pages. Bytes of
 * one run are decoded together, because a character may have two.
 */

/** WHATWG encodings of code pages. */
const ENCODINGS = new Map<number, string>([
  [866, 'ibm866'],
  [874, 'windows-874'],
  [932, 'shift_jis'],
  [936, 'gbk'],
  [949, 'euc-kr'],
  [950, 'big5'],
  [10000, 'macintosh'],
  [10007, 'x-mac-cyrillic'],
  [20866, 'koi8-r'],
  [21866, 'koi8-u'],
  [51932, 'euc-jp'],
  [51949, 'euc-kr'],
  [54936, 'gb18030'],
  [65001, 'utf-8'],
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map((page): [number, string] => [
    page,
    `windows-${page}`,
  ]),
  ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15].map((part): [number, string] => [
    28590 + part,
    `iso-8859-${part}`,
  ]),
]);

/** Code pages of `\fcharset` (RTF 1.9.1, "Font table"). */
const CHARSETS = new Map<number, number>([
  [0, 1252],
  [77, 10000],
  [128, 932],
  [129, 949],
  [134, 936],
  [136, 950],
  [161, 1253],
  [162, 1254],
  [163, 1258],
  [177, 1255],
  [178, 1256],
  [186, 1257],
  [204, 1251],
  [222, 874],
  [238, 1250],
]);
/** `\fcharset2`: signs of a font of its own. */
export const SYMBOLS = -2;
const SYMBOL_CHARSET = 2;
const BULLET = 0xb7;
const WESTERN = 'windows-1252';

/** The code page of a font's charset; undefined where it is the file's own. */
export function codePageOf(charset: number): number | undefined {
  return charset === SYMBOL_CHARSET ? SYMBOLS : CHARSETS.get(charset);
}

/** Decodes runs of bytes, one code page after another. */
export class RtfDecoder {
  /** Code pages that no browser knows, and that were read as Western. */
  readonly unknown = new Set<number>();
  readonly #decoders = new Map<number, TextDecoder>();
  #page = 0;
  /** Whether the decoder of `#page` may hold the first half of a character. */
  #open = false;

  /** Text of these bytes, as far as it is certain. */
  decode(bytes: Uint8Array, page: number): string {
    const before = this.#page === page ? '' : this.end();
    this.#page = page;
    if (page === SYMBOLS) return before + symbols(bytes);
    this.#open = true;
    return before + this.#decoder(page).decode(bytes, { stream: true });
  }

  /** What was held back: half a character, which is damage. */
  end(): string {
    if (!this.#open) return '';
    this.#open = false;
    return this.#decoder(this.#page).decode();
  }

  #decoder(page: number): TextDecoder {
    let decoder = this.#decoders.get(page);
    if (decoder === undefined) {
      const encoding = ENCODINGS.get(page);
      if (encoding === undefined) this.unknown.add(page);
      decoder = new TextDecoder(encoding ?? WESTERN, { ignoreBOM: true });
      this.#decoders.set(page, decoder);
    }
    return decoder;
  }
}

/** Of a symbol font only bullets, and what may have been meant as letters, say anything. */
function symbols(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte < 0x80) text += String.fromCharCode(byte);
    else if (byte === BULLET) text += '\u2022';
  }
  return text;
}
