/**
 * The schema of what a caller may change of a chunk: each reader takes what a patch made of a field
 * (undefined where it is gone) and gives the field, or refuses it with the path as `subject`.
 */
import { InvalidError } from '../errors';
import type { Place } from '../api';
import type { JsonValue } from './patch-values';

/** UTF-16 units of an overlay. */
export const MAX_TEXT = 100_000;

type Field = JsonValue | undefined;

export function readText(value: Field, subject: string): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) {
    throw new InvalidError(`A text has 1 to ${MAX_TEXT} characters.`, { subject });
  }
  if (/\p{Surrogate}/u.test(value)) {
    throw new InvalidError('The text has half a character (a lone surrogate).', { subject });
  }
  return value;
}

export function readFlag(value: Field, subject: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidError('This is true or false.', { subject });
}

/** ISO 8601 as `Date.toISOString` writes it, so that instants can be compared as texts. */
export function readExpiry(value: Field, subject: string): string | null {
  if (value === undefined) return null;
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  if (typeof value === 'string' && !Number.isNaN(time) && new Date(time).toISOString() === value) {
    return value;
  }
  throw new InvalidError('A time is written like 2026-01-31T00:00:00.000Z.', { subject });
}

const isCount = (value: JsonValue): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const isWord = (value: JsonValue): boolean => typeof value === 'string';

/** Besides `start` and `end`: see `Place`. */
const PLACE_FIELDS: Readonly<
  Record<Exclude<keyof Place, 'start' | 'end'>, (value: JsonValue) => boolean>
> = {
  page: isCount,
  row: isCount,
  slide: isCount,
  line: isCount,
  sheet: isWord,
  chapter: isWord,
  heading: (value) => Array.isArray(value) && value.every(isWord),
  time: isWord,
  path: isWord,
  notes: (value) => value === true,
  definition: isWord,
  columns: (value) => Array.isArray(value) && value.every(isWord),
};

/** JSON as a place in a source; undefined where it is none. */
export function placeOf(value: unknown): Place | undefined {
  return isPlace(value as Field) ? (value as JsonValue & Place) : undefined;
}

export function readPlace(value: Field, subject: string): Place | null {
  if (value === null) return null;
  if (isPlace(value)) return value;
  throw new InvalidError('This is not a place in a source.', { subject });
}

function isPlace(value: Field): value is JsonValue & Place {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { start, end, ...rest } = value;
  return (
    isOffset(start) &&
    isOffset(end) &&
    start <= end &&
    Object.entries(rest).every(([name, field]) => isFieldOfPlace(name) && PLACE_FIELDS[name](field))
  );
}

const isOffset = (value: Field): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isFieldOfPlace = (name: string): name is keyof typeof PLACE_FIELDS =>
  Object.hasOwn(PLACE_FIELDS, name);
