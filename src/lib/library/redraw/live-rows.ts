/**
 * The rows of search data that a version shows: each live chunk once, where its present text is.
 * What is built from them (videos, pages, search data) is made elsewhere.
 */
import type { ChunkUuid } from '../../shard/ids';
import { compareOrder } from '../../shard/order';
import type { ChunkRecord } from '../../shard/records';
import type { SearchUnit, ShardView } from '../view';

/** A row of a unit's search data. */
export interface RowOrigin {
  readonly unit: string;
  readonly row: number;
}

/** A live chunk, and the row that has the search data of its present text. */
export interface LiveRow {
  readonly record: ChunkRecord;
  readonly origin: RowOrigin;
}

export class LiveRows {
  readonly #view: ShardView;
  readonly #due: ReadonlySet<ChunkUuid>;
  readonly #found = new Map<SearchUnit, readonly LiveRow[]>();

  /** @param now what is due by then counts as dead; without it, nothing does */
  constructor(view: ShardView, now?: Date) {
    this.#view = view;
    this.#due = new Set(now ? view.due(now).map(({ uuid }) => uuid) : []);
  }

  /** Of a segment, in the order of its page. */
  ofSegment(id: string): readonly LiveRow[] {
    const unit = this.#view.units().find(({ segment }) => segment?.id === id);
    if (!unit) throw new Error(`The version has no segment ${id}.`);
    return this.#of(unit);
  }

  /** Of all overlays, by order. */
  ofOverlays(): LiveRow[] {
    const overlays = this.#view.units().filter(({ delta }) => delta !== null);
    return overlays.flatMap((unit) => this.#of(unit)).sort(byOrder);
  }

  #of(unit: SearchUnit): readonly LiveRow[] {
    const found = this.#found.get(unit);
    if (found) return found;
    const rows: LiveRow[] = [];
    for (let row = 0; row < unit.rows; row++) {
      if (!this.#view.isShown(unit, row)) continue;
      const record = this.#view.recordAt(unit.id, row);
      if (!this.#due.has(record.uuid)) rows.push({ record, origin: { unit: unit.id, row } });
    }
    this.#found.set(unit, rows);
    return rows;
  }
}

/** As versions list chunks: by order, then by UUID. */
export const byOrder = (a: LiveRow, b: LiveRow): number =>
  compareOrder(a.record.order, b.record.order) || compareOrder(a.record.uuid, b.record.uuid);

/** The record without the text of an overlay. */
export function withoutText(record: ChunkRecord): ChunkRecord {
  const drawn: { -readonly [K in keyof ChunkRecord]: ChunkRecord[K] } = { ...record };
  delete drawn.text;
  return drawn;
}
