/**
 * What a chunk is searched with besides its text: the header of its table and the headings that it
 * stands under. Made from the place each time, so that a chunk is found alike however it came to be;
 * never stored, and no part of the text.
 */
import type { Place } from '../api';

/** UTF-16 units: more would outweigh a short text. */
const MOST = 200;

/** A chunk as what it is searched by. */
interface Searched {
  readonly text?: string | undefined;
  readonly place: Place | null;
}

/**
 * A line that is embedded and indexed in front of a chunk's text; empty where the place tells none. A
 * heading that the text says itself is not said twice: its words would count double.
 */
export function contextOf(place: Place | null, text = ''): string {
  const headings = (place?.heading ?? []).filter((heading) => !text.includes(heading));
  const parts = [...(place?.columns ?? []), ...headings.toReversed()];
  let context = '';
  for (const part of parts) {
    const longer = context === '' ? part : `${context}, ${part}`;
    if (longer.length >= MOST) break;
    context = longer;
  }
  return context === '' ? '' : `${context}\n`;
}

/** What is embedded and indexed of a chunk. */
export function searchedText({ text = '', place }: Searched): string {
  return contextOf(place, text) + text;
}
