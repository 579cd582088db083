/**
 * A shard that was edited, as a version of it is opened: real segments in a real store, and deltas as
 * edits write them. It commits nothing, so that each law is about one view and what is made of it.
 */
import type { ProfileName } from '../../../src/lib/api';
import { ordersBetween } from '../../../src/lib/shard/order';
import { searchedText } from '../../../src/lib/shard/context';
import { encodeDelta, mergeDeltas, textRows, type Delta } from '../../../src/lib/shard/delta';
import { newLineage, newShardId, newSourceId, newVersionId } from '../../../src/lib/shard/ids';
import {
  LEAVES,
  referencesOf,
  type SegmentEntry,
  type ShardEntry,
  type Version,
} from '../../../src/lib/shard/objects';
import { decodePage, type ChunkRecord, type SourceRecord } from '../../../src/lib/shard/records';
import type { Engines } from '../../../src/lib/library/engines';
import { FrameTexts } from '../../../src/lib/library/asking/frame-texts';
import { Gate } from '../../../src/lib/library/gate';
import { SegmentBuilder } from '../../../src/lib/library/ingest/segment-builder';
import { newChunkUuid, textDigest, withText } from '../../../src/lib/library/editing/text-record';
import { ShardView } from '../../../src/lib/library/view';
import { selectVectorBytes } from '../../../src/lib/search/combine-vectors';
import { quantise } from '../../../src/lib/search/vectors';
import { digestOf, type Digest } from '../../../src/lib/store/digest';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { MemoryLocks, type Locks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';

const MODEL = 'static-en';
const WORDS =
  'wing lift drag flutter panel shock boundary layer heat transfer cake flour oven rise gas jet slip stream propeller plate cone nozzle pressure wave speed sound blunt body nose wake vortex'.split(
    ' ',
  );

/** A text of words, always the same for the same number; the number itself is a word of it. */
function textOf(seed: number): string {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const chosen = Array.from(
    { length: 110 },
    () =>
      `${WORDS[Math.floor(next() * WORDS.length)] ?? ''}${next() < 0.2 ? Math.floor(next() * 999) : ''}`,
  );
  return `Passage nr${String(seed)} ${chosen.join(' ')}.`;
}

export interface Made {
  readonly segments: readonly SegmentEntry[];
  readonly deltas: readonly Delta[];
}

export interface ShardParts<E extends Engines> {
  readonly engines: E;
  readonly fs?: FileSystem;
  readonly locks?: Locks;
  readonly profile?: ProfileName;
  readonly assetsUrl?: string;
}

export class EditedShard<E extends Engines = Engines> {
  readonly fs: FileSystem;
  readonly engines: E;
  readonly assetsUrl: string;
  readonly entry: ShardEntry;
  readonly store: Store;
  readonly texts: FrameTexts;
  readonly signal = new AbortController().signal;
  readonly told: { stage: string; done: number; total: number }[] = [];
  view: ShardView;
  /** What each chunk says, whether it lives or not. */
  readonly said = new Map<string, string>();
  #seed = 0;

  private constructor(store: Store, fs: FileSystem, parts: ShardParts<E>) {
    const { engines, profile = 'compact', assetsUrl = 'unused' } = parts;
    this.assetsUrl = assetsUrl;
    this.fs = fs;
    this.engines = engines;
    this.store = store;
    this.texts = new FrameTexts(store, engines.decode);
    const zero = '0'.repeat(64) as Digest;
    const head = { id: newVersionId(), digest: zero };
    this.entry = {
      ...{ format: 'memreel/shard/1', id: newShardId(), name: 'Notes', lineage: newLineage() },
      ...{ profile, model: MODEL, language: 'en', head, questions: null },
      ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
      ...{
        log: zero,
        tags: {},
        facts: { chunks: 0, deleted: 0, bytes: 0, expires: true },
      },
    };
    this.view = new ShardView(this.entry, this.#version(), { segments: [], pages: [], deltas: [] });
  }

  /** @param sizes chunks of each segment; each segment is a document */
  static async of<E extends Engines>(
    sizes: readonly number[],
    parts: ShardParts<E>,
  ): Promise<EditedShard<E>> {
    const { fs = new MemoryFileSystem(), locks = new MemoryLocks() } = parts;
    const store = await Store.open({
      ...{ fs, locks, name: 'test', references: referencesOf, leaves: LEAVES },
    });
    await store.becomeWriter();
    const shard = new EditedShard(store, fs, parts);
    const segments: SegmentEntry[] = [];
    for (const size of sizes) segments.push(await shard.#segment(size));
    await shard.take({ segments, deltas: [] });
    const records = shard.view.ordered();
    const texts = await shard.texts.read(shard.view, records);
    records.forEach(({ uuid }, at) => shard.said.set(uuid, texts[at] ?? ''));
    return shard;
  }

  get context() {
    const { engines, store, texts, signal, fs, assetsUrl } = this;
    const progress = (step: { stage: string; done: number; total: number }): void => {
      this.told.push(step);
    };
    return { engines, store, texts, signal, fs, assetsUrl, progress };
  }

  /** Opens another state of the shard. */
  async take({ segments, deltas }: Made, model = this.view.version.model): Promise<void> {
    const pages = await Promise.all(
      segments.map(async ({ page }) => decodePage(await this.store.read(page))),
    );
    const opened = await Promise.all(
      deltas.map(async (delta) => ({ digest: await digestOf(encodeDelta(delta)), delta })),
    );
    this.view = new ShardView(
      this.entry,
      { ...this.#version(), model },
      {
        ...{ segments, pages, deltas: opened },
      },
    );
  }

  /** The record at a place in order, counted round. */
  at(position: number): ChunkRecord {
    const all = this.view.ordered();
    const record = all[position % all.length];
    if (!record) throw new Error('The shard has no chunks.');
    return record;
  }

  async edit(record: ChunkRecord, text = textOf(++this.#seed + 5_000_000)): Promise<void> {
    this.said.set(record.uuid, text);
    await this.#change({ ...(await withText(record, text)), deleted: false });
  }

  async remove(record: ChunkRecord): Promise<void> {
    await this.#change({ ...record, deleted: true });
  }

  async relocate(record: ChunkRecord): Promise<void> {
    await this.#change({ ...record, place: { start: ++this.#seed, end: this.#seed + 1, page: 7 } });
  }

  async expire(record: ChunkRecord, expiresAt = '2026-01-02T00:00:00.000Z'): Promise<void> {
    await this.#change({ ...record, expiresAt });
  }

  async insertAfter(position: number, text = textOf(++this.#seed + 9_000_000)): Promise<void> {
    const all = this.view.ordered();
    const before = position % all.length;
    const low = all[before]?.order ?? null;
    const [order = ''] = ordersBetween(low, all[before + 1]?.order ?? null, 1);
    const uuid = await newChunkUuid();
    this.said.set(uuid, text);
    await this.#change({
      ...{ uuid, order, at: null, source: null, place: null, deleted: false, text },
      ...{ length: text.length, bytes: new TextEncoder().encode(text).length },
      ...{ sha256: await textDigest(text), addedAt: '2026-03-01T00:00:00.000Z' },
    });
  }

  /** The chunk is not in the version at all any more, as after an undo of what brought it. */
  async drop(record: ChunkRecord): Promise<void> {
    await this.#add({ sources: [], rows: [{ uuid: record.uuid, record: null }], vectors: null });
  }

  /** All deltas as one, as edits merge theirs from time to time. */
  async consolidate(): Promise<void> {
    const deltas = this.view.deltas.map(({ delta }) => delta);
    if (deltas.length === 0) return;
    const merged = mergeDeltas(deltas, selectVectorBytes);
    await this.take({ segments: this.view.segments, deltas: [merged] });
  }

  async #change(record: ChunkRecord): Promise<void> {
    const sources = record.source === null ? [] : [this.view.source(record.source)];
    const rows = [{ uuid: record.uuid, record }];
    const texts = textRows({ sources, rows, vectors: null }).map(searchedText);
    let vectors: Uint8Array | null = null;
    if (texts.length > 0) {
      const made = await this.engines.embed.call('embed', {
        ...{ model: MODEL, texts, kind: 'passage', assetsUrl: this.assetsUrl },
      });
      vectors = made && quantise(made.vectors, made.dimensions);
    }
    await this.#add({ sources, rows, vectors });
  }

  async #add(delta: Delta): Promise<void> {
    const deltas = [...this.view.deltas.map((one) => one.delta), delta];
    await this.take({ segments: this.view.segments, deltas });
  }

  async #segment(chunks: number): Promise<SegmentEntry> {
    const { profile, lineage, model, language } = this.entry;
    const number = ++this.#seed;
    const builder = new SegmentBuilder({
      ...{ ...this.context, profile, lineage, model, language, gate: new Gate(2) },
      progress: () => undefined,
    });
    const source: SourceRecord = {
      ...{ id: newSourceId(), name: `document ${String(number)}.txt`, type: 'text/plain' },
      ...{ sha256: String(number).padStart(64, '0'), addedAt: '2026-01-01T00:00:00.000Z' },
    };
    // Documents follow each other: b0…, b1…, as ingests append.
    const orders = ordersBetween(`a${String(number)}`, `a${String(number + 1)}`, chunks);
    for (const [at, order] of orders.entries()) {
      const text = textOf(number * 10_000 + at);
      const bytes = new TextEncoder().encode(text).length;
      const place = { start: at * 1000, end: at * 1000 + text.length };
      const sha256 = await textDigest(text);
      await builder.add({ text, bytes, place, sha256, order, source, context: '' });
    }
    return builder.finish();
  }

  #version(): Version {
    return {
      ...{ format: 'memreel/version/1', id: this.entry.head.id, parents: [], operation: 'ingest' },
      ...{ message: '', createdAt: '2026-01-01T00:00:00.000Z', model: MODEL, deltas: [] },
      ...{ segments: '0'.repeat(64) as Digest, patch: null },
      counts: {
        ...{ chunks: 0, deleted: 0, added: 0, edited: 0, removed: 0, restored: 0, sources: 0 },
      },
    };
  }
}

/** Answers to questions as uuid and score, through the searching worker's own calls. */
export async function answersOf(
  { view, engines, store, assetsUrl }: EditedShard,
  questions: readonly string[],
): Promise<[uuid: string, score: string][][]> {
  const { language } = view.entry;
  const key = crypto.randomUUID();
  const names = new Map<string, string>();
  const segments: { id: string; live: Uint8Array | null }[] = [];
  for (const unit of view.units()) {
    const id = `${key} ${unit.id}`;
    names.set(id, unit.id);
    if (unit.segment) {
      const postings = await store.read(unit.segment.postings);
      const vectors = unit.segment.vectors ? await store.read(unit.segment.vectors) : null;
      await engines.search.call('load', { id, postings, vectors });
    } else if (unit.delta) {
      const texts = textRows(unit.delta).map(searchedText);
      await engines.search.call('loadTexts', {
        ...{ id, texts, language },
        vectors: unit.delta.vectors,
      });
    }
    segments.push({ id, live: view.live(unit, new Date('2025-01-01')) });
  }
  await engines.search.call('view', { key, language, segments });
  const answers: [string, string][][] = [];
  for (const text of questions) {
    const asked = await engines.embed.call('embed', {
      ...{ model: view.version.model, texts: [text], kind: 'query', assetsUrl },
    });
    const ranked = await engines.search.call('query', {
      ...{ key, text, vector: asked?.vectors ?? null, topK: 10, mode: 'hybrid' },
    });
    answers.push(
      ranked
        .map(({ segment, row, score }): [string, string] => [
          view.recordAt(names.get(segment) ?? '', row).uuid,
          score.toFixed(6),
        ])
        .sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1)),
    );
  }
  return answers;
}
