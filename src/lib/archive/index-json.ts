/**
 * The index of a shard as one JSON file (docs/FORMAT.md, "Index"): written as a stream of lines, read
 * strictly. What a patch may do to it is `shard/index-document.ts`.
 */
import { CorruptError } from '../errors';
import type { Place } from '../api';
import { placeOf } from '../shard/index-document-fields';
import { chunkToJson } from '../shard/index-document';
import type { ChunkUuid, Lineage, SegmentId, SourceId } from '../shard/ids';
import { FORMAT } from '../shard/payload';
import type { ChunkRecord, SourceRecord } from '../shard/records';
import { countAt, idAt, objectAt, sha256At, textAt } from './manifest';

/** The lines of the file. @param records in order */
export function* indexLines(
  lineage: Lineage,
  sources: readonly SourceRecord[],
  records: Iterable<ChunkRecord>,
): Generator<string> {
  yield `{"format":${JSON.stringify(FORMAT)},"lineage":${JSON.stringify(lineage)},"sources":{`;
  yield* members(sources, ({ id, ...source }) => [id, source]);
  yield '\n},"chunks":{';
  yield* members(records, (record) => [record.uuid, indexEntry(record)]);
  yield '\n}}\n';
}

function indexEntry(record: ChunkRecord): object {
  const { bytes, length, addedAt, own, drift, replaced } = record;
  return {
    ...chunkToJson(record),
    ...(bytes === length ? {} : { bytes }),
    ...(addedAt === undefined ? {} : { addedAt }),
    ...marksOf({ own, drift, replaced }),
  };
}

/** What is only there where it is true. */
function marksOf(marks: Record<'own' | 'drift' | 'replaced', unknown>): Marks {
  const { own, drift, replaced } = marks;
  return {
    ...(own ? { own: true } : {}),
    ...(drift ? { drift: true } : {}),
    ...(replaced ? { replaced: true } : {}),
  };
}

type Marks = Pick<ChunkRecord, 'own' | 'drift' | 'replaced'>;

function* members<T>(
  items: Iterable<T>,
  entryOf: (item: T) => readonly [key: string, value: object],
): Generator<string> {
  let before = '\n';
  for (const item of items) {
    const [key, value] = entryOf(item);
    yield `${before}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    before = ',\n';
  }
}

/** An index as it was read. */
export interface ArchivedIndex {
  readonly lineage: string;
  readonly sources: readonly SourceRecord[];
  /** In the order of the file. */
  readonly records: readonly ChunkRecord[];
}

/** @throws CorruptError for anything that `indexLines` does not write */
export function parseIndex(text: string): ArchivedIndex {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptError('The index is not JSON.', { cause: error });
  }
  const { format, lineage, sources, chunks } = objectAt(json, 'index');
  if (format !== FORMAT) throw new CorruptError('The index has another format.');
  const listed = Object.entries(objectAt(sources, 'sources')).map(([id, source]) =>
    sourceOf(id, source),
  );
  const known = new Set(listed.map(({ id }) => id));
  const records = Object.entries(objectAt(chunks, 'chunks')).map(([uuid, chunk]) => {
    const record = recordOf(uuid, chunk);
    if (record.source !== null && !known.has(record.source)) {
      throw new CorruptError(`The chunk ${uuid} names a source that the index does not list.`);
    }
    return record;
  });
  return { lineage: idAt(lineage, 'lineage'), sources: listed, records };
}

function sourceOf(id: string, json: unknown): SourceRecord {
  const { name, type, sha256, addedAt, member } = objectAt(json, 'source');
  return {
    id: idAt(id, 'source') as SourceId,
    name: textAt(name, 'source.name'),
    type: textAt(type, 'source.type'),
    sha256: sha256At(sha256),
    addedAt: timeAt(addedAt, 'source.addedAt'),
    ...(member === undefined ? {} : { member: textAt(member, 'source.member') }),
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

export function isUuid(json: unknown): json is ChunkUuid {
  return typeof json === 'string' && UUID.test(json);
}

/** @throws CorruptError */
function uuidAt(json: unknown): ChunkUuid {
  if (isUuid(json)) return json;
  throw new CorruptError('The index has a chunk whose UUID is none.');
}

function recordOf(uuid: string, json: unknown): ChunkRecord {
  const chunk = objectAt(json, 'chunk');
  const { order, segment, frame, slot, length, sha256, source, place, deleted } = chunk;
  const { bytes, from, expiresAt, addedAt, text, own, drift, replaced } = chunk;
  if (typeof deleted !== 'boolean') throw odd(uuid, 'does not say whether it is deleted');
  for (const mark of [own, drift, replaced]) {
    if (mark !== undefined && mark !== true) throw odd(uuid, 'has a mark that is not true');
  }
  const at =
    segment === null
      ? null
      : {
          segment: idAt(segment, 'segment') as SegmentId,
          frame: countAt(frame, 'frame'),
          slot: countAt(slot, 'slot'),
        };
  const units = countAt(length, 'length');
  return {
    uuid: uuidAt(uuid),
    order: orderAt(order),
    at,
    length: units,
    bytes: bytes === undefined ? units : countAt(bytes, 'bytes'),
    sha256: sha256At(sha256),
    source: source === null ? null : (idAt(source, 'source') as SourceId),
    place: placeAt(uuid, place),
    deleted,
    ...(from === undefined ? {} : { from: uuidAt(from) }),
    ...(expiresAt === undefined ? {} : { expiresAt: timeAt(expiresAt, 'expiresAt') }),
    ...(addedAt === undefined ? {} : { addedAt: timeAt(addedAt, 'addedAt') }),
    ...marksOf({ own, drift, replaced }),
    ...(text === undefined ? {} : { text: textAt(text, 'text') }),
  };
}

/** Whether it is a key of `shard/order.ts`. */
export function isOrderKey(json: unknown): json is string {
  return typeof json === 'string' && /^[0-9A-Za-z]{1,4096}$/u.test(json);
}

/** @throws CorruptError */
function orderAt(json: unknown): string {
  if (isOrderKey(json)) return json;
  throw new CorruptError('The index has a chunk whose order key is none.');
}

function placeAt(uuid: string, json: unknown): Place | null {
  if (json === null) return null;
  const place = placeOf(json);
  if (place) return place;
  throw odd(uuid, 'has a place that is none');
}

function timeAt(json: unknown, what: string): string {
  if (typeof json === 'string' && !Number.isNaN(Date.parse(json))) return json;
  throw new CorruptError(`The index has a time (${what}) that is none.`);
}

const odd = (uuid: string, what: string): CorruptError =>
  new CorruptError(`The chunk ${uuid} of the index ${what}.`);
