/**
 * Where chunks lie in index pages. Pages are immutable and shared by versions, so what is found of
 * one is kept as long as the page is: an edit costs what it changes, not the size of the shard.
 */
import type { ChunkUuid } from '../shard/ids';
import type { IndexPage } from '../shard/records';

const known = new WeakMap<IndexPage, ReadonlyMap<ChunkUuid, number>>();

/** The row of each chunk of a page. */
export function rowsOf(page: IndexPage): ReadonlyMap<ChunkUuid, number> {
  let rows = known.get(page);
  if (!rows) {
    rows = new Map(page.records.map(({ uuid }, row) => [uuid, row]));
    known.set(page, rows);
  }
  return rows;
}

/** The rows of a page whose chunks are among these; looks the shorter way round. */
export function rowsAmong(page: IndexPage, uuids: ReadonlyMap<ChunkUuid, unknown>): Set<number> {
  const found = new Set<number>();
  if (uuids.size > page.records.length) {
    page.records.forEach(({ uuid }, row) => {
      if (uuids.has(uuid)) found.add(row);
    });
  } else if (uuids.size > 0) {
    const rows = rowsOf(page);
    for (const uuid of uuids.keys()) {
      const row = rows.get(uuid);
      if (row !== undefined) found.add(row);
    }
  }
  return found;
}
