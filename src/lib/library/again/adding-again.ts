/**
 * Documents that a shard has already, as an ingest comes across them: the same content is not read
 * again; changed content is read with the old passages at hand, so that those which are still there
 * stay the chunks that they are.
 */
import type { AddedAgain } from '../../api';
import type { SourceId } from '../../shard/ids';
import { compareOrder } from '../../shard/order';
import type { SourceRecord } from '../../shard/records';
import { MAX_ANCHORED, TOO_LONG } from '../../text/anchored';
import { passagesOf, passageTexts, type PassageContext } from './adding-again-passages';
import { SourceReading } from './adding-again-reading';
import type { ShardView } from '../view';

/** A document that was identified. */
interface Identified {
  /** The dropped file's name. */
  readonly name: string;
  /** The position of the dropped file. */
  readonly at: number;
  readonly member: string | undefined;
  readonly sha256: string;
  /** Whether more may be read of the same bytes than before: of pictures of text, this time. */
  readonly mayHaveMore?: boolean;
}

/** A document that the shard has. */
export interface KnownDocument {
  readonly source: SourceId;
  /** Null where its content is the same, so that there is nothing to read. */
  readonly anchors: readonly string[] | null;
}

export class AddingAgain {
  readonly #view: ShardView;
  readonly #context: PassageContext;
  /** The positions of each source's chunks among all, tombstones too. */
  readonly #positions = new Map<SourceId, number[]>();
  /** Live chunks of each source; those without any are as if they were not there. */
  readonly #live = new Map<SourceId, number>();
  /** The latest ones with something live. */
  readonly #byName = new Map<string, SourceRecord>();
  readonly #byContent = new Map<string, SourceRecord>();
  readonly #readings = new Map<string, SourceReading>();
  readonly #same = new Map<string, AddedAgain>();
  /** What became of each source: the old content cannot be kept and replaced at once. */
  readonly #taken = new Map<SourceId, 'kept' | 'read'>();

  /** @param view the head as the ingest begins */
  constructor(view: ShardView, context: PassageContext, now: Date) {
    this.#view = view;
    this.#context = context;
    view.ordered().forEach((record, at) => {
      if (record.source === null) return;
      const positions = this.#positions.get(record.source);
      if (positions) positions.push(at);
      else this.#positions.set(record.source, [at]);
      if (record.deleted || view.isDue(record, now)) return;
      this.#live.set(record.source, (this.#live.get(record.source) ?? 0) + 1);
    });
    const live = [...this.#live.keys()].map((id) => view.source(id));
    for (const source of live.sort((a, b) => compareOrder(a.addedAt, b.addedAt))) {
      this.#byName.set(nameKey(source), source);
      this.#byContent.set(source.sha256, source);
    }
  }

  /** Undefined for a document that is new. */
  async find(document: Identified): Promise<KnownDocument | undefined> {
    const named = this.#byName.get(nameKey(document));
    const source = named ?? this.#byContent.get(document.sha256);
    if (!source) return undefined;
    const { id } = source;
    const isSame = source.sha256 === document.sha256 && document.mayHaveMore !== true;
    const taken = this.#taken.get(id);
    if (taken === 'read' || (taken === 'kept' && !isSame)) return undefined;
    this.#taken.set(id, isSame ? 'kept' : 'read');
    if (!isSame) return this.#reading(document, id);
    const kept = this.#live.get(id) ?? 0;
    const same = { source: id, kept, replaced: 0, drifted: 0 };
    const report = named ? same : { ...same, sameAs: pathOf(source) };
    this.#same.set(positionKey(document), report);
    return { source: id, anchors: null };
  }

  async #reading(document: Identified, id: SourceId): Promise<KnownDocument> {
    const view = this.#view;
    const passages = await passagesOf(view, this.#positions.get(id) ?? [], this.#context);
    const length = passages.reduce((sum, { given }) => sum + (given?.length ?? 0), 0);
    const isHeld = length <= MAX_ANCHORED;
    const sent = isHeld ? passages.filter(({ given }) => given !== null) : [];
    const texts = await passageTexts(view, sent, this.#context);
    const about = isHeld ? { id } : { id, warnings: [TOO_LONG] };
    const reading = new SourceReading(about, view.ordered(), passages, sent);
    this.#readings.set(positionKey(document), reading);
    return { source: id, anchors: texts.map((text = '') => text) };
  }

  /** How a document is read again; undefined for one that is new, or the same. */
  readingOf(document: Pick<Identified, 'at' | 'member'>): SourceReading | undefined {
    return this.#readings.get(positionKey(document));
  }

  /** What became of a document that the shard has. */
  reportOf(document: Pick<Identified, 'at' | 'member'>): AddedAgain | undefined {
    return this.readingOf(document)?.report ?? this.#same.get(positionKey(document));
  }

  /** Whether the shard has a source of this id, whatever is left of it. */
  knows(source: SourceId): boolean {
    return this.#view.findSource(source) !== undefined;
  }

  /** All that were begun; what could not be read to its end has no `source`. */
  get readings(): SourceReading[] {
    return [...this.#readings.values()];
  }
}

function pathOf({ name, member }: SourceRecord): string {
  return member === undefined ? name : `${name}/${member}`;
}

function nameKey({
  name,
  member,
}: Pick<Identified, 'name'> & { member?: string | undefined }): string {
  return JSON.stringify([name, member ?? null]);
}

function positionKey({ at, member }: Pick<Identified, 'at' | 'member'>): string {
  return JSON.stringify([at, member ?? null]);
}
