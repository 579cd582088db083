/**
 * Vectors of overlays, as a delta carries them. One that is known for the same text, context and
 * model is copied; the rest are embedded. So a clone, a restore or a merge never embeds twice.
 */
import { contextOf, searchedText } from '../../shard/context';
import type { ShardEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import { selectVectorBytes } from '../../search/combine-vectors';
import { quantise, Vectors } from '../../search/vectors';
import type { Store } from '../../store/store';
import type { Engines } from '../engines';
import type { ShardView } from '../view';

export interface VectorContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly assetsUrl: string;
}

/**
 * The vectors of the records that have a text, packed in their order. Where the model is not here,
 * those that are not known are zero; null where none is known, and where no record has a text.
 * @param views where the same texts may be known, the likeliest first
 */
export async function overlayVectors(
  records: readonly (ChunkRecord | null)[],
  views: readonly ShardView[],
  model: ShardEntry['model'],
  { engines, store, assetsUrl }: VectorContext,
): Promise<Uint8Array | null> {
  const overlays = records.flatMap((record) => (record?.text === undefined ? [] : [record]));
  if (overlays.length === 0) return null;
  const parts: (Uint8Array | null)[] = [];
  const partOf = new Map<string, number>();
  const picks: ({ part: number; row: number } | null)[] = [];
  for (const record of overlays) {
    const known = knownRow(record, views, model);
    if (!known) {
      picks.push(null);
      continue;
    }
    let part = partOf.get(known.unit);
    if (part === undefined) {
      part = parts.push(await vectorBytes(known.view, known.unit, store)) - 1;
      partOf.set(known.unit, part);
    }
    const bytes = parts[part];
    // A zero vector may be of a time when the model was not here.
    const isMade = bytes && !Vectors.open(bytes).isZero(known.at);
    picks.push(isMade ? { part, row: known.at } : null);
  }
  const unknown = overlays.filter((_, at) => picks[at] === null);
  if (unknown.length > 0) {
    const texts = unknown.map(searchedText);
    const made = await engines.embed.call('embed', {
      ...{ model, texts, assetsUrl },
      kind: 'passage',
    });
    const part = parts.push(made && quantise(made.vectors, made.dimensions)) - 1;
    let row = 0;
    picks.forEach((pick, at) => {
      if (pick === null) picks[at] = { part, row: row++ };
    });
  }
  return selectVectorBytes(
    parts,
    picks.filter((pick) => pick !== null),
  );
}

/** Where a view has the vector of a record's text and context. */
function knownRow(
  record: ChunkRecord,
  views: readonly ShardView[],
  model: string,
): { view: ShardView; unit: string; at: number } | null {
  for (const view of views) {
    if (view.version.model !== model) continue;
    const known = view.find(record.uuid);
    const row = known?.sha256 === record.sha256 ? view.rowOf(known) : null;
    if (!known || !row) continue;
    // A text in its frame is searched as its page has it, whatever place a delta gives it since.
    const made = known.text === undefined ? view.drawn(known) : known;
    if (made && contextOf(made.place) === contextOf(record.place)) return { view, ...row };
  }
  return null;
}

/** The packed vectors of a unit; null where it was never embedded. */
async function vectorBytes(
  view: ShardView,
  unit: string,
  store: Store,
): Promise<Uint8Array | null> {
  const { delta, segment } = view.unit(unit);
  if (delta) return delta.vectors;
  return segment?.vectors ? store.read(segment.vectors) : null;
}
