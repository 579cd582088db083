/** The proof of a purge: looks through every stored byte and every frame for what must be gone. */
import type { Progress, PurgeReport } from '../../api';
import type { ChunkUuid } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { Store } from '../../store/store';
import type { Catalogue } from '../catalogue';
import type { Engines } from '../engines';

/** Frames decoded at a time. */
const BATCH = 64;

export interface ScanContext {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly engines: Engines;
  progress(progress: Progress): void;
}

/** Where one of the texts, or a frame's chunk of these UUIDs, is still found. */
export async function findTexts(
  purged: ReadonlySet<ChunkUuid>,
  texts: readonly string[],
  { store, catalogue, engines, progress }: ScanContext,
): Promise<Pick<PurgeReport, 'scanned' | 'found'>> {
  const found: PurgeReport['found'] = [];
  const bytes = await store.scan(needlesOf(texts), {
    onProgress: ({ done, total }) => {
      progress({ stage: 'scan', done, total });
    },
  });
  for (const { where } of bytes.found) {
    found.push({ where, message: 'A stored file still holds one of the texts.' });
  }
  let frames = 0;
  for (const segment of await allSegments(catalogue)) {
    const file = { id: segment.id, file: await store.get(segment.video) };
    for (let from = 0; from < segment.frames; from += BATCH) {
      const length = Math.min(BATCH, segment.frames - from);
      const wanted = Array.from({ length }, (_, at) => from + at);
      const read = await engines.decode.call('read', { segment: file, frames: wanted });
      frames += read.length;
      for (const { index, chunks } of read) {
        for (const { uuid, text } of chunks) {
          const isSame = purged.has(uuid);
          if (!isSame && !texts.some((one) => text.includes(one))) continue;
          const message = isSame
            ? 'A frame still holds the chunk.'
            : `Another chunk (${uuid}) has the same words.`;
          found.push({ where: `frame ${String(index)} of segment ${segment.id}`, message });
        }
      }
    }
  }
  return { scanned: { bytes: bytes.bytes, frames }, found };
}

/** The texts as UTF-8, and as JSON writes them where that differs. */
function needlesOf(texts: readonly string[]): Uint8Array[] {
  const written = new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]));
  return [...written].map((text) => new TextEncoder().encode(text));
}

/** The segments of all versions of all shards, each video once. */
async function allSegments(catalogue: Catalogue): Promise<SegmentEntry[]> {
  const segments = new Map<string, SegmentEntry>();
  for (const entry of await catalogue.entries()) {
    for await (const link of catalogue.line(entry)) {
      if (link.skeleton) continue;
      const table = await catalogue.segments(await catalogue.version(link));
      for (const segment of table.segments) segments.set(segment.id, segment);
    }
  }
  return [...segments.values()];
}
