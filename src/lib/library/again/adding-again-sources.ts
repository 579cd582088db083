/**
 * Sources whose records change: a delta says so in a row of one of their chunks, for it lists the
 * sources that its rows name.
 */
import type { RecordChange } from '../../shard/changes';
import type { SourceId } from '../../shard/ids';
import { sourceToWire, type SourceRecord } from '../../shard/records';
import type { ShardView } from '../view';

/**
 * The rows, and one more for each of these sources that none of them names, where the version has a
 * chunk of it after the changes.
 * @param rows those of the changes that a delta has to say
 */
export function restated(
  head: ShardView,
  changes: readonly RecordChange[],
  rows: readonly RecordChange[],
  sources: readonly SourceRecord[],
): RecordChange[] {
  const named = new Set(rows.map(({ after }) => after?.source));
  const left = new Set<SourceId>(sources.map(({ id }) => id).filter((id) => !named.has(id)));
  if (left.size === 0) return [...rows];
  const more: RecordChange[] = [];
  const take = (change: RecordChange): void => {
    if (change.after?.source && left.delete(change.after.source)) more.push(change);
  };
  changes.forEach(take);
  if (left.size > 0) {
    const changed = new Set(changes.map(({ uuid }) => uuid));
    for (const record of head.ordered()) {
      if (left.size === 0) break;
      if (!changed.has(record.uuid)) take({ uuid: record.uuid, before: record, after: record });
    }
  }
  return [...rows, ...more];
}

/** Sources that `done` said something else of, as they were, where the head still has what it said. */
export function sourcesBack(head: ShardView, before: ShardView, done: ShardView): SourceRecord[] {
  const asWritten = (source: SourceRecord | undefined): string =>
    JSON.stringify(source && sourceToWire(source));
  return [...before.sourceRecords()].filter((source) => {
    const made = asWritten(done.findSource(source.id));
    return made !== asWritten(source) && made === asWritten(head.findSource(source.id));
  });
}
