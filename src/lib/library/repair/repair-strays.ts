/**
 * Videos of ours that nothing names any more, because what named them is lost: they become a shard
 * again, from their frames alone. Others stay as they are: what nothing names was deleted, as a rule.
 */
import type { ShardEntry } from '../../shard/objects';
import type { Lineage } from '../../shard/ids';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { Digest } from '../../store/digest';
import { CorruptError, UnsupportedError } from '../../errors';
import { openMp4 } from '../../video/mp4-index';
import { commitImport, type PreparedImport } from '../exchange/import-commit';
import { importMp4 } from '../exchange/import-mp4';
import type { KnownSegments, RepairContext } from './repair-survey';
import { orLost } from './repair-versions';
import { openView } from '../view';

/**
 * Only videos of a lineage of which no shard can be opened; in a library without any entry all.
 * @returns the ids of new shards
 */
export async function recoverStrays(
  strays: readonly Digest[],
  survey: KnownSegments,
  context: RepairContext,
): Promise<string[]> {
  const { catalogue } = context;
  const entries = await catalogue.entries();
  const open = new Set<Lineage>();
  const broken = new Map<Lineage, ShardEntry>();
  for (const entry of entries) {
    if (await orLost(() => openView(catalogue, entry, entry.head))) open.add(entry.lineage);
    else broken.set(entry.lineage, entry);
  }
  for (const lineage of open) broken.delete(lineage);
  if (broken.size === 0 && entries.length > 0) return [];
  const unfinished = new Set(context.unfinished);
  const found = new Map<Lineage, Map<Digest, Blob>>();
  const add = (lineage: Lineage, digest: Digest, video: Blob): void => {
    const videos = found.get(lineage) ?? new Map<Digest, Blob>();
    found.set(lineage, videos.set(digest, video));
  };
  for (const digest of strays) {
    context.signal.throwIfAborted();
    const video = unfinished.has(digest) ? undefined : await videoOf(digest, context);
    const lineage = video && (await lineageOf(digest, video, context));
    if (lineage && (entries.length === 0 || broken.has(lineage))) add(lineage, digest, video);
  }
  const made: string[] = [];
  for (const [lineage, videos] of found) {
    // Versions before the one that is lost may name some of them.
    for (const { segment, entry } of survey.segments) {
      const video = entry.lineage === lineage && (await videoOf(segment.video, context));
      if (video) videos.set(segment.video, video);
    }
    const name = broken.get(lineage)?.name ?? 'Shard';
    const prepared = await rebuilt([...videos.values()], `${name} (recovered)`, context);
    if (!prepared) continue;
    const { entry } = await commitImport(prepared, {}, context);
    made.push(entry.id);
  }
  return made;
}

async function videoOf(digest: Digest, { store }: RepairContext): Promise<Blob | undefined> {
  const blob = await orLost(() => store.get(digest));
  const magic = new TextDecoder('latin1').decode(await blob?.slice(4, 8).arrayBuffer());
  return magic === 'ftyp' ? blob : undefined;
}

/** Frames that are asked which lineage they are of: the first that can be read says it. */
const ASKED = 8;

async function lineageOf(
  digest: Digest,
  file: Blob,
  { engines, signal }: RepairContext,
): Promise<Lineage | undefined> {
  try {
    const { frames } = await openMp4(file);
    const asked = Array.from({ length: Math.min(ASKED, frames) }, (_, frame) => frame);
    const args = { segment: { id: `stray ${digest}`, file }, frames: asked };
    const read = await engines.decode.call('recover', args, { signal });
    return read.find(({ frame }) => frame !== null)?.frame?.lineage;
  } catch (error) {
    if (error instanceof CorruptError || error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

/** All videos as one shard, the oldest first: of a chunk that is in two, the later one counts. */
async function rebuilt(
  videos: readonly Blob[],
  name: string,
  context: RepairContext,
): Promise<PreparedImport | null> {
  const writtenAt = (video: Blob): number => (video instanceof File ? video.lastModified : 0);
  const parts: PreparedImport[] = [];
  for (const video of [...videos].sort((a, b) => writtenAt(a) - writtenAt(b))) {
    context.signal.throwIfAborted();
    try {
      parts.push(await importMp4(new File([video], `${name}.mp4`), context));
    } catch (error) {
      if (!(error instanceof CorruptError || error instanceof UnsupportedError)) throw error;
    }
  }
  const [first] = parts;
  if (!first) return null;
  const pages = parts.flatMap((part) => part.pages);
  return {
    ...first,
    shard: { ...first.shard, name },
    segments: parts.flatMap(({ segments }) => segments),
    pages,
    delta: repeatedIn(pages),
    message: 'Rebuilt from frames whose index is lost',
  };
}

/** Says where a chunk counts that several pages have; null where none is in two. */
function repeatedIn(pages: PreparedImport['pages']): PreparedImport['delta'] {
  const last = new Map<string, { record: ChunkRecord; isTwice: boolean }>();
  for (const record of pages.flatMap(({ records }) => records)) {
    last.set(record.uuid, { record, isTwice: last.has(record.uuid) });
  }
  const twice = [...last.values()].filter(({ isTwice }) => isTwice);
  if (twice.length === 0) return null;
  const named = new Set(twice.map(({ record }) => record.source));
  const sources = new Map<string, SourceRecord>();
  for (const source of pages.flatMap((page) => page.sources)) {
    if (named.has(source.id)) sources.set(source.id, source);
  }
  return {
    sources: [...sources.values()],
    rows: twice.map(({ record }) => ({ uuid: record.uuid, record })),
    vectors: null,
  };
}
