/** Whether a place says what a filter wants of it. Pure. */
import type { Filter, Place } from '../../api';

type Wanted = NonNullable<Filter['place']>;

const NUMBERS = ['page', 'row', 'slide', 'line'] as const;
const TEXTS = ['sheet', 'chapter', 'time', 'path'] as const;

/** All fields have to fit; a place without one of them, or no place at all, does not. */
export function fitsPlace(place: Place | null, wanted: Wanted): boolean {
  const fitsNumbers = NUMBERS.every((field) => {
    const range = wanted[field];
    if (range === undefined) return true;
    const [from, to] = typeof range === 'number' ? [range, range] : range;
    const value = place?.[field];
    return value !== undefined && value >= from && value <= to;
  });
  return (
    fitsNumbers &&
    TEXTS.every((field) => hasPart(place?.[field], wanted[field])) &&
    (wanted.heading === undefined ||
      (place?.heading ?? []).some((heading) => hasPart(heading, wanted.heading)))
  );
}

function hasPart(value: string | undefined, part: string | undefined): boolean {
  if (part === undefined) return true;
  return value?.toLowerCase().includes(part.toLowerCase()) ?? false;
}
