/**
 * Search data of rows that come from several units, written anew without their texts: old rows are
 * picked out of old postings and vectors; only texts of overlays are split into words.
 */
import { searchedText } from '../../shard/context';
import { textRows, type Delta } from '../../shard/delta';
import type { SegmentEntry } from '../../shard/objects';
import { selectVectorBytes } from '../../search/combine-vectors';
import type { Store } from '../../store/store';
import type { Engines } from '../engines';
import type { RowOrigin } from './live-rows';
import type { SearchPart } from '../protocol';
import type { SearchData } from './segment-files';
import type { ShardView } from '../view';

/** Units whose whole search data is in memory at once: 2 MB each with vectors of 128 dimensions. */
const UNITS_AT_ONCE = 8;

export interface SearchContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** @returns postings and vectors whose row i is `rows[i]` */
export async function combineRows(
  view: ShardView,
  rows: readonly RowOrigin[],
  context: SearchContext,
): Promise<SearchData> {
  const byUnit = new Map<string, number[]>();
  for (const { unit, row } of rows) {
    const picked = byUnit.get(unit);
    if (picked) picked.push(row);
    else byUnit.set(unit, [row]);
  }
  const units = [...byUnit].map(([unit, picked]) => ({ unit, picked }));
  if (units.length <= UNITS_AT_ONCE) return combineUnits(view, units, rows, context);
  // Of many units first the picked rows, some units at a time, then all of those together.
  const parts: SearchData[] = [];
  const placeOf = new Map<string, { part: number; rows: Map<number, number> }>();
  for (let from = 0; from < units.length; from += UNITS_AT_ONCE) {
    const some = units.slice(from, from + UNITS_AT_ONCE);
    const picked = some.flatMap(({ unit, picked: all }) => all.map((row) => ({ unit, row })));
    picked.forEach(({ unit, row }, at) => {
      const place = placeOf.get(unit) ?? { part: parts.length, rows: new Map<number, number>() };
      placeOf.set(unit, place);
      place.rows.set(row, at);
    });
    parts.push(await combineUnits(view, some, picked, context));
  }
  const picks = rows.map(({ unit, row }) => {
    const place = placeOf.get(unit);
    return { part: place?.part ?? -1, row: place?.rows.get(row) ?? -1 };
  });
  return combine(view, parts, picks, context);
}

async function combineUnits(
  view: ShardView,
  units: readonly { readonly unit: string; readonly picked: readonly number[] }[],
  rows: readonly RowOrigin[],
  context: SearchContext,
): Promise<SearchData> {
  const numbers = new Map(units.map(({ unit }, part) => [unit, part]));
  const picks = rows.map(({ unit, row }) => ({ part: numbers.get(unit) ?? -1, row }));
  const parts = await Promise.all(
    units.map(async ({ unit, picked }, part) => {
      const { segment, delta } = view.unit(unit);
      if (segment) return segmentPart(segment, context.store);
      if (!delta) throw new Error(`${unit} is neither a segment's search data nor a delta's.`);
      // Only the picked overlays are split into words: their rows are counted anew.
      const at = new Map(picked.map((row, position) => [row, position]));
      for (const pick of picks) {
        if (pick.part === part) pick.row = at.get(pick.row) ?? -1;
      }
      return overlayPart(delta, picked);
    }),
  );
  return combine(view, parts, picks, context);
}

async function segmentPart(segment: SegmentEntry, store: Store): Promise<SearchPart> {
  const { postings, vectors } = segment;
  const [postingBytes, vectorBytes] = await Promise.all([
    store.read(postings),
    vectors ? store.read(vectors) : null,
  ]);
  return { postings: postingBytes, vectors: vectorBytes };
}

function overlayPart(delta: Delta, rows: readonly number[]): SearchPart {
  const records = textRows(delta);
  const texts = rows.map((row) => {
    const record = records[row];
    return record ? searchedText(record) : '';
  });
  const picks = rows.map((row) => ({ part: 0, row }));
  return { texts, vectors: delta.vectors ? selectVectorBytes([delta.vectors], picks) : null };
}

function combine(
  view: ShardView,
  parts: readonly SearchPart[],
  picks: readonly { readonly part: number; readonly row: number }[],
  { engines, signal }: SearchContext,
): Promise<SearchData> {
  const { language } = view.entry;
  return engines.encode.call('combine', { parts, picks, language }, { signal });
}
