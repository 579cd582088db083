/**
 * Order keys: strings compared by code unit, with always room for another between two of them, so
 * that no chunk is ever renumbered. Fractional indexing as David Greenspan and Rocicorp describe it.
 */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';

/** A key after `last`; the first of all for null. */
export function orderAfter(last: string | null): string {
  return generateKeyBetween(last, null);
}

/** `count` keys in ascending order strictly between two others; null is an open end. */
export function ordersBetween(low: string | null, high: string | null, count: number): string[] {
  return generateNKeysBetween(low, high, count);
}

/** By code unit, as `<` compares strings in JavaScript. */
export function compareOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
