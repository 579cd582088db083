/** Says in words where a passage stands: "lift-notes.md · page 3 · Propellers › Interference". */
import type { Chunk, Place } from '../api';
import { strings } from './strings';

/** The parts of a place that help a person find it, from the coarse to the fine. */
export function describePlace(place: Place | null): string {
  if (!place) return '';
  const parts: string[] = [];
  if (place.page !== undefined) parts.push(strings.place.page(place.page));
  if (place.slide !== undefined) parts.push(strings.place.slide(place.slide));
  if (place.sheet !== undefined) parts.push(strings.place.sheet(place.sheet));
  if (place.chapter !== undefined) parts.push(place.chapter);
  if (place.heading && place.heading.length > 0) parts.push(place.heading.join(' › '));
  if (place.row !== undefined) parts.push(strings.place.row(place.row));
  if (place.time !== undefined) parts.push(place.time);
  if (place.path !== undefined) parts.push(place.path);
  if (place.definition !== undefined) parts.push(place.definition);
  if (place.notes) parts.push(strings.place.notes);
  // A line says little beside a page or a heading, and everything without them.
  if (place.line !== undefined && parts.length === 0) parts.push(strings.place.line(place.line));
  return parts.join(' · ');
}

/** The name of a chunk's source, with the path inside an archive. */
export function describeSource(source: Chunk['source']): string {
  if (!('id' in source)) return strings.place.note;
  return source.member === undefined ? source.name : `${source.name} › ${source.member}`;
}

/** A passage as it is copied: the text, then where it comes from. */
export function citation(chunk: Pick<Chunk, 'text' | 'source' | 'place'>): string {
  const where = [describeSource(chunk.source), describePlace(chunk.place)];
  return `${chunk.text.trim()}\n\n— ${where.filter(Boolean).join(', ')}`;
}
