/**
 * The transactional store: immutable objects by digest, and entries that name some of them. A
 * commit is one flushed append to a journal. It knows bytes, digests and references; what the
 * objects mean is the caller's. It is no cache and never wipes: what it cannot read, it leaves.
 */
import {
  ConflictError,
  CorruptError,
  InvalidError,
  NotFoundError,
  QuotaError,
  ReadOnlyError,
} from '../errors';
import { Blobs } from './blobs';
import { VerifiedCache } from './cache';
import { check, reachable } from './check';
import type { CheckOptions, StoreReport } from './check';
import { groundOf } from './checkpoint';
import { collect } from './collect';
import type { Collected, CollectOptions } from './collect';
import { createLibrary } from './create';
import { digestOf, unshared } from './digest';
import type { Digest } from './digest';
import type { FileSystem } from './file-system';
import { encodeRecord } from './journal';
import type { Change } from './journal';
import { FORMAT } from './layout';
import type { Reference } from './layout';
import { holdLock } from './locks';
import type { Locks, Release } from './locks';
import { otherTabs, Readers } from './readers';
import { apply, follow, readHeads, recover, sameHeads } from './recover';
import type { Origin, State } from './recover';
import { scan } from './scan';
import type { ScanOptions, ScanReport } from './scan';
import { flip, startWriting } from './session';
import type { Session } from './session';
import type { Graph, References } from './walk';
import type { Writer } from './writer';

export interface StoreOptions {
  fs: FileSystem;
  references: References;
  /** Kinds that refer to nothing, such as video segments: walks then need not read them. */
  leaves?: readonly string[];
  /** `navigator.locks` in a browser; all stores on one `fs` need the same. */
  locks: Locks;
  /** The library's name: part of the locks' names. */
  name: string;
}

export interface Commit {
  /** Entries that change; null takes one away. At least one. */
  set: Readonly<Record<string, Reference | null>>;
  /** Small objects that come with it; not to be changed until the call resolves. */
  inline: readonly Uint8Array[];
  /** The entries that it was computed from: it is refused when one has changed since. */
  expect?: Readonly<Record<string, Digest | null>>;
  /** It makes room: when the disk is full, the reserve is given up for it. */
  frees?: boolean;
}

/** The journal's size from which a checkpoint pays. */
const CHECKPOINT_BYTES = 4 << 20;
/** From here on it is due even when the one before has hardly settled. */
const OVERDUE_BYTES = 4 * CHECKPOINT_BYTES;
/**
 * Systems write new directory entries out within about 30 s, and nothing can make them. Until then
 * the older HEAD and journal are what a power loss leaves, so they are not reused before.
 */
const SETTLE_MS = 60_000;

export class Store {
  readonly #options: StoreOptions;
  readonly #graph: Graph;
  readonly #blobs: Blobs;
  readonly #cache = new VerifiedCache();
  readonly #closing = new AbortController();
  readonly #readers: Readers;
  /** Blobs put here that no root lists yet. */
  readonly #puts = new Set<Digest>();
  #state: State;
  #writer: Writer | undefined;
  #leaveWriting: Release | undefined;
  #becoming: Promise<void> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #entries: Readonly<Record<string, Reference>> | undefined;
  /** When the last checkpoint may have been, on `performance.now()`. */
  #checkpointAt = -SETTLE_MS;

  private constructor(
    options: StoreOptions,
    graph: Graph,
    blobs: Blobs,
    state: State,
    readers: Readers,
  ) {
    this.#options = options;
    this.#graph = graph;
    this.#blobs = blobs;
    this.#state = state;
    this.#readers = readers;
  }

  /**
   * Opens the newest whole state for reading; makes an empty library where there is none.
   * @throws UnsupportedError for a newer format that cannot even be read
   */
  static async open(options: StoreOptions): Promise<Store> {
    const { fs, locks, name } = options;
    const readers = await Readers.join(locks, name);
    try {
      const blobs = new Blobs(fs);
      const graph = { references: options.references, leaves: new Set(options.leaves) };
      let state = await recover(fs, blobs, graph);
      if (!state) {
        const done = await holdLock(locks, writerLock(name), 'exclusive');
        try {
          state = await recover(fs, blobs, graph); // another tab may have made it meanwhile
          if (!state) await createLibrary(fs);
          state ??= await recover(fs, blobs, graph);
        } finally {
          await done();
        }
      }
      if (!state) throw new CorruptError('The library cannot be read back after it was made.');
      return new Store(options, graph, blobs, state, readers);
    } catch (error) {
      await readers.leave();
      throw error;
    }
  }

  /** A newer version of the app wrote the library: this one reads only. */
  get readOnly(): boolean {
    return this.#state.heads.some((head) => head.format > FORMAT);
  }

  get isWriter(): boolean {
    return this.#writer !== undefined;
  }

  /** How the state was found, and which commits were lost with files that a power loss took. */
  get recovery(): { origin: Origin; skipped: readonly number[] } {
    return { origin: this.#state.origin, skipped: this.#state.skipped };
  }

  /** The entries by key, frozen: each state has its own. */
  entries(): Readonly<Record<string, Reference>> {
    this.#entries ??= Object.freeze(Object.fromEntries(this.#state.entries));
    return this.#entries;
  }

  /** Counts commits; order is by it, never by clock. */
  sequence(): number {
    return this.#state.sequence;
  }

  /**
   * Resolves once this store is the one that writes; waits for the present writer to end.
   * @throws ReadOnlyError for a library of a newer format, or one that something else holds open
   */
  becomeWriter(): Promise<void> {
    this.#becoming ??= this.#elect().catch((error: unknown) => {
      this.#becoming = undefined;
      throw error;
    });
    return this.#becoming;
  }

  /**
   * Stores a large immutable object: written, count checked, flushed, read back, hashed. A commit
   * may then refer to it. Free when the same bytes are there. Blobs may refer to blobs and to
   * objects that are stored already.
   * @throws QuotaError, ReadOnlyError
   */
  async putBlob(bytes: Uint8Array | ReadableStream<Uint8Array>): Promise<Digest> {
    this.#requireWriter();
    return bytes instanceof Uint8Array
      ? this.#blobs.put(bytes, this.#puts)
      : this.#blobs.putStream(bytes, this.#puts);
  }

  /** An object for reading in slices; a large one is not verified here. @throws NotFoundError */
  async get(digest: Digest): Promise<Blob> {
    return this.#withRetry(digest, async () => {
      const inline = this.#state.inline.get(digest);
      return inline ? new Blob([unshared(inline)]) : this.#blobs.get(digest);
    });
  }

  /**
   * A whole object, verified against its digest. The bytes are shared: do not change them.
   * @throws NotFoundError, CorruptError
   */
  async read(digest: Digest): Promise<Uint8Array> {
    const cached = this.#cache.get(digest);
    if (cached) return cached;
    const bytes = await this.#withRetry(digest, async () => {
      const inline = this.#state.inline.get(digest);
      if (!inline) return this.#blobs.read(digest);
      if ((await digestOf(inline)) === digest) return inline.slice(); // not the whole journal
      throw new CorruptError('An object in the journal has changed.', { subject: digest });
    });
    this.#cache.add(digest, bytes);
    return bytes;
  }

  /**
   * One flushed append to the journal, all or nothing; resolves with its sequence once it is safe.
   * @throws ConflictError when an expected entry has changed; `subject` is its key
   * @throws NotFoundError when it refers to an object that is not stored
   * @throws QuotaError, ReadOnlyError; the state is then as it was
   */
  commit(commit: Commit): Promise<number> {
    return this.#writing(async (writer) => {
      const sequence = await this.#append(writer, commit);
      if (writer.journalBytes >= OVERDUE_BYTES || this.#isDue(writer)) {
        // Nothing is lost without it: the journal holds everything, and the next commit tries again.
        await flip(this.#session(writer)).then(this.#flipped, (error: unknown) => {
          if (!(error instanceof QuotaError)) throw error;
        });
      }
      return sequence;
    });
  }

  /**
   * Picks up other tabs' commits; true when there were any. The writer's own state is the newest.
   * @throws NotFoundError when the library is gone
   */
  refresh(): Promise<boolean> {
    return this.#serial(() => (this.#writer ? Promise.resolve(false) : this.#catchUp()));
  }

  /**
   * Moves what the journal carries into blobs and begins the other journal; for idle times. False
   * when there was nothing to move, or when the one before may not have settled on the disk yet
   * (60 s); `force` does it all the same, as a purge must.
   * @throws QuotaError, with everything still in the journal
   */
  checkpoint(options?: { force?: boolean }): Promise<boolean> {
    return this.#writing(async (writer) => {
      const due = writer.journalBytes > 0 && this.#hasSettled();
      if (!due && !options?.force) return false;
      this.#flipped(await flip(this.#session(writer)));
      await writer.takeReserve();
      return true;
    });
  }

  /** Verifies every object that both HEADs and both journals reach. Changes nothing. */
  check(options: CheckOptions = {}): Promise<StoreReport> {
    return check(this.#options.fs, this.#blobs, this.#graph, options);
  }

  /** Every digest that a HEAD or a journal reaches: the rest is free to go. @throws CorruptError */
  reachable(): Promise<Set<Digest>> {
    return this.#serial(() => reachable(this.#options.fs, this.#blobs, this.#graph));
  }

  /**
   * Deletes for good what nothing reaches: superseded states of entries, removed ones, blobs that
   * were never committed. Makes two forced checkpoints for it, unless nothing has changed since.
   * Commits wait meanwhile. Where other tabs have the library open, nothing is deleted, and the
   * reply says what waits for whom.
   * @throws CorruptError, with nothing deleted, while something that is reachable cannot be read
   * @throws QuotaError when even the reserve is too small; ReadOnlyError
   */
  collect(options: CollectOptions = {}): Promise<Collected> {
    return this.#writing(async (writer) => {
      const session = this.#session(writer);
      const { state } = session;
      try {
        return await collect(session, this.#hasSettled(), this.#readers, this.#cache, options);
      } finally {
        if (session.state !== state) this.#flipped(session.state);
        this.#entries = undefined;
      }
    });
  }

  /**
   * Runs `work` while no other tab has the library open; tabs that open it wait. Within it,
   * `collect` deletes at once, and another `exclusively` runs straight.
   * @throws ReadOnlyError, without running it, where others have it open: `subject` counts them
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const outcome = await this.#readers.alone(work);
    if ('done' in outcome) return outcome.done;
    const others = otherTabs(outcome.others);
    throw new ReadOnlyError(
      `This needs the library for itself, and it is open in ${others}. Close there and try again.`,
      { subject: others },
    );
  }

  /**
   * Looks for bytes in every file of the library's directory, whoever wrote it.
   * @throws InvalidError for a needle of no bytes, or of more than 1 MiB
   */
  scan(needles: readonly Uint8Array[], options: ScanOptions = {}): Promise<ScanReport> {
    return scan(this.#options.fs, needles, options);
  }

  /** Ends what runs, then lets go of all locks and files. */
  async close(): Promise<void> {
    this.#closing.abort(new ReadOnlyError('The store is closed.'));
    await this.#serial(() => this.#stepDown());
    await this.#readers.leave();
  }

  async #elect(): Promise<void> {
    const { fs, locks, name } = this.#options;
    if (this.readOnly) throw new ReadOnlyError('A newer version of this app wrote the library.');
    const { signal } = this.#closing;
    const leave = await holdLock(locks, writerLock(name), 'exclusive', signal);
    try {
      await this.#serial(async () => {
        signal.throwIfAborted();
        const session = await startWriting(fs, this.#blobs, this.#graph, this.#puts);
        this.#take(session.state);
        this.#writer = session.writer;
        this.#leaveWriting = leave;
        // How old the last checkpoint is, nothing tells: as if it were just now.
        if (session.state.base.root) this.#checkpointAt = performance.now();
      });
    } catch (error) {
      await leave();
      throw error;
    }
  }

  async #append(writer: Writer, { set, inline, expect = {}, frees }: Commit): Promise<number> {
    const state = this.#state;
    const changes = Object.entries(set).map(([key, to]): Change => ({ key, to }));
    if (changes.length === 0) throw new InvalidError('A commit has to change an entry.');
    const now = (key: string) => state.entries.get(key)?.digest ?? null;
    for (const [key, digest] of Object.entries(expect)) {
      if (now(key) === digest) continue;
      throw new ConflictError('Someone else has changed this meanwhile.', { subject: key });
    }
    const carried = new Map<Digest, Uint8Array>();
    const digests = await Promise.all(inline.map(digestOf));
    for (const [i, bytes] of inline.entries()) {
      const digest = digests[i];
      if (digest && !state.inline.has(digest)) carried.set(digest, bytes);
    }
    const targets = changes.flatMap(({ to }) => to ?? []);
    const ground = await groundOf(targets, carried, state, this.#puts, this.#blobs, this.#graph);
    for (const digest of ground.outside) {
      if (state.inline.has(digest) || (await this.#blobs.has(digest))) continue;
      throw new NotFoundError('A commit refers to an object that is not stored.', {
        subject: digest,
      });
    }
    const { bytes, record } = encodeRecord(state.base.id, {
      generation: state.generation,
      sequence: state.sequence + 1,
      epoch: writer.epoch,
      changes,
      was: [...new Set([...Object.keys(set), ...Object.keys(expect)])].map(
        (key) => [key, now(key)] as const,
      ),
      needs: [...ground.young],
      voids: [],
      inline: [...carried],
    });
    await writer.append(bytes, frees ?? false);
    apply(record, state);
    state.sequence = record.sequence;
    state.epoch = record.epoch;
    state.end = writer.journalBytes;
    this.#entries = undefined;
    return record.sequence;
  }

  async #catchUp(): Promise<boolean> {
    const { fs } = this.#options;
    const before = this.#state;
    const { sequence, generation } = before;
    if (sameHeads(await readHeads(fs), before.heads)) {
      const count = await follow(fs, this.#blobs, this.#graph, before);
      this.#entries = undefined;
      if (count !== undefined) return count > 0;
    }
    const state = await recover(fs, this.#blobs, this.#graph);
    if (!state) throw new NotFoundError('The library is gone: its files were removed.');
    this.#take(state);
    return state.sequence !== sequence || state.generation !== generation;
  }

  async #withRetry<T>(digest: Digest, find: () => Promise<T | undefined>): Promise<T> {
    const found = (await find()) ?? ((await this.refresh()) ? await find() : undefined);
    if (found !== undefined) return found;
    throw new NotFoundError('This object is not stored here.', { subject: digest });
  }

  #session(writer: Writer): Session {
    const { fs } = this.#options;
    return {
      ...{ fs, writer, state: this.#state },
      ...{ blobs: this.#blobs, graph: this.#graph, puts: this.#puts },
    };
  }

  readonly #flipped = (state: State): void => {
    this.#take(state);
    this.#checkpointAt = performance.now();
  };

  #take(state: State): void {
    this.#state = state;
    this.#entries = undefined;
  }

  #isDue(writer: Writer): boolean {
    return writer.journalBytes >= CHECKPOINT_BYTES && this.#hasSettled();
  }

  #hasSettled(): boolean {
    return performance.now() - this.#checkpointAt >= SETTLE_MS;
  }

  #requireWriter(): Writer {
    if (this.#writer) return this.#writer;
    throw new ReadOnlyError('Another tab writes to this library, or it is closed.');
  }

  /** Runs as the writer, after what runs already; steps down when the writer is lost over it. */
  #writing<T>(action: (writer: Writer) => Promise<T>): Promise<T> {
    return this.#serial(async () => {
      const writer = this.#requireWriter();
      try {
        return await action(writer);
      } finally {
        if (writer.lost) await this.#stepDown();
      }
    });
  }

  async #stepDown(): Promise<void> {
    const leave = this.#leaveWriting;
    this.#writer?.close();
    this.#writer = undefined;
    this.#becoming = undefined;
    this.#leaveWriting = undefined;
    await leave?.();
  }

  /** One after another: each sees the whole state that the one before left. */
  #serial<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(action);
    this.#queue = turn.then(
      () => undefined,
      () => undefined, // its own caller hears of it
    );
    return turn;
  }
}

function writerLock(name: string): string {
  return `memreel:${name}:writer`;
}
