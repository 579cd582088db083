/**
 * The values of a JSON document with their paths, from pieces that may end anywhere: nothing of
 * the document is held but the way to the value at hand. Not `JSON.parse`, which would need all of
 * it at once. Numbers keep the digits they are written with.
 *
 * The tokens are @streamparser/json's; its parser of values is not used, for it builds them.
 */

import { Tokenizer, TokenizerError, TokenType } from '@streamparser/json';

/** A string, number, `true` or `false`; `null` says nothing. */
export interface JsonValue {
  readonly type: 'string' | 'number' | 'boolean';
  readonly text: string;
  /** As RFC 9535 writes it: `$.a.b[3]`. */
  readonly path: string;
  /** The nearest name above it, for the first value of a list only; undefined without one. */
  readonly label: string | undefined;
  /** Its own name, where it is a member of an object. */
  readonly name: string | undefined;
  /** Objects and lists around it. */
  readonly depth: number;
}

/** What is told of a document, in order. */
export interface JsonHandler {
  value(value: JsonValue): void;
  /** An object or list begins; `depth` are those around it. */
  open(kind: 'object' | 'list', depth: number, path: string): void;
  close(kind: 'object' | 'list', depth: number, path: string): void;
}

/** The text is no JSON: a comment, a trailing comma, a name without quotes, two documents. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/** Nested beyond what is read. */
export class JsonDepthError extends Error {
  override readonly name = 'JsonDepthError';
}

/** Objects and lists inside each other: documents that people have stay below 40. */
export const MAX_JSON_DEPTH = 256;
/** UTF-16 units of a path that a place carries; what is longer ends in `…`. */
const MAX_PATH = 500;
/** Names that a path shows without quotes. */
const PLAIN_NAME = /^[^\s.'"[\]]+$/;

interface Level {
  readonly kind: 'object' | 'list';
  readonly path: string;
  /** Of a list: the name it has, or the list around it. */
  readonly label: string | undefined;
  name: string | undefined;
  index: number;
}

/** What may come next. */
type Expected = 'value' | 'value or ]' | 'name or }' | 'name' | ':' | ', or end' | 'nothing';

export class JsonValues {
  readonly #handler: JsonHandler;
  readonly #tokens: Tokenizer;
  readonly #levels: Level[] = [];
  #expected: Expected = 'value';
  #number = '';
  #sinceToken = 0;

  constructor(handler: JsonHandler) {
    this.#handler = handler;
    const written = (number: string): void => {
      this.#number = number;
    };
    this.#tokens = new (class extends Tokenizer {
      protected override parseNumber(number: string): number {
        written(number);
        return Number(number);
      }
    })();
    this.#tokens.onToken = ({ token, value }) => {
      this.#sinceToken = 0;
      this.#take(token, String(value));
    };
    this.#tokens.onError = (error) => {
      // What the handler throws comes by here too.
      throw error instanceof TokenizerError ? new JsonSyntaxError(error.message) : error;
    };
  }

  /** UTF-16 units since the last token's end, at a piece's end: a long string, or white space. */
  get held(): number {
    return this.#sinceToken;
  }

  /** Whether the document is whole. */
  get whole(): boolean {
    return this.#expected === 'nothing';
  }

  /** Whether nothing but white space has come. */
  get blank(): boolean {
    return this.#expected === 'value' && this.#levels.length === 0;
  }

  /** The path of the value that comes next, or is being read. */
  get path(): string {
    return this.#path();
  }

  /** @throws JsonSyntaxError, JsonDepthError */
  write(piece: string): void {
    this.#sinceToken += piece.length;
    this.#tokens.write(piece);
  }

  /**
   * Ends a number that nothing follows.
   * @throws JsonSyntaxError where a token is cut off
   */
  end(): void {
    // White space ends a number, and is an error inside any other token.
    this.#tokens.write(' ');
  }

  #take(token: TokenType, text: string): void {
    const level = this.#levels.at(-1);
    switch (token) {
      case TokenType.LEFT_BRACE:
        this.#open('object');
        return;
      case TokenType.LEFT_BRACKET:
        this.#open('list');
        return;
      case TokenType.RIGHT_BRACE:
        this.#close(level, 'object', 'name or }');
        return;
      case TokenType.RIGHT_BRACKET:
        this.#close(level, 'list', 'value or ]');
        return;
      case TokenType.COLON:
        this.#must(':');
        this.#expected = 'value';
        return;
      case TokenType.COMMA:
        this.#must(', or end');
        if (level !== undefined) level.index++;
        this.#expected = level?.kind === 'object' ? 'name' : 'value';
        return;
      case TokenType.STRING:
        if (level !== undefined && (this.#expected === 'name or }' || this.#expected === 'name')) {
          level.name = text;
          this.#expected = ':';
          return;
        }
        this.#value('string', text);
        return;
      case TokenType.NUMBER:
        this.#value('number', this.#number);
        return;
      case TokenType.TRUE:
      case TokenType.FALSE:
        this.#value('boolean', text);
        return;
      case TokenType.NULL:
        this.#must('value', 'value or ]');
        this.#valueEnds();
        return;
      case TokenType.SEPARATOR:
        throw new Error('No separator was asked for.');
    }
  }

  #open(kind: Level['kind']): void {
    this.#must('value', 'value or ]');
    const depth = this.#levels.length;
    if (depth >= MAX_JSON_DEPTH) throw new JsonDepthError();
    const path = this.#path();
    this.#levels.push({ kind, path, label: this.#label(), name: undefined, index: 0 });
    this.#expected = kind === 'object' ? 'name or }' : 'value or ]';
    this.#handler.open(kind, depth, path);
  }

  #close(level: Level | undefined, kind: Level['kind'], empty: Expected): void {
    if (level?.kind !== kind) throw new JsonSyntaxError(`no ${kind} ends here`);
    this.#must(empty, ', or end');
    this.#levels.pop();
    this.#valueEnds();
    this.#handler.close(kind, this.#levels.length, level.path);
  }

  #value(type: JsonValue['type'], text: string): void {
    this.#must('value', 'value or ]');
    const level = this.#levels.at(-1);
    const first = level?.kind !== 'list' || level.index === 0;
    this.#handler.value({
      type,
      text,
      path: this.#path(),
      label: first ? this.#label() : undefined,
      name: level?.name,
      depth: this.#levels.length,
    });
    this.#valueEnds();
  }

  #valueEnds(): void {
    this.#expected = this.#levels.length === 0 ? 'nothing' : ', or end';
  }

  #must(expected: Expected, or?: Expected): void {
    if (this.#expected !== expected && this.#expected !== or) {
      throw new JsonSyntaxError(`${this.#expected} is expected here`);
    }
  }

  /** The name that stands over the value at hand. */
  #label(): string | undefined {
    const level = this.#levels.at(-1);
    return level?.kind === 'object' ? level.name : level?.label;
  }

  /** Of the value at hand. */
  #path(): string {
    const level = this.#levels.at(-1);
    if (level === undefined) return '$';
    if (level.path.endsWith('…')) return level.path;
    const { kind, name = '', index } = level;
    const step =
      kind === 'list'
        ? `[${index}]`
        : PLAIN_NAME.test(name)
          ? `.${name}`
          : `[${JSON.stringify(name)}]`;
    const path = level.path + step;
    return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH).toWellFormed()}…` : path;
  }
}
