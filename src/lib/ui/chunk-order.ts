/** Where chunks stand in a list of which only some pages are known. Pure. */
import type { Chunk } from '../api';
import type { Selected } from './chunk-selection.svelte';

/** The known part of a list. */
export interface KnownRows {
  at(row: number): Chunk | undefined;
  /** Runs of rows: the first one's number, and the chunks. A later one knows better. */
  runs(): Iterable<[first: number, chunks: readonly Chunk[]]>;
}

/** The rows of chunks, by UUID; without those that are not known. */
export function rowsOf(list: KnownRows, uuids: Iterable<string>): Map<string, number> {
  const wanted = new Set(uuids);
  const rows = new Map<string, number>();
  if (wanted.size === 0) return rows;
  for (const [first, chunks] of list.runs()) {
    chunks.forEach(({ uuid }, at) => {
      if (wanted.has(uuid)) rows.set(uuid, first + at);
    });
  }
  return rows;
}

/** The row of a chunk, where it is known. */
export function rowOf(list: KnownRows, uuid: string): number | undefined {
  return rowsOf(list, [uuid]).get(uuid);
}

/**
 * The UUIDs of what is selected, in order, where it could be joined: at least two live chunks of one
 * source with nothing but tombstones between them. Null where it could not, or is not known.
 */
export function joinOrder(selected: readonly Selected[], list: KnownRows): string[] | null {
  const [first] = selected;
  if (!first || selected.length < 2) return null;
  if (selected.some(({ deleted, source }) => deleted || source !== first.source)) return null;
  const rows = rowsOf(
    list,
    selected.map(({ uuid }) => uuid),
  );
  if (rows.size < selected.length) return null;
  const ordered = [...rows].sort((a, b) => a[1] - b[1]);
  const [start, end] = [ordered[0]?.[1] ?? 0, ordered.at(-1)?.[1] ?? 0];
  for (let row = start; row <= end; row += 1) {
    const chunk = list.at(row);
    if (!chunk || (!chunk.deleted && !rows.has(chunk.uuid))) return null;
  }
  return ordered.map(([uuid]) => uuid);
}
