/**
 * Splits text into the word pieces of a static model: a vocabulary of lower-case pieces over [a-z0-9],
 * `##` marking those that continue a word. It is not a general WordPiece tokeniser: it has no special
 * tokens, no unknown token and no punctuation.
 */
import { CorruptError } from '../errors';

/** Letters a–z are 0–25, digits 26–35. */
const ALPHABET = 36;
const FIRST_DIGIT = 26;
const LETTER_S = 18;
const OTHER = 255;
const APOSTROPHE = 0x27;
const SPACE = 0x20;

/** Characters of a word that are looked at: the rest of a longer run (a hash, base64) says nothing. */
const LONGEST_WORD = 40;

/** The trie's nodes where a word begins, and where the rest of one does. */
const WORD_START = 0;
const REST_START = 1;

const NOT_ASCII = /[\u0080-\uffff]/g;
const MARKS = /\p{M}/gu;
/** What NFKD leaves as it is, and the model's training folded. */
const FOLDED = /[ßæœøł\u2019]/g;
const FOLDS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  '\u2019': "'",
};

/**
 * Character code to alphabet. Raw ASCII text is lower-cased by the table; text that was folded is in
 * lower case already, and what NFKD brings in capitals (™ → TM) is no word to the model.
 */
const ASCII_ALPHABET = alphabetTable(true);
const FOLDED_ALPHABET = alphabetTable(false);

function alphabetTable(capitals: boolean): Uint8Array {
  const table = new Uint8Array(128).fill(OTHER);
  for (let letter = 0; letter < 26; letter++) {
    table[0x61 + letter] = letter;
    if (capitals) table[0x41 + letter] = letter;
  }
  for (let digit = 0; digit < 10; digit++) table[0x30 + digit] = FIRST_DIGIT + digit;
  return table;
}

/** Lower case without accents; everything that is then not ASCII becomes a space. */
function foldText(text: string): string {
  return text
    .toLowerCase()
    .replace(FOLDED, (character) => FOLDS[character] ?? character)
    .normalize('NFKD')
    .replace(MARKS, '')
    .replace(NOT_ASCII, ' ');
}

/**
 * The vocabulary as a trie, its edges in one open-addressed table: a word costs one probe a character
 * whatever it is, so random strings are no slower than prose and nothing has to be cached.
 */
export class WordPieces {
  /** Number of pieces; ids are 0 to size − 1. */
  readonly size: number;
  /** Pairs of an edge, `node × ALPHABET + character + 1` or 0 where free, and the node it leads to. */
  readonly #edges: Int32Array;
  readonly #shift: number;
  /** Token id of a node, or −1. */
  readonly #tokenOf: Int32Array;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(4096);
  readonly #word = new Uint8Array(LONGEST_WORD);
  #ids = new Int32Array(1024);

  /**
   * @param vocabulary one piece a line, the line number is the id
   * @throws CorruptError for an empty line or a character outside [a-z0-9]
   */
  constructor(vocabulary: string) {
    const pieces = vocabulary.trimEnd().split('\n');
    this.size = pieces.length;
    // A character adds at most one edge. Pieces share beginnings, so the table ends up a third full.
    const characters = vocabulary.replace(/##|\n/g, '').length;
    const bits = Math.ceil(Math.log2(1.1 * characters + 1));
    this.#edges = new Int32Array(2 * 2 ** bits);
    this.#shift = 32 - bits;
    const tokenOf = [-1, -1];
    pieces.forEach((piece, id) => {
      const rest = piece.startsWith('##');
      let node = rest ? REST_START : WORD_START;
      for (let position = rest ? 2 : 0; position < piece.length; position++) {
        const edge = node * ALPHABET + pieceCharacter(piece, position, id) + 1;
        const slot = this.#slotOf(edge);
        if (this.#edges[slot] === 0) {
          this.#edges[slot] = edge;
          this.#edges[slot + 1] = tokenOf.push(-1) - 1;
        }
        node = this.#edges[slot + 1] ?? 0;
      }
      if (node <= REST_START) throw new CorruptError(`The vocabulary's line ${id + 1} is empty.`);
      tokenOf[node] = id;
    });
    this.#tokenOf = Int32Array.from(tokenOf);
  }

  /** Where an edge stands in the table, or the free slot where it would. */
  #slotOf(edge: number): number {
    const edges = this.#edges;
    const mask = edges.length - 1;
    let slot = (Math.imul(edge, 0x9e3779b1) >>> this.#shift) << 1;
    while (edges[slot] !== edge && edges[slot] !== 0) slot = (slot + 2) & mask;
    return slot;
  }

  /** Token ids of a text in order. The view is valid until the next call. */
  tokens(text: string): Int32Array {
    let length = this.#encode(text);
    let alphabet = ASCII_ALPHABET;
    if (length < 0) {
      length = this.#encode(foldText(text));
      alphabet = FOLDED_ALPHABET;
    }
    const count = this.#scan(length, alphabet); // may replace the ids' buffer
    return this.#ids.subarray(0, count);
  }

  /** Writes ASCII text to the byte buffer; −1 where it is not ASCII. */
  #encode(text: string): number {
    if (text.length > this.#bytes.length) this.#bytes = new Uint8Array(2 * text.length);
    const { read, written } = this.#encoder.encodeInto(text, this.#bytes);
    return read === text.length && written === read ? written : -1;
  }

  /** Finds the words of ASCII text: runs of letters and runs of digits, without a possessive `'s `. */
  #scan(end: number, alphabet: Uint8Array): number {
    const bytes = this.#bytes;
    const word = this.#word;
    let count = 0;
    let position = 0;
    while (position < end) {
      let character = alphabet[bytes[position] ?? 0] ?? OTHER;
      if (character === OTHER) {
        position++;
        continue;
      }
      const start = position;
      const digits = character >= FIRST_DIGIT;
      let length = 0;
      do {
        if (length < LONGEST_WORD) word[length++] = character;
        position++;
        character = position < end ? (alphabet[bytes[position] ?? 0] ?? OTHER) : OTHER;
      } while (character !== OTHER && character >= FIRST_DIGIT === digits);
      const possessive =
        length === 1 &&
        word[0] === LETTER_S &&
        start > 0 &&
        bytes[start - 1] === APOSTROPHE &&
        position < end &&
        bytes[position] === SPACE;
      if (!possessive) count = this.#split(length, count);
    }
    return count;
  }

  /** Splits the first `length` characters of the word at hand: from the left, longest match first. */
  #split(length: number, count: number): number {
    const word = this.#word;
    const edges = this.#edges;
    if (count + length > this.#ids.length) {
      const larger = new Int32Array(2 * (count + length));
      larger.set(this.#ids);
      this.#ids = larger;
    }
    let from = 0;
    while (from < length) {
      let node = from === 0 ? WORD_START : REST_START;
      let token = -1;
      let next = from + 1; // a character that matches nothing is skipped
      for (let position = from; position < length; position++) {
        const slot = this.#slotOf(node * ALPHABET + (word[position] ?? 0) + 1);
        if (edges[slot] === 0) break;
        node = edges[slot + 1] ?? 0;
        const found = this.#tokenOf[node] ?? -1;
        if (found >= 0) {
          token = found;
          next = position + 1;
        }
      }
      if (token >= 0) this.#ids[count++] = token;
      from = next;
    }
    return count;
  }
}

function pieceCharacter(piece: string, position: number, id: number): number {
  const character = FOLDED_ALPHABET[piece.charCodeAt(position)] ?? OTHER;
  if (character === OTHER)
    throw new CorruptError(`The vocabulary's line ${id + 1} has a character outside a-z and 0-9.`);
  return character;
}
