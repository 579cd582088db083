/**
 * The way of a document: files, and those inside them → chunks → segments → one new version. Stages
 * overlap, and each bounds the one before it; at most two segments are in memory, one filling and
 * one being finished. Finished ones are noted: after a crash or an abort the same files given again
 * find them.
 */
import type { IngestedFile, IngestOptions, Progress } from '../../api';
import { InvalidError, MemreelError } from '../../errors';
import { modelRegistry } from '../../embedding/registry';
import { newSourceId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { SourceRecord } from '../../shard/records';
import type { AddingAgain } from '../again/adding-again';
import { NewOrders } from '../again/adding-again-orders';
import { DocumentReader, type OpenedDocument, type ReadDocument } from './document-reader';
import { Meter, ScriptMeter } from './ingest-progress';
import type { IngestNotes, Quarantine } from './quarantine';
import { PART_BYTES } from './segment-builder';
import { SegmentQueue, type QueueContext } from './segment-queue';

export interface IngestContext extends Omit<QueueContext, 'notes' | 'progress'> {
  /** Where finished segments are noted, and those of an interrupted try are found. */
  readonly quarantine: Quarantine;
  /** What the shard has already. */
  readonly again: AddingAgain;
  /** The order key of the shard's last chunk. */
  readonly lastOrder: string | null;
  /** When the chunks are due; ISO 8601. */
  readonly expiresAt: string | undefined;
  progress(progress: Progress): void;
  readonly ocr?: IngestOptions['ocr'];
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
  const meter = new Meter(files, (progress) => {
    context.progress(progress);
  });
  const notes = await notesOf(files, chunking, context);
  const reader = new DocumentReader({
    ...context,
    chunking,
    lineage: context.entry.lineage,
    model: context.entry.model,
    planOf: async (document) => {
      const { at, member } = document;
      const name = files[at]?.name ?? '';
      const mayHaveMore = context.ocr !== undefined && document.type === 'application/pdf';
      const known = await context.again.find({ ...document, name, mayHaveMore });
      if (known) return known;
      const noted = notes?.sourceOf(at, member)?.id;
      const isFree = noted !== undefined && !context.again.knows(noted);
      return { source: isFree ? noted : newSourceId(), anchors: [] };
    },
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
  const orders = new NewOrders(context.lastOrder);
  /** When the latest source with chunks was added. */
  let newest = '';
  let chunks = 0;
  let sources = 0;

  const readChunks = async (
    file: File,
    document: OpenedDocument,
    warnings: string[],
  ): Promise<void> => {
    const { source: id, at, member, type, sha256 } = document;
    const earlier = notes?.sourceOf(at, member);
    // Sources are listed by this time: none may be older than one that comes before it.
    const isSame = earlier?.sha256 === sha256 && earlier.addedAt >= newest;
    const addedAt = isSame ? earlier.addedAt : new Date().toISOString();
    const named = { name: file.name, ...(member === undefined ? {} : { member }) };
    const source: SourceRecord = { id, ...named, type, sha256, addedAt };
    const known = context.again.readingOf(document);
    warnings.push(...(known?.warnings ?? []));
    let textBefore = '';
    const script = new ScriptMeter();
    for await (const batch of document.chunks()) {
      script.add(batch.map(({ text }) => text));
      for (const draft of batch) {
        context.signal.throwIfAborted();
        if (known?.has(draft)) {
          textBefore = draft.text;
          continue;
        }
        const order = known ? known.nextOrder(orders) : orders.append();
        const { expiresAt } = context;
        const chunk = {
          ...draft,
          ...{ order, source, context: endOf(textBefore, overlap) },
          ...(expiresAt === undefined ? {} : { expiresAt }),
        };
        await segments.add(chunk, at);
        newest = addedAt;
        textBefore = draft.text;
        chunks++;
      }
    }
    known?.end(source);
    const model = modelRegistry().find((one) => one.id === context.entry.model);
    if (model?.scripts === 'Latin' && script.isForeign) {
      warnings.push(
        `Most of this text is in a script that the model “${model.name}” does not know: it is found by its words, not by its meaning.`,
      );
    }
  };

  /** Reads one document to its end, or as far as it can be read. */
  const readOne = async (
    file: File,
    { member, opened, warnings }: ReadDocument,
  ): Promise<IngestedFile> => {
    const before = chunks;
    let error: unknown;
    if (opened && 'error' in opened) error = opened.error;
    else if (opened) {
      try {
        await readChunks(file, opened, warnings);
      } catch (failure) {
        error = failure;
      }
    }
    context.signal.throwIfAborted();
    segments.throwIfFailed();
    const isOpen = opened && 'at' in opened;
    const again = isOpen ? context.again.reportOf(opened) : undefined;
    // Half of what a source is now is no reason to take anything away: it stays as it was.
    if (again && error !== undefined) chunks = before;
    if (chunks > before && !again) sources++;
    const report: IngestedFile = {
      ...{ name: member ?? file.name, chunks: chunks - before, warnings },
      ...(again && error === undefined ? { again } : {}),
    };
    return error === undefined ? report : { ...report, error: described(error) };
  };

  try {
    for await (const { file, at, documents } of reader.read(files)) {
      meter.begin(at);
      let report: IngestedFile | undefined;
      const members: IngestedFile[] = [];
      for await (const document of documents()) {
        const one = await readOne(file, document);
        if (document.member === undefined) report = one;
        // A container inside, of which there is nothing to say, is in the paths of its members.
        else if (document.opened || one.warnings.length > 0) members.push(one);
      }
      if (!report) throw new Error(`Nothing became of ${file.name}.`);
      reports.push(withMembers(report, members));
      meter.end(at, report.error === undefined ? 'done' : 'failed');
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
  { quarantine, entry, lastOrder, expiresAt, ocr }: IngestContext,
): Promise<IngestNotes | null> {
  if (expiresAt !== undefined) return null;
  return quarantine.open(entry.id, { ...entry, chunking, ocr, lastOrder, files });
}

function chunkOverlap(overlap = 0): number {
  if (Number.isInteger(overlap) && overlap >= 0 && overlap <= 1000) return overlap;
  throw new InvalidError('The overlap must be a whole number from 0 to 1,000 characters.', {
    subject: 'chunking.overlap',
  });
}

function withMembers(file: IngestedFile, members: IngestedFile[]): IngestedFile {
  if (members.length === 0) return file;
  const chunks = members.reduce((sum, member) => sum + member.chunks, file.chunks);
  return { ...file, chunks, members };
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
