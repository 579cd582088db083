/**
 * The way of a question: embed it, rank by meaning and words, and read the text of each hit out of
 * its frame. Search data is loaded into the searching worker when a version is first asked.
 */
import type { Chunk, Hit, SearchOptions } from '../api';
import { InvalidError, WorkerLostError } from '../errors';
import type { Ranked } from '../search/shard-search';
import type { SegmentEntry } from '../shard/objects';
import type { ChunkRecord } from '../shard/records';
import type { Store } from '../store/store';
import type { Engines } from './engines';
import type { FrameTexts } from './frame-texts';
import type { ShardView } from './view';

const DEFAULT_TOP_K = 10;
const MAX_TOP_K = 1000;

/** Candidates read for each hit wanted, where a filter looks at the text itself. */
const TEXT_FILTER_DEPTH = 20;

/** Versions whose search data stays loaded: what a person goes back and forth between. */
const KEPT_VIEWS = 8;

export interface QuestionContext {
  readonly store: Store;
  readonly engines: Engines;
  readonly texts: FrameTexts;
  readonly assetsUrl: string;
}

export class Questions {
  readonly #context: QuestionContext;
  readonly #loaded = new Map<string, Promise<void>>();
  readonly #views = new Map<string, Promise<void>>();
  /** Segments by view, the longest unused view first. */
  readonly #used = new Map<string, readonly string[]>();

  constructor(context: QuestionContext) {
    this.#context = context;
  }

  /** @throws InvalidError for a bad `topK` */
  async ask(view: ShardView, query: string, options: SearchOptions): Promise<Hit[]> {
    try {
      return await this.#ask(view, query, options);
    } catch (error) {
      if (!(error instanceof WorkerLostError)) throw error;
      this.#forgetLoaded(); // the next searching worker knows nothing yet
      return this.#ask(view, query, options);
    }
  }

  async #ask(view: ShardView, query: string, options: SearchOptions): Promise<Hit[]> {
    const { topK = DEFAULT_TOP_K, mode = 'hybrid', filter, signal } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > MAX_TOP_K) {
      throw new InvalidError(`topK must be a whole number from 1 to ${String(MAX_TOP_K)}.`, {
        subject: 'topK',
      });
    }
    if (query.trim() === '' || view.segments.length === 0) return [];
    const [vector] = await Promise.all([
      mode === 'lexical' ? null : this.#embed(view, query, signal),
      this.#prepare(view),
    ]);
    signal?.throwIfAborted();
    const { search } = this.#context.engines;
    const ranked = await search.call(
      'query',
      {
        key: view.key,
        text: query,
        vector,
        topK: filter?.text === undefined ? topK : topK * TEXT_FILTER_DEPTH,
        mode,
        ...(filter ? { allow: view.allowed(filter) } : {}),
      },
      { signal },
    );
    return this.#read(view, ranked, query, topK, options);
  }

  async #embed(view: ShardView, query: string, signal?: AbortSignal): Promise<Float32Array> {
    const { engines, assetsUrl } = this.#context;
    const { vectors } = await engines.embed.call(
      'embed',
      { model: view.version.model, texts: [query], kind: 'query', assetsUrl },
      { signal },
    );
    return vectors;
  }

  /** Sees to it that the searching worker knows this version, and lets the longest unused go. */
  async #prepare(view: ShardView): Promise<void> {
    const { search } = this.#context.engines;
    await this.#once(this.#views, view.key, async () => {
      await Promise.all(
        view.segments.map((segment) =>
          this.#once(this.#loaded, segment.id, () => this.#load(segment)),
        ),
      );
      const segments = view.segments.map((one) => ({ id: one.id, live: view.live(one) }));
      await search.call('view', { key: view.key, language: view.entry.language, segments });
    });
    this.#used.delete(view.key);
    this.#used.set(
      view.key,
      view.segments.map(({ id }) => id),
    );
    const [oldest] = this.#used.keys();
    if (oldest === undefined || this.#used.size <= KEPT_VIEWS) return;
    this.#used.delete(oldest);
    this.#views.delete(oldest);
    const needed = new Set([...this.#used.values()].flat());
    const unused = [...this.#loaded.keys()].filter((id) => !needed.has(id));
    for (const id of unused) this.#loaded.delete(id);
    await search.call('unload', { views: [oldest], segments: unused });
  }

  #forgetLoaded(): void {
    this.#loaded.clear();
    this.#views.clear();
    this.#used.clear();
  }

  async #load(segment: SegmentEntry): Promise<void> {
    const { store, engines } = this.#context;
    const [postings, vectors] = await Promise.all([
      store.read(segment.postings),
      segment.vectors ? store.read(segment.vectors) : null,
    ]);
    await engines.search.call('load', { id: segment.id, postings, vectors });
  }

  #once(known: Map<string, Promise<void>>, key: string, work: () => Promise<void>): Promise<void> {
    const under = known.get(key);
    if (under) return under;
    const promise = work();
    known.set(key, promise);
    promise.catch(() => known.delete(key));
    return promise;
  }

  async #read(
    view: ShardView,
    ranked: readonly Ranked[],
    query: string,
    topK: number,
    { filter, signal }: SearchOptions,
  ): Promise<Hit[]> {
    const records = ranked.map(({ segment, row }) => view.recordAt(segment, row));
    const texts = await this.#context.texts.read(view, records, signal);
    const kept = ranked
      .map((one, at) => ({ one, record: records[at], text: texts[at] }))
      .filter(({ text }) => containsWords(text ?? '', filter?.text))
      .slice(0, topK);
    const marks = await this.#context.engines.search.call('marks', {
      texts: kept.map(({ text }) => text ?? ''),
      query,
      language: view.entry.language,
    });
    return kept.flatMap(({ one, record, text }, at) =>
      record === undefined || text === undefined
        ? []
        : [
            {
              ...chunkOf(view, record, text),
              score: one.score,
              matched: [
                ...(one.lexical > 0 ? (['lexical'] as const) : []),
                ...(one.semantic > 0 ? (['semantic'] as const) : []),
              ],
              parts: { lexical: one.lexical, semantic: one.semantic },
              marks: marks[at] ?? [],
              from: record.text === undefined ? ('video' as const) : ('overlay' as const),
            },
          ],
    );
  }
}

/** Whether a text has all words of a filter, ignoring case. */
export function containsWords(text: string, words: string | undefined): boolean {
  if (words === undefined) return true;
  const lower = text.toLocaleLowerCase();
  return words
    .toLocaleLowerCase()
    .split(/\s+/u)
    .every((word) => lower.includes(word));
}

/** A record and its text as the API shows them. */
export function chunkOf(view: ShardView, record: ChunkRecord, text: string): Chunk {
  const { uuid, at, place, deleted, expiresAt } = record;
  const source = record.source === null ? null : view.source(record.source);
  return {
    uuid,
    text,
    source: source
      ? {
          id: source.id,
          name: source.name,
          type: source.type,
          ...(source.member === undefined ? {} : { member: source.member }),
        }
      : { type: 'note' },
    place,
    frame: at ? { segment: at.segment, index: at.frame, slot: at.slot } : null,
    deleted,
    edited: record.text !== undefined,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
