/**
 * JSON values as patches carry them: copied under limits, compared, looked into. Nothing here knows
 * of operations, paths or chunks.
 */
import { InvalidError } from '../errors';

export interface JsonObject {
  [key: string]: JsonValue;
}
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** Containers inside each other, from the root of the document: no walk may overflow the stack. */
export const MAX_DEPTH = 64;

/** Names that lead to what all objects share: a document never has them as keys. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** @throws InvalidError for a name that reaches an object's prototype */
export function refuseReserved(name: string, subject: string): void {
  if (RESERVED.has(name)) {
    throw new InvalidError(`A patch cannot name ${name}.`, { subject });
  }
}

/** Counts bytes of JSON (UTF-8) down to a limit: a few `copy` operations would double a document. */
export class Meter {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** @throws InvalidError when more was spent in all than the limit */
  spend(bytes: number, subject: string): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new InvalidError(`The patch brings more than ${this.#limit} bytes.`, { subject });
    }
  }
}

/**
 * A deep copy that shares nothing with `value`, and the proof that it is JSON. A value whose parts
 * refer to each other costs as if it were written out, so a ring or a tower of references ends.
 * @param depth containers above the value in the document
 * @throws InvalidError, with `subject`, for what JSON cannot say (`undefined`, NaN, a Date …), for
 * reserved keys, for nesting beyond `MAX_DEPTH`, and when the meter runs out
 */
export function copyJson(value: unknown, depth: number, meter: Meter, subject: string): JsonValue {
  if (typeof value === 'string') {
    meter.spend(stringBytes(value), subject);
    return value;
  }
  if (
    value === null ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  ) {
    meter.spend(String(value).length, subject);
    return value;
  }
  if (typeof value !== 'object') throw notJson(subject);
  if (depth >= MAX_DEPTH) {
    throw new InvalidError(`The patch nests values more than ${MAX_DEPTH} deep.`, { subject });
  }
  meter.spend(2, subject);
  if (Array.isArray(value)) {
    const copy: JsonValue[] = [];
    for (let at = 0; at < value.length; at++) {
      if (at > 0) meter.spend(1, subject);
      copy.push(copyJson(value[at], depth + 1, meter, subject));
    }
    return copy;
  }
  if (!isPlain(value)) throw notJson(subject);
  const copy: JsonObject = {};
  let first = true;
  for (const [key, member] of Object.entries(value)) {
    refuseReserved(key, subject);
    meter.spend(stringBytes(key) + (first ? 1 : 2), subject); // its colon, and a comma before it
    first = false;
    copy[key] = copyJson(member, depth + 1, meter, subject);
  }
  return copy;
}

/** Equal as RFC 6902, section 4.6, says: the order of keys does not count, that of items does. */
export function equalJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, at) => equalJson(item, b[at]));
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
}

/** An array's index as RFC 6901, section 4, writes it: no sign, no leading zero, no exponent. */
export const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** What a value holds under a reference token; undefined where there is nothing. */
export function childOf(value: JsonValue | undefined, token: string): JsonValue | undefined {
  if (Array.isArray(value)) return INDEX.test(token) ? value[Number(token)] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, token) ? value[token] : undefined;
}

export function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype of any realm has no prototype of its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Bytes of a string's JSON text in UTF-8, as `JSON.stringify` escapes it (lone surrogates too). */
function stringBytes(text: string): number {
  let bytes = 2;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20) bytes += '\b\t\n\f\r'.includes(text.charAt(at)) ? 2 : 6;
    else if (unit < 0x80) bytes += unit === 0x22 || unit === 0x5c ? 2 : 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      bytes += 4;
      at++;
    } else bytes += 6;
  }
  return bytes;
}

const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

const notJson = (subject: string): InvalidError =>
  new InvalidError('A patch holds a value that is not JSON.', { subject });
