/**
 * What becomes of the chunks of sources that were read again, in the newest version: whoever edited or
 * deleted one meanwhile is heeded. Decides only; `library-writes.ts` commits.
 */
import type { Place } from '../../api';
import type { RecordChange } from '../../shard/changes';
import type { SourceId } from '../../shard/ids';
import { placeToWire } from '../../shard/payload';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import { isOwn } from './adding-again-passages';
import type { SourceReading } from './adding-again-reading';
import { restated } from './adding-again-sources';
import { withoutDrift } from '../editing/text-record';
import type { ShardView } from '../view';

export interface AgainPlan {
  readonly changes: readonly RecordChange[];
  /** All that a delta has to say: the changes, and a row for each source that has none. */
  readonly rows: readonly RecordChange[];
  /** The sources as they are from now on. */
  readonly sources: readonly SourceRecord[];
}

/**
 * Fills the reports of the readings in, too. Where a source could not be read to its end, it stays as
 * it is in the head, and what was made of its beginning is not in the version.
 * @param made the chunks of the ingest's new pages
 */
export function planAgain(
  head: ShardView,
  readings: readonly SourceReading[],
  made: readonly ChunkRecord[],
): AgainPlan {
  const read = new Map<SourceId, SourceReading>();
  const failed = new Set<SourceId>();
  for (const reading of readings) {
    if (reading.source) read.set(reading.id, reading);
    else failed.add(reading.id);
  }
  const chunks = new Map<SourceReading, ChunkRecord[]>();
  for (const record of read.size > 0 ? head.ordered() : []) {
    const reading = record.source === null ? undefined : read.get(record.source);
    if (!reading) continue;
    const known = chunks.get(reading);
    if (known) known.push(record);
    else chunks.set(reading, [record]);
  }
  const changes = [...chunks].flatMap(([reading, records]) => planSource(head, reading, records));
  const left = made.filter(({ source }) => source !== null && failed.has(source));
  const rows = [...changes, ...left.map(({ uuid }) => ({ uuid, before: null, after: null }))];
  const sources = [
    ...[...read.values()].flatMap(({ source }) => source ?? []),
    ...[...failed].flatMap((id) => head.findSource(id) ?? []),
  ];
  return { changes, rows: restated(head, changes, rows, sources), sources };
}

function planSource(
  head: ShardView,
  reading: SourceReading,
  records: readonly ChunkRecord[],
): RecordChange[] {
  const { report, found } = reading;
  const gone = besideGone(reading, records);
  const changes: RecordChange[] = [];
  for (const before of records) {
    const place = found.get(before.uuid);
    const after = place
      ? back(head, withoutDrift(placed(before, place)))
      : gone.has(before)
        ? withoutPassage(head, before)
        : before;
    if (!after.deleted) report[after.drift ? 'drifted' : 'kept']++;
    else if (!before.deleted) report.replaced++;
    if (after !== before) changes.push({ uuid: before.uuid, before, after });
  }
  return changes;
}

/** Chunks whose passage is gone; of what a person added, those that stand behind such a one. */
function besideGone(
  { found, known }: SourceReading,
  records: readonly ChunkRecord[],
): Set<ChunkRecord> {
  const gone = new Set<ChunkRecord>();
  const byUuid = new Map(records.map((record) => [record.uuid, record]));
  const isGone = (record: ChunkRecord | undefined): boolean | undefined =>
    record && known.has(record.uuid) ? !found.has(record.uuid) : undefined;
  let last: boolean | undefined;
  /** Added before any passage: it goes by the first one. */
  const leading: ChunkRecord[] = [];
  for (const record of records) {
    const own = isGone(record);
    if (own !== undefined) {
      if (own) gone.add(record);
      if (own && last === undefined) for (const one of leading) gone.add(one);
      last = own;
      continue;
    }
    const beside = isGone(record.from === undefined ? undefined : byUuid.get(record.from)) ?? last;
    if (beside === undefined) leading.push(record);
    else if (beside) gone.add(record);
  }
  return gone;
}

/** What a person wrote stays; what only the source said goes. */
function withoutPassage(head: ShardView, record: ChunkRecord): ChunkRecord {
  if (record.deleted || record.drift) return record;
  if (isOwn(head, record)) return { ...record, drift: true };
  return { ...record, deleted: true, replaced: true };
}

/** What went because the source had it no more comes back with it. */
function back(head: ShardView, record: ChunkRecord): ChunkRecord {
  if (!record.replaced || !head.drawn(record)) return record;
  const { replaced: _, expiresAt: _e, ...rest } = record;
  return { ...rest, deleted: false };
}

function placed(record: ChunkRecord, place: Place): ChunkRecord {
  const isThere = JSON.stringify(placeToWire(record.place)) === JSON.stringify(placeToWire(place));
  return record.place === null || isThere ? record : { ...record, place };
}
