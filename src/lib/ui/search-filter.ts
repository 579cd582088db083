/**
 * What of a shard is asked, beside the question: kinds, when it was added, and what its place says. As
 * it is typed; kept in the address, and made into the library's filter. Pure.
 */
import type { Filter } from '../api';

const NUMBER_FIELDS = ['page', 'slide', 'row', 'line'] as const;
const TEXT_FIELDS = ['sheet', 'heading', 'chapter'] as const;
export const PLACE_FIELDS = [...NUMBER_FIELDS, ...TEXT_FIELDS] as const;
export type PlaceField = (typeof PLACE_FIELDS)[number];

export interface SearchFilter {
  /** Media types; none means all. */
  readonly types: readonly string[];
  /** Days, as `2026-11-22` in the person's time zone, both included; empty for any. */
  readonly from: string;
  readonly to: string;
  /** As typed: a number, two with a dash between, or part of a name. Empty ones are left out. */
  readonly place: Readonly<Partial<Record<PlaceField, string>>>;
}

/** Everything is asked. */
export const NO_FILTER: SearchFilter = { types: [], from: '', to: '', place: {} };

/** Writes what is set into an address; `readFilter` reads it back without loss. */
export function writeFilter(filter: SearchFilter, query: URLSearchParams): void {
  for (const type of filter.types) query.append('kind', type);
  if (filter.from !== '') query.set('from', filter.from);
  if (filter.to !== '') query.set('to', filter.to);
  for (const field of PLACE_FIELDS) {
    const value = filter.place[field] ?? '';
    if (value !== '') query.set(field, value);
  }
}

export function readFilter(query: URLSearchParams): SearchFilter {
  const place: Partial<Record<PlaceField, string>> = {};
  for (const field of PLACE_FIELDS) {
    const value = query.get(field) ?? '';
    if (value !== '') place[field] = value;
  }
  return {
    types: query.getAll('kind'),
    from: query.get('from') ?? '',
    to: query.get('to') ?? '',
    place,
  };
}

/** How many things narrow the search. */
export function countFilters(filter: SearchFilter, sources: readonly string[]): number {
  const texts = [filter.from, filter.to, ...Object.values(filter.place)];
  const lists = [filter.types, sources];
  return (
    texts.filter((value) => value.trim() !== '').length +
    lists.filter(({ length }) => length > 0).length
  );
}

/** `3` or `3–7`, both included; null for what is neither. */
export function parseRange(typed: string): number | [number, number] | null {
  const [, from, to] = /^\s*(\d{1,9})\s*(?:[-–—]\s*(\d{1,9})\s*)?$/u.exec(typed) ?? [];
  if (from === undefined) return null;
  return to === undefined ? Number(from) : [Number(from), Number(to)];
}

/** Whether what is typed in a field of the place cannot be meant. */
export function isAmiss(field: PlaceField, typed: string): boolean {
  const isNumber = NUMBER_FIELDS.some((one) => one === field);
  return isNumber && typed.trim() !== '' && parseRange(typed) === null;
}

/** The library's filter; undefined where everything is asked. What is amiss narrows nothing. */
export function apiFilter(filter: SearchFilter, sources: readonly string[]): Filter | undefined {
  const place: NonNullable<Filter['place']> = {};
  for (const field of NUMBER_FIELDS) {
    const range = parseRange(filter.place[field] ?? '');
    if (range !== null) place[field] = range;
  }
  for (const field of TEXT_FIELDS) {
    const part = filter.place[field]?.trim() ?? '';
    if (part !== '') place[field] = part;
  }
  const [from, to] = [dayBegins(filter.from, 0), dayBegins(filter.to, 1)];
  const made: Filter = {
    ...(sources.length === 0 ? {} : { sources: [...sources] }),
    ...(filter.types.length === 0 ? {} : { types: [...filter.types] }),
    // The library leaves the very moment out.
    ...(from === null ? {} : { addedAfter: new Date(from - 1).toISOString() }),
    ...(to === null ? {} : { addedBefore: new Date(to).toISOString() }),
    ...(Object.keys(place).length === 0 ? {} : { place }),
  };
  return Object.keys(made).length === 0 ? undefined : made;
}

/** When a day begins here, or the day some days later; null for no day. */
function dayBegins(day: string, later: number): number | null {
  const [year = NaN, month = NaN, date = NaN] = day.split('-').map(Number);
  const time = new Date(year, month - 1, date + later).getTime();
  return Number.isNaN(time) || Math.abs(time) > 8.64e15 - 1 ? null : time;
}

/**
 * Whether a question says only what is to be left out: nothing answers it. A minus before a word or a
 * quotation, as `search/query-text.ts` reads it.
 */
export function isOnlyExclusions(query: string): boolean {
  const rest = query.replaceAll(
    /(?<=^|\s)[-−－](?:["“”„‟〝〞〟＂][^"“”„‟〝〞〟＂]*["“”„‟〝〞〟＂]|[«»‹›][^«»‹›]*[«»‹›]|[「」｢｣][^「」｢｣]*[「」｢｣]|[『』][^『』]*[『』]|[《》][^《》]*[《》]|[^\s\-−－]\S*)/gu,
    '',
  );
  return query.trim() !== '' && !/[\p{L}\p{N}]/u.test(rest);
}
