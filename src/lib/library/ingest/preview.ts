/**
 * How a document would be cut: read in a worker of its own as far as the chunks that are asked for,
 * and of an archive the first file that can be read. Writes nothing.
 */
import type { ChunkingOptions, Preview } from '../../api';
import { InvalidError, MemreelError } from '../../errors';
import { newLineage, newSourceId } from '../../shard/ids';
import type { Engines } from '../engines';
import type { DocumentRef, DraftChunk, ExtractBatch, ExtractProtocol } from '../protocol';
import { Passwords, ReadingWorker } from './reading-worker';

/** Chunks that a preview has at most. */
const MOST = 1000;

/** Files of an archive that are tried before it is given up: each is unpacked. */
const TRIED = 50;

export interface PreviewAsked {
  readonly file: File;
  readonly chunking: ChunkingOptions;
  readonly model: string;
  /** Chunks at most. */
  readonly limit: number;
}

export interface PreviewContext {
  readonly engines: Pick<Engines, 'extract'>;
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
  password(file: string): Promise<string | undefined>;
}

type Identified = ExtractProtocol['identify']['reply'];
type Reading = ExtractProtocol['open']['reply'];

/** @throws InvalidError for a bad limit; whatever reading the document throws */
export async function previewDocument(
  asked: PreviewAsked,
  { engines, assetsUrl, signal, password }: PreviewContext,
): Promise<Preview> {
  const { file, limit } = asked;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new InvalidError('A preview has 1 to 1,000 chunks.', { subject: 'limit' });
  }
  const worker = new ReadingWorker(engines.extract(), new Passwords(password));
  worker.begin();
  try {
    const reader = new PreviewReader(asked, { worker, signal, assetsUrl });
    const found = await reader.find();
    const { reading } = found.reading;
    const chunks: DraftChunk[] = [...found.reading.first.chunks];
    let { end } = found.reading.first;
    while (!end && chunks.length <= limit) {
      const batch = await reader.next(reading);
      chunks.push(...batch.chunks);
      end = batch.end;
    }
    if (end) worker.finish(); // else it still reads, and is ended
    return {
      file: file.name,
      ...(found.member === undefined ? {} : { member: found.member }),
      type: found.type,
      chunks: chunks.slice(0, limit).map(({ text, place, tokens }) => ({
        ...{ text, place },
        ...(tokens === undefined ? {} : { tokens }),
      })),
      more: !end || chunks.length > limit,
      warnings: [...found.warnings, ...(end?.warnings ?? [])],
    };
  } finally {
    worker.close();
  }
}

interface Found {
  readonly member: string | undefined;
  readonly type: string;
  readonly reading: Reading;
  readonly warnings: readonly string[];
}

/** Reads the file itself, or the first in it that gives text. */
class PreviewReader {
  readonly #asked: PreviewAsked;
  readonly #worker: ReadingWorker;
  readonly #watching: { signal: AbortSignal; read: () => void };
  readonly #assetsUrl: string;
  readonly #warnings: string[] = [];
  #tried = 0;

  constructor(
    asked: PreviewAsked,
    options: { worker: ReadingWorker; signal: AbortSignal; assetsUrl: string },
  ) {
    this.#asked = asked;
    this.#worker = options.worker;
    this.#watching = { signal: options.signal, read: () => undefined };
    this.#assetsUrl = options.assetsUrl;
  }

  async find(): Promise<Found> {
    const ref = { file: this.#asked.file };
    const known = await this.#identify(ref);
    if (known.isText && known.members.length === 0) return this.#open(ref, known);
    const found = await this.#firstOf({ ...ref, sha256: known.sha256 }, known);
    if (found) return found;
    // Nothing in it gives text: what was met on the way says why.
    const empty: Reading = { reading: 0, first: { chunks: [], end: { warnings: [] } } };
    return { member: undefined, type: known.type, reading: empty, warnings: this.#warnings };
  }

  next(reading: number): Promise<ExtractBatch> {
    return this.#worker.watch(0, this.#watching, (loan, watch) =>
      loan.call('next', { reading }, watch),
    );
  }

  /** A container's own text, and then what is inside it. */
  async #firstOf(ref: DocumentRef, known: Identified): Promise<Found | undefined> {
    if (known.isText) {
      const own = await this.#open(ref, known);
      if (own.reading.first.chunks.length > 0) return own;
    }
    this.#warnings.push(...known.warnings);
    for (const { path } of known.members) {
      if (++this.#tried > TRIED) return undefined;
      const member = { ...ref, member: path };
      try {
        const found = await this.#firstOf(member, await this.#identify(member));
        if (found) return found;
      } catch (error) {
        if (!(error instanceof MemreelError) || error.code === 'worker-lost') throw error;
        this.#warnings.push(`${path}: ${error.message}`);
      }
    }
    return undefined;
  }

  #identify(ref: DocumentRef): Promise<Identified> {
    const args = { ...ref, assetsUrl: this.#assetsUrl };
    return this.#worker.watch(0, this.#watching, (loan, watch) =>
      loan.call('identify', args, watch),
    );
  }

  async #open(ref: DocumentRef, { type }: Identified): Promise<Found> {
    const { chunking, model } = this.#asked;
    // Nothing is stored under these; they are as long as real ones, so that frames are as full.
    const ids = { source: newSourceId(), lineage: newLineage() };
    const args = { ...ref, ...ids, chunking, model, assetsUrl: this.#assetsUrl };
    const reading = await this.#worker.watch(0, this.#watching, (loan, watch) =>
      loan.call('open', args, watch),
    );
    return { member: ref.member, type, reading, warnings: this.#warnings };
  }
}
