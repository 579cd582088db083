/**
 * The way of a document: files → chunks → segments → one new version. Stages overlap, and each
 * bounds the one before it; at most two segments are in memory, one filling and one being finished.
 * Finished ones are noted: after a crash or an abort the same files given again find them.
 */
import type { IngestedFile, IngestOptions, Progress } from '../api';
import { InvalidError, MemreelError } from '../errors';
import { modelRegistry } from '../embedding/registry';
import { knownShare } from '../embedding/script';
import { orderAfter } from '../shard/order';
import type { SegmentEntry } from '../shard/objects';
import type { SourceRecord } from '../shard/records';
import { DocumentReader, type OpenedDocument } from './document-reader';
import type { IngestNotes, Quarantine } from './quarantine';
import { PART_BYTES } from './segment-builder';
import { SegmentQueue, type QueueContext } from './segment-queue';

export interface IngestContext extends Omit<QueueContext, 'notes' | 'progress'> {
  /** Where finished segments are noted, and those of an interrupted try are found. */
  readonly quarantine: Quarantine;
  /** The order key of the shard's last chunk. */
  readonly lastOrder: string | null;
  /** When the chunks are due; ISO 8601. */
  readonly expiresAt: string | undefined;
  progress(progress: Progress): void;
  password(file: string): Promise<string | undefined>;
}

/** What an ingest made, before any version refers to it. */
export interface Ingested {
  readonly segments: readonly SegmentEntry[];
  readonly files: IngestedFile[];
  readonly chunks: number;
  readonly sources: number;
}

/** Reads files into segments. Commits nothing: the caller does, or drops what was made. */
export async function ingestFiles(
  files: readonly File[],
  chunking: NonNullable<IngestOptions['chunking']>,
  context: IngestContext,
): Promise<Ingested> {
  const overlap = chunkOverlap(chunking.overlap);
  const meter = new Meter(files, context);
  const notes = await notesOf(files, chunking, context);
  const noted = notes?.sources() ?? new Map<number, SourceRecord>();
  const reader = new DocumentReader({
    ...context,
    chunking,
    lineage: context.entry.lineage,
    sourceIds: new Map([...noted].map(([at, { id }]) => [at, id])),
    progress: (file, bytes) => {
      meter.read(file, bytes);
    },
  });
  const segments = new SegmentQueue({
    ...{ ...context, notes },
    progress: (stage, frames) => {
      meter.frames(stage, frames);
    },
  });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  context.engines.warm(context.entry.profile, Math.ceil(bytes / PART_BYTES[context.entry.profile]));
  const reports: IngestedFile[] = [];
  let order = context.lastOrder;
  /** When the latest source with chunks was added. */
  let newest = '';
  let chunks = 0;
  let sources = 0;

  const ingestOne = async (file: File, at: number, document: OpenedDocument): Promise<number> => {
    const { source: id, type, sha256 } = document;
    const earlier = noted.get(at);
    // Sources are listed by this time: none may be older than one that comes before it.
    const isSame = earlier?.sha256 === sha256 && earlier.addedAt >= newest;
    const addedAt = isSame ? earlier.addedAt : new Date().toISOString();
    const source: SourceRecord = { id, name: file.name, type, sha256, addedAt };
    let textBefore = '';
    let count = 0;
    const script = new ScriptMeter();
    for await (const batch of document.chunks()) {
      script.add(batch.map(({ text }) => text));
      for (const draft of batch) {
        context.signal.throwIfAborted();
        order = orderAfter(order);
        const { expiresAt } = context;
        const chunk = {
          ...draft,
          ...{ order, source, context: endOf(textBefore, overlap) },
          ...(expiresAt === undefined ? {} : { expiresAt }),
        };
        await segments.add(chunk, at);
        newest = addedAt;
        textBefore = draft.text;
        count++;
        chunks++;
      }
    }
    const model = modelRegistry().find((one) => one.id === context.entry.model);
    if (model?.scripts === 'Latin' && script.isForeign) {
      document.warnings.push(
        `Most of this text is in a script that the model “${model.name}” does not know: it is found by its words, not by its meaning.`,
      );
    }
    return count;
  };

  try {
    for await (const { file, at, opened } of reader.read(files)) {
      meter.begin(at);
      const warnings = 'error' in opened ? [] : opened.warnings;
      const before = chunks;
      let error: unknown;
      if ('error' in opened) error = opened.error;
      else {
        try {
          const count = await ingestOne(file, at, opened);
          if (count > 0) sources++;
        } catch (failure) {
          error = failure;
          if (chunks > before) sources++;
        }
      }
      context.signal.throwIfAborted();
      segments.throwIfFailed();
      const report: IngestedFile = { name: file.name, chunks: chunks - before, warnings };
      if (error !== undefined) report.error = described(error);
      reports.push(report);
      meter.end(at, error === undefined ? 'done' : 'failed');
    }
    return { segments: await segments.finish(), files: reports, chunks, sources };
  } finally {
    reader.close();
    // Who is told that it has ended may begin anew at once: nothing may be noted after that.
    await segments.settled();
  }
}

/**
 * What an earlier try of the same ingest has finished. Chunks that expire do so by the moment they
 * were given at: that is in the pages, so they are made anew each time.
 */
async function notesOf(
  files: readonly File[],
  chunking: NonNullable<IngestOptions['chunking']>,
  { quarantine, entry, lastOrder, expiresAt }: IngestContext,
): Promise<IngestNotes | null> {
  if (expiresAt !== undefined) return null;
  return quarantine.open(entry.id, { ...entry, chunking, lastOrder, files });
}

/** How much of a document is in a script that a model for Latin script can know. */
class ScriptMeter {
  #known = 0;
  #all = 0;

  add(texts: readonly string[]): void {
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    this.#known += knownShare(texts) * length;
    this.#all += length;
  }

  get isForeign(): boolean {
    return this.#known < this.#all / 2;
  }
}

/** Adds up what the stages tell into progress that only moves forward. */
class Meter {
  readonly #files: readonly File[];
  readonly #progress: (progress: Progress) => void;
  readonly #read: number[];
  readonly #total: number;
  #done = 0;
  #encoded = 0;
  #verified = 0;

  constructor(files: readonly File[], { progress }: IngestContext) {
    this.#files = files;
    this.#progress = progress;
    this.#read = files.map(() => 0);
    this.#total = files.reduce((sum, file) => sum + file.size, 0);
  }

  begin(file: number): void {
    this.#tell(file, 'reading');
  }

  /** `bytes` of a file were read so far. */
  read(file: number, bytes: number): void {
    const size = this.#files[file]?.size ?? 0;
    const before = this.#read[file] ?? 0;
    const now = Math.max(before, Math.min(size, bytes));
    this.#read[file] = now;
    this.#done += now - before;
    this.#tell(file, 'reading');
  }

  end(file: number, state: 'done' | 'failed'): void {
    const size = this.#files[file]?.size ?? 0;
    this.#done += size - (this.#read[file] ?? 0);
    this.#read[file] = size;
    this.#tell(file, state);
  }

  frames(stage: 'encode' | 'verify', more: number): void {
    if (stage === 'encode') this.#encoded += more;
    else this.#verified += more;
    const done = stage === 'encode' ? this.#encoded : this.#verified;
    // How many frames there will be is known when all text is: until then the part read tells.
    const share = this.#total > 0 ? this.#done / this.#total : 1;
    const total = share > 0 ? Math.max(this.#encoded, Math.round(this.#encoded / share)) : 0;
    this.#progress({ stage, done, total });
  }

  #tell(file: number, state: 'reading' | 'done' | 'failed'): void {
    const name = this.#files[file]?.name ?? '';
    this.#progress({ stage: 'extract', done: this.#done, total: this.#total, file: name, state });
  }
}

function chunkOverlap(overlap = 0): number {
  if (Number.isInteger(overlap) && overlap >= 0 && overlap <= 1000) return overlap;
  throw new InvalidError('The overlap must be a whole number from 0 to 1,000 characters.', {
    subject: 'chunking.overlap',
  });
}

/** The last `length` characters of a text, from the beginning of a word. */
function endOf(text: string, length: number): string {
  if (length === 0 || text === '') return '';
  const end = text.slice(-length);
  const space = end.search(/\s/u);
  return text.length <= length || space < 0 ? end : end.slice(space + 1);
}

function described(error: unknown): { name: string; code: string; message: string } {
  if (!(error instanceof MemreelError)) throw error; // a bug, or an abort: not the file's fault
  const { name, code, message } = error;
  return { name, code, message };
}
