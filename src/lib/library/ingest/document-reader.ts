/**
 * Documents into chunks, in the order they were given, a few ahead: each dropped file, and the files
 * inside it. Each reading worker can be ended: a document that hangs or exhausts its worker costs
 * itself and nothing else. Workers that read all they were given to the end are left to the next
 * reader; all others are ended.
 */
import type { ChunkingOptions, IngestOptions } from '../../api';
import { WorkerLostError } from '../../errors';
import type { Loan } from '../../rpc/pool';
import type { Lineage, SourceId } from '../../shard/ids';
import { mapAhead } from '../ahead';
import type { Engines } from '../engines';
import { InsideBudget, shareOf } from './inside-budget';
import type { DraftChunk, ExtractBatch, ExtractProtocol, MemberEntry } from '../protocol';
import { Passwords, ReadingWorker, type Watch } from './reading-worker';

/** Documents whose first batch is read before they are asked for, and members of each container. */
const AHEAD = 6;

/** Reading workers: extraction is light beside encoding, but for PDF. */
const READERS = 2;

export interface ReaderOptions {
  readonly engines: Engines;
  readonly lineage: Lineage;
  readonly chunking: ChunkingOptions;
  /** The shard's model. */
  readonly model: string;
  readonly ocr?: IngestOptions['ocr'];
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
  /** Decides about a document before it is read. @throws as what it needs for that; then it fails */
  planOf(document: IdentifiedDocument): Promise<ReadingPlan>;
  password(file: string): Promise<string | undefined>;
  /** Bytes of a dropped file read so far; of an archive, as much of it as of what is in it. */
  progress(file: number, bytes: number): void;
}

/** What is known of a document before it is read. */
export interface IdentifiedDocument {
  /** The position of the dropped file. */
  readonly at: number;
  /** The path inside; absent for the dropped file itself. */
  readonly member: string | undefined;
  readonly type: string;
  /** Of the document's own file, hex. */
  readonly sha256: string;
}

/** How a document is read. */
export interface ReadingPlan {
  /** The id that its source gets. */
  readonly source: SourceId;
  /** Passages that it had before, in order; null where it is not read at all. */
  readonly anchors: readonly string[] | null;
}

/** A document with text of its own. */
export interface OpenedDocument extends IdentifiedDocument {
  readonly source: SourceId;
  /** All batches, the first one included; ends with the document, throws where it fails. */
  chunks(): AsyncGenerator<readonly DraftChunk[]>;
}

/** A dropped file, or one inside it, and what came of opening it. */
export interface ReadDocument {
  readonly member: string | undefined;
  /** Undefined for a container without text of its own. */
  readonly opened: OpenedDocument | { readonly error: unknown } | undefined;
  /** Complete once `chunks` has ended. */
  readonly warnings: string[];
}

/** A dropped file: itself first, then what is inside it, in its order. */
interface ReadFile {
  readonly file: File;
  readonly at: number;
  documents(): AsyncGenerator<ReadDocument>;
}

/** A document as it is read, perhaps a second time. */
interface Document {
  readonly file: File;
  readonly at: number;
  readonly member: string | undefined;
  /** Bytes of the document's own file. */
  readonly size: number;
  /** Bytes of the dropped file that it stands for in progress. */
  share: number;
  /** How many of those are read. */
  read: number;
  /** SHA-256 of the dropped file; known once that is identified. */
  container: string | undefined;
}

/** A document that was entered, and those inside it. */
interface Entered {
  readonly document: ReadDocument;
  readonly members: readonly Document[];
}

/** The worker that has a document. */
interface Seat {
  readonly worker: ReadingWorker;
  /** The worker reads nothing else. */
  readonly alone: boolean;
}

interface Begun extends Seat {
  readonly reply: ExtractProtocol['open']['reply'];
}

type Work<T> = (worker: Loan<ExtractProtocol>, watch: Watch) => Promise<T>;

export class DocumentReader {
  readonly #options: ReaderOptions;
  readonly #passwords: Passwords;
  /** Those that documents share, by lane. */
  readonly #lanes: (ReadingWorker | undefined)[] = [];
  /** All that are not given back or ended. */
  readonly #workers = new Set<ReadingWorker>();
  readonly #bytesRead = new Map<number, number>();
  #entered = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#passwords = new Passwords((file) => options.password(file));
  }

  /** One result a file, in order. */
  async *read(files: readonly File[]): AsyncGenerator<ReadFile> {
    const { signal } = this.#options;
    const entered = mapAhead(files.entries(), AHEAD, async ([at, file]) => {
      const { size } = file;
      const whole = { file, at, size, share: size, read: 0 };
      const root = await this.#enter({ ...whole, member: undefined, container: undefined });
      return { file, at, documents: () => this.#inside(root, new InsideBudget()) };
    });
    for await (const one of entered) {
      signal.throwIfAborted();
      yield one;
    }
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
    this.#workers.clear();
    this.#lanes.length = 0;
  }

  /** A document and what is inside it, as far as the budget of its dropped file goes. */
  async *#inside(
    { document, members }: Entered,
    budget: InsideBudget,
  ): AsyncGenerator<ReadDocument> {
    const refused = budget.take(members);
    if (refused !== undefined) document.warnings.push(refused);
    yield document;
    if (refused !== undefined) return;
    for await (const one of mapAhead(members, AHEAD, (member) => this.#enter(member))) {
      this.#options.signal.throwIfAborted();
      yield* this.#inside(one, budget);
    }
  }

  /** Identifies a document and begins to read it, where it has text. Never rejects. */
  async #enter(document: Document): Promise<Entered> {
    const { at, member } = document;
    const warnings: string[] = [];
    try {
      const { seat, identity } = await this.#identify(document);
      warnings.push(...identity.warnings);
      const { type, sha256, isText } = identity;
      if (member === undefined) document.container = sha256;
      const members = this.#membersOf(document, identity);
      if (!isText) {
        this.#finish(seat);
        return { document: { member, opened: undefined, warnings }, members };
      }
      const known = { at, member, type, sha256 };
      const { source, anchors } = await this.#options.planOf(known);
      if (!anchors) {
        this.#finish(seat);
        return {
          document: { member, opened: { ...known, source, chunks: noBatch }, warnings },
          members,
        };
      }
      const plan = { source, anchors };
      const begun = await this.#begin(document, plan, seat);
      const chunks = (): AsyncGenerator<readonly DraftChunk[]> =>
        this.#batches(document, plan, begun, warnings);
      return { document: { member, opened: { ...known, source, chunks }, warnings }, members };
    } catch (error) {
      return { document: { member, opened: { error }, warnings }, members: [] };
    }
  }

  /** The documents inside, each with its share of the dropped file's bytes. */
  #membersOf(
    document: Document,
    { members, isText }: { members: readonly MemberEntry[]; isText: boolean },
  ): Document[] {
    const { file, at, container } = document;
    const shares = shareOf(document, members, isText);
    document.share = shares.own;
    return members.map(({ path, size }) => ({
      ...{ file, at, container, size, read: 0, member: path },
      share: shares.ofBytes(size),
    }));
  }

  async #identify(
    document: Document,
  ): Promise<{ seat: Seat; identity: ExtractProtocol['identify']['reply'] }> {
    const lane = this.#entered++ % READERS;
    const shared = (this.#lanes[lane] ??= this.#lend());
    shared.begin();
    const { file, member, container: sha256 } = document;
    const { assetsUrl } = this.#options;
    const { seat, result } = await this.#inSharedOrAlone(
      document,
      { worker: shared, alone: false },
      (worker, watch) => worker.call('identify', { file, member, sha256, assetsUrl }, watch),
    );
    return { seat, identity: result };
  }

  async #begin(document: Document, plan: ReadingPlan, from: Seat): Promise<Begun> {
    const open = this.#opening(document, plan);
    const { seat, result } = await this.#inSharedOrAlone(document, from, open);
    return { ...seat, reply: result };
  }

  #opening(
    { file, member, container: sha256 }: Document,
    { source, anchors }: ReadingPlan,
  ): Work<ExtractProtocol['open']['reply']> {
    const { lineage, chunking, model, ocr, assetsUrl } = this.#options;
    const args = { file, member, sha256, source, lineage, chunking, model, ocr, assetsUrl };
    const given = anchors && anchors.length > 0 ? { ...args, anchors } : args;
    return (worker, watch) => worker.call('open', given, watch);
  }

  /**
   * Works in a worker that others share. Where that is lost, perhaps over another document, works
   * once more in a worker of its own: who fails there has failed by itself.
   */
  async #inSharedOrAlone<T>(
    document: Document,
    seat: Seat,
    work: Work<T>,
  ): Promise<{ seat: Seat; result: T }> {
    try {
      return { seat, result: await this.#watched(document, seat, work) };
    } catch (error) {
      if (seat.alone || !(error instanceof WorkerLostError)) throw error;
      return this.#inAlone(document, seat, work);
    }
  }

  async #inAlone<T>(
    document: Document,
    lost: Seat,
    work: Work<T>,
  ): Promise<{ seat: Seat; result: T }> {
    const lane = this.#lanes.indexOf(lost.worker);
    if (lane >= 0) this.#lanes[lane] = undefined;
    const seat: Seat = { worker: this.#lend(), alone: true };
    seat.worker.begin();
    return { seat, result: await this.#watched(document, seat, work) };
  }

  async *#batches(
    document: Document,
    plan: ReadingPlan,
    begun: Begun,
    warnings: string[],
  ): AsyncGenerator<readonly DraftChunk[]> {
    let seat: Seat = begun;
    let { reply } = begun;
    let given = 0;
    let skip = 0;
    for (let batch: ExtractBatch = reply.first; ;) {
      const fresh = batch.chunks.slice(skip);
      skip -= batch.chunks.length - fresh.length;
      given += fresh.length;
      yield fresh;
      if (batch.end) {
        this.#finish(seat);
        warnings.push(...batch.end.warnings);
        return;
      }
      const { reading } = reply;
      try {
        batch = await this.#watched(document, seat, (worker, watch) =>
          worker.call('next', { reading }, watch),
        );
      } catch (error) {
        if (seat.alone || !(error instanceof WorkerLostError)) throw error;
        // Cutting is deterministic: what was given already is left out the second time.
        const again = await this.#inAlone(document, seat, this.#opening(document, plan));
        ({ seat, result: reply } = again);
        batch = reply.first;
        skip = given;
      }
    }
  }

  #lend(): ReadingWorker {
    const worker = new ReadingWorker(this.#options.engines.extract(), this.#passwords);
    this.#workers.add(worker);
    return worker;
  }

  /** A document is done with; a worker that had it alone goes. */
  #finish({ worker, alone }: Seat): void {
    worker.finish();
    if (!alone) return;
    this.#workers.delete(worker);
    worker.close();
  }

  #watched<T>(document: Document, { worker }: Seat, work: Work<T>): Promise<T> {
    const { signal, progress } = this.#options;
    const { at } = document;
    const read = (bytes: number): void => {
      const now = Math.min(1, bytes / Math.max(1, document.size)) * document.share;
      if (now <= document.read) return;
      const whole = (this.#bytesRead.get(at) ?? 0) + now - document.read;
      document.read = now;
      this.#bytesRead.set(at, whole);
      progress(at, Math.round(whole));
    };
    return worker.watch(at, { signal, read }, work);
  }
}

/** Of a document that is not read. */
async function* noBatch(): AsyncGenerator<readonly DraftChunk[]> {
  // It is known: none of it is new.
}
