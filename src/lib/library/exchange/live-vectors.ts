/** Packed vectors of rows that lie in several units, picked out of their search data. */
import { combineVectors } from '../../search/combine-vectors';
import { Vectors } from '../../search/vectors';
import type { Store } from '../../store/store';
import type { RowOrigin } from '../redraw/live-rows';
import type { ShardView } from '../view';

/** @returns row i is of `rows[i]`, zero where it was never embedded; null where none was */
export async function vectorsOf(
  view: ShardView,
  rows: readonly RowOrigin[],
  store: Store,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const units = [...new Set(rows.map(({ unit }) => unit))];
  const parts = await Promise.all(
    units.map(async (id) => {
      const { segment, delta } = view.unit(id);
      const packed = segment?.vectors
        ? await store.read(segment.vectors)
        : (delta?.vectors ?? null);
      return packed && Vectors.open(packed);
    }),
  );
  const numbers = new Map(units.map((id, at) => [id, at]));
  const picks = rows.map(({ unit, row }) => ({ part: numbers.get(unit) ?? -1, row }));
  return combineVectors(parts, picks);
}
