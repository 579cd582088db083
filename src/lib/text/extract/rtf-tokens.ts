/**
 * Bytes of RTF (Rich Text Format specification 1.9.1, "Contents of an RTF file") to groups, control
 * words and text, in any number of pieces. What they mean is `rtf-reader.ts`'s.
 */

/** What is told of a file, in its order. */
export interface RtfHandler {
  open(): void;
  close(): void;
  /** `\word` or `\word-12`; of `\~` and its like the character. */
  control(word: string, value: number | undefined): void;
  /** Bytes of text in the encoding of the font; only valid during the call. */
  text(bytes: Uint8Array): void;
}

/** `binary`: raw bytes after `\bin`. */
type State = 'text' | 'backslash' | 'word' | 'value' | 'hex' | 'binary';

/** Words have 32 letters and values 10 digits at most, says the specification. */
const MAX_WORD = 32;
const MAX_DIGITS = 10;

const OPEN = 0x7b;
const CLOSE = 0x7d;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const MINUS = 0x2d;
const QUOTE = 0x27;

export class RtfTokenizer {
  readonly #handler: RtfHandler;
  #state: State = 'text';
  #word = '';
  #digits = '';
  #hex = '';
  #binary = 0;
  readonly #one = new Uint8Array(1);

  constructor(handler: RtfHandler) {
    this.#handler = handler;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#state === 'text') at = this.#text(bytes, at);
      else if (this.#state === 'binary') {
        const step = Math.min(this.#binary, bytes.length - at);
        this.#binary -= step;
        at += step;
        if (this.#binary === 0) this.#state = 'text';
      } else if (this.#takes(bytes[at] ?? 0)) at++;
    }
  }

  /** Hands over text as far as it goes, and steps over what ends it. */
  #text(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && isPlain(bytes[at] ?? 0)) at++;
    if (at > from) this.#handler.text(bytes.subarray(from, at));
    const end = bytes[at];
    if (end === OPEN) this.#handler.open();
    else if (end === CLOSE) this.#handler.close();
    else if (end === BACKSLASH) this.#state = 'backslash';
    return at + 1;
  }

  /** One byte after a backslash; false where it belongs to what follows. */
  #takes(byte: number): boolean {
    if (this.#state === 'backslash') return this.#begin(byte);
    if (this.#state === 'hex') return this.#hexDigit(byte);
    if (this.#state === 'word' && isLetter(byte) && this.#word.length < MAX_WORD) {
      this.#word += String.fromCharCode(byte);
      return true;
    }
    const begins = this.#state === 'word' && (byte === MINUS || isDigit(byte));
    if (begins || (this.#state === 'value' && isDigit(byte) && this.#digits.length < MAX_DIGITS)) {
      this.#digits += String.fromCharCode(byte);
      this.#state = 'value';
      return true;
    }
    return this.#end(byte);
  }

  #begin(byte: number): boolean {
    this.#state = 'text';
    if (isLetter(byte)) {
      this.#word = String.fromCharCode(byte);
      this.#digits = '';
      this.#state = 'word';
    } else if (byte === QUOTE) {
      this.#hex = '';
      this.#state = 'hex';
    } else if (byte === OPEN || byte === CLOSE || byte === BACKSLASH) this.#byte(byte);
    // A backslash at the end of a line is a paragraph's end.
    else if (byte === 0x0a || byte === 0x0d) this.#handler.control('par', undefined);
    else this.#handler.control(String.fromCharCode(byte), undefined);
    return true;
  }

  /** A word ends before what is no part of it; one space belongs to it. */
  #end(byte: number): boolean {
    this.#state = 'text';
    const value = Number.parseInt(this.#digits, 10);
    if (this.#word === 'bin' && value > 0) {
      this.#binary = value;
      this.#state = 'binary';
    } else this.#handler.control(this.#word, Number.isNaN(value) ? undefined : value);
    return byte === SPACE;
  }

  #hexDigit(byte: number): boolean {
    const digit = String.fromCharCode(byte);
    if (!/[\da-f]/i.test(digit)) {
      this.#state = 'text';
      return false;
    }
    this.#hex += digit;
    if (this.#hex.length === 2) {
      this.#state = 'text';
      this.#byte(Number.parseInt(this.#hex, 16));
    }
    return true;
  }

  #byte(byte: number): void {
    this.#one[0] = byte;
    this.#handler.text(this.#one);
  }
}

/** Line ends are layout of the file, and zero bytes its padding. */
function isPlain(byte: number): boolean {
  return (
    byte !== OPEN &&
    byte !== CLOSE &&
    byte !== BACKSLASH &&
    byte !== 0x0a &&
    byte !== 0x0d &&
    byte !== 0
  );
}

function isLetter(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
