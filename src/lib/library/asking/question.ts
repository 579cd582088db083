/**
 * The way of a question: embed it, rank by meaning and words, and read the text of each hit out of
 * its frame. Search data is loaded into the searching worker when a version is first asked.
 */
import type { Chunk, Hit, SearchOptions } from '../../api';
import { InvalidError, WorkerLostError } from '../../errors';
import { parseQuery } from '../../search/query-text';
import type { Ranked } from '../../search/shard-search';
import { searchedText } from '../../shard/context';
import { textRows } from '../../shard/delta';
import type { ChunkRecord } from '../../shard/records';
import type { Store } from '../../store/store';
import { depthOf, readAnswers, splitExclusions, textTest, type Answer } from './answering';
import type { Engines } from '../engines';
import type { FrameTexts } from './frame-texts';
import type { SearchUnit, ShardView } from '../view';

const DEFAULT_TOP_K = 10;
const MAX_TOP_K = 1000;

/** Versions whose search data stays loaded: what a person goes back and forth between. */
const KEPT_VIEWS = 8;

export interface QuestionContext {
  readonly store: Store;
  readonly engines: Engines;
  readonly texts: FrameTexts;
  readonly assetsUrl: string;
  /** Counts that chunks were found; best effort, nobody waits for it. */
  found(uuids: readonly string[]): Promise<void> | undefined;
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

  /** @throws InvalidError for a bad `topK`, and where too many texts would have to be read */
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
    const { topK = DEFAULT_TOP_K, mode = 'hybrid', filter, fold = true, signal } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > MAX_TOP_K) {
      throw new InvalidError(`topK must be a whole number from 1 to ${String(MAX_TOP_K)}.`, {
        subject: 'topK',
      });
    }
    const { words, phrases, excluded } = parseQuery(query);
    // Nothing but exclusions asks for nothing.
    if (words === '' || view.units().length === 0) return [];
    const { language } = view.entry;
    const out = splitExclusions(excluded, language);
    const says = textTest(phrases, out.phrases, language);
    const part = filter?.text;
    const reading = {
      topK,
      fold,
      stands:
        says || part !== undefined
          ? (text: string, record: ChunkRecord): boolean =>
              containsWords(text, part) && (says?.(text, record) ?? true)
          : null,
      recordOf: ({ segment, row }: Ranked): ChunkRecord => view.recordAt(segment, row),
      read: async (records: readonly ChunkRecord[]): Promise<string[]> => {
        signal?.throwIfAborted();
        return this.#context.texts.read(view, records, signal);
      },
    };
    const [vector, key] = await Promise.all([
      mode === 'lexical' ? null : this.#embed(view, words, signal),
      this.#prepare(view),
    ]);
    signal?.throwIfAborted();
    const { search } = this.#context.engines;
    const ranked = await search.call(
      'query',
      {
        // By words alone where the model is not here, whatever was asked for: `modelState` says so.
        ...{ key, text: words, vector, mode: vector ? mode : 'lexical' },
        ...{ topK: depthOf(reading), learn: true },
        ...{ phrases, without: out.words, alike: fold && reading.stands === null },
        ...(filter ? { allow: view.allowed(filter) } : {}),
      },
      { signal, onQuestion: (leads) => reading.read(leads.map(reading.recordOf)) },
    );
    return this.#hits(view, words, await readAnswers(ranked, reading));
  }

  /** Null where the model is not here. */
  async #embed(view: ShardView, query: string, signal?: AbortSignal): Promise<Float32Array | null> {
    const { engines, assetsUrl } = this.#context;
    const embedded = await engines.embed.call(
      'embed',
      { model: view.version.model, texts: [query], kind: 'query', assetsUrl },
      { signal },
    );
    return embedded?.vectors ?? null;
  }

  /** Sees to it that the searching worker knows this version, and lets the longest unused go. */
  async #prepare(view: ShardView): Promise<string> {
    const { search } = this.#context.engines;
    const now = new Date();
    const due = view.due(now).length;
    // What has expired leaves the answers at once, before any sweep: another set of rows.
    const key = due > 0 ? `${view.key} -${String(due)}` : view.key;
    const units = view.units();
    await this.#once(this.#views, key, async () => {
      await Promise.all(
        units.map((unit) => this.#once(this.#loaded, unit.id, () => this.#load(view, unit))),
      );
      const segments = units.map((unit) => ({ id: unit.id, live: view.live(unit, now) }));
      await search.call('view', { key, language: view.entry.language, segments });
    });
    this.#used.delete(key);
    this.#used.set(
      key,
      units.map(({ id }) => id),
    );
    const [oldest] = this.#used.keys();
    if (oldest === undefined || this.#used.size <= KEPT_VIEWS) return key;
    this.#used.delete(oldest);
    this.#views.delete(oldest);
    const needed = new Set([...this.#used.values()].flat());
    const unused = [...this.#loaded.keys()].filter((id) => !needed.has(id));
    for (const id of unused) this.#loaded.delete(id);
    await search.call('unload', { views: [oldest], segments: unused });
    return key;
  }

  /** Drops all search data that the searching worker holds. */
  async forget(): Promise<void> {
    const views = [...this.#views.keys()];
    const segments = [...this.#loaded.keys()];
    this.#forgetLoaded();
    await this.#context.engines.search.call('unload', { views, segments });
  }

  #forgetLoaded(): void {
    this.#loaded.clear();
    this.#views.clear();
    this.#used.clear();
  }

  async #load(view: ShardView, { id, segment, delta }: SearchUnit): Promise<void> {
    const { store, engines } = this.#context;
    if (delta) {
      const texts = textRows(delta).map(searchedText);
      const { language } = view.entry;
      await engines.search.call('loadTexts', { id, texts, language, vectors: delta.vectors });
      return;
    }
    if (!segment) throw new Error(`Unit ${id} is neither a segment nor a delta.`);
    const [postings, vectors] = await Promise.all([
      store.read(segment.postings),
      segment.vectors ? store.read(segment.vectors) : null,
    ]);
    await engines.search.call('load', { id, postings, vectors });
  }

  #once(known: Map<string, Promise<void>>, key: string, work: () => Promise<void>): Promise<void> {
    const under = known.get(key);
    if (under) return under;
    const promise = work();
    known.set(key, promise);
    promise.catch(() => known.delete(key));
    return promise;
  }

  async #hits(view: ShardView, words: string, answers: readonly Answer[]): Promise<Hit[]> {
    void this.#context.found(answers.map(({ record }) => record.uuid));
    const marks = await this.#context.engines.search.call('marks', {
      texts: answers.map(({ text }) => text),
      query: words,
      language: view.entry.language,
    });
    return answers.map(({ one, record, text, duplicates }, at) => ({
      ...chunkOf(view, record, text),
      score: one.score,
      matched: [
        ...(one.lexical > 0 ? (['lexical'] as const) : []),
        ...(one.semantic > 0 ? (['semantic'] as const) : []),
      ],
      parts: { lexical: one.lexical, semantic: one.semantic },
      marks: marks[at] ?? [],
      from: record.text === undefined ? ('video' as const) : ('overlay' as const),
      ...(duplicates.length > 0 ? { duplicates } : {}),
    }));
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
  const { uuid, at, place, deleted, sha256, from, expiresAt, drift } = record;
  return {
    uuid,
    text,
    source: sourceOf(view, record),
    place,
    frame:
      at && view.hasSegment(at.segment)
        ? { segment: at.segment, index: at.frame, slot: at.slot }
        : null,
    deleted,
    edited: record.text !== undefined,
    sha256,
    ...(from === undefined ? {} : { from }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(drift && !deleted ? { drift } : {}),
  };
}

/** Where a chunk comes from, as the API shows it. */
export function sourceOf(view: ShardView, record: ChunkRecord): Chunk['source'] {
  const source = view.findSource(record.source);
  if (!source) return { type: 'note' };
  const { id, name, type, member } = source;
  return member === undefined ? { id, name, type } : { id, name, type, member };
}
