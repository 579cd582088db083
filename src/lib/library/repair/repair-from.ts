/**
 * What is lost, taken out of a file that was exported: segments are cut out of its videos again, and
 * count where they have the digest of what is lost; pages and deltas come from a history. Nothing
 * else of the file is looked at.
 */
import { UnsupportedError } from '../../errors';
import { bytesOfLine, decodeHistoryLine } from '../../archive/history-json';
import { linesOf } from '../../archive/lines';
import { decodeManifest, ENTRY, type Manifest } from '../../archive/manifest';
import { ArchiveReader } from '../../archive/zip-reader';
import { streamOf } from '../../archive/zip-writer';
import { digestOf, digestOfBlob, type Digest } from '../../store/digest';
import type { Store } from '../../store/store';
import { writeMp4 } from '../../video/mp4';
import { openMp4, type Mp4 } from '../../video/mp4-index';
import { EXPORTS, saveStream } from '../exchange/delivery';
import { MAX_MANIFEST } from '../exchange/import-zip';
import type { ImportContext } from '../exchange/unpacked';
import type { KnownSegment, KnownSegments } from './repair-survey';

/** Puts back what the file has of what is lost, and takes it off the list. */
export async function takeFrom(
  file: Blob,
  { segments }: KnownSegments,
  lost: Set<Digest>,
  context: ImportContext,
): Promise<void> {
  const name = file instanceof File ? file.name : 'The file';
  const found = new Found(context.store, lost);
  const magic = new TextDecoder('latin1').decode(await file.slice(0, 8).arrayBuffer());
  if (magic.startsWith('PK\u0003\u0004')) {
    await takeFromZip(await ArchiveReader.open(file, name), segments, found, context);
  } else if (magic.endsWith('ftyp')) {
    await takeFromMp4(file, segments, found, context);
  } else {
    throw new UnsupportedError(
      `${name} is neither a shard zip nor an MP4 that Memreel exported. A sealed zip is opened with its password first.`,
      { subject: name },
    );
  }
}

class Found {
  readonly #store: Store;
  readonly #lost: Set<Digest>;

  constructor(store: Store, lost: Set<Digest>) {
    this.#store = store;
    this.#lost = lost;
  }

  isWanted(digest: Digest): boolean {
    return this.#lost.has(digest);
  }

  async offer(bytes: Uint8Array): Promise<boolean> {
    const digest = await digestOf(bytes);
    if (!this.#lost.has(digest)) return false;
    await this.#store.putBlob(bytes);
    this.#lost.delete(digest);
    return true;
  }
}

async function takeFromZip(
  archive: ArchiveReader,
  segments: readonly KnownSegment[],
  found: Found,
  context: ImportContext,
): Promise<void> {
  const { fs, signal } = context;
  const manifest = decodeManifest(await archive.text(ENTRY.manifest, MAX_MANIFEST, signal));
  for (const entry of manifest.entries) {
    const isHistory = entry.name === ENTRY.history;
    if (!isHistory && !entry.name.endsWith('.mp4')) continue;
    const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
    try {
      await saveStream(streamOf(archive.checked(entry, signal)), fs, path, signal);
      const file = await fs.read(path);
      if (!file) throw new Error('What was unpacked for a repair is gone.');
      if (isHistory) await takeFromHistory(file, found, context);
      else await takeFromMp4(file, segments, found, context, manifest);
    } finally {
      await fs.remove(path);
    }
  }
}

/** Pages and deltas, as the versions of an archive of everything had them. */
async function takeFromHistory(file: Blob, found: Found, { signal }: ImportContext): Promise<void> {
  for await (const text of linesOf(file.stream())) {
    signal.throwIfAborted();
    const line = decodeHistoryLine(text);
    if (line.kind === 'page' || line.kind === 'delta') await found.offer(await bytesOfLine(line));
  }
}

async function takeFromMp4(
  file: Blob,
  segments: readonly KnownSegment[],
  found: Found,
  { signal }: ImportContext,
  manifest?: Manifest,
): Promise<void> {
  const own = await digestOfBlob(file);
  if (found.isWanted(own)) {
    await found.offer(new Uint8Array(await file.arrayBuffer()));
    return;
  }
  const mp4 = await openMp4(file, { isPart: true });
  for (const known of segments) {
    if (!found.isWanted(known.segment.video)) continue;
    for (const comment of commentsOf(known, segments, manifest)) {
      signal.throwIfAborted();
      if (await takeSegment(mp4, known, comment, found)) break;
    }
  }
}

/** What a segment's video may say of itself: its model is the shard's when it was written. */
function commentsOf(
  { segment, entry }: KnownSegment,
  segments: readonly KnownSegment[],
  manifest?: Manifest,
): Set<string> {
  const listed = manifest?.segments.find(({ id }) => id === segment.id);
  const models = segments.flatMap((one) =>
    one.entry.lineage === entry.lineage ? [one.version.model, one.entry.model] : [],
  );
  const frames = String(segment.frames);
  return new Set([
    ...(listed ? [listed.comment] : []),
    ...models.map((model) => `memreel/1 ${entry.profile} model=${model} frames=${frames}`),
  ]);
}

/**
 * Looks for the segment wherever as many frames have its length: what stands before it in the file
 * depends on what was visible when it was exported.
 */
async function takeSegment(
  mp4: Mp4,
  { segment, entry }: KnownSegment,
  comment: string,
  found: Found,
): Promise<boolean> {
  const { frames } = segment;
  const { codec, decoderConfig, sizes } = mp4;
  const missing = new Set(mp4.missing);
  let bytes = 0;
  let around: number | undefined;
  for (let end = 1; end <= mp4.frames; end++) {
    bytes += sizes[end - 1] ?? 0;
    const first = end - frames;
    if (first > 0) bytes -= sizes[first - 1] ?? 0;
    if (first < 0 || (around !== undefined && around + bytes !== segment.bytes.video)) continue;
    if (missing.has(end - 1)) break; // a file is cut off at its end
    const samples = await mp4.samples(first, end);
    const { profile } = entry;
    const video = await writeMp4([{ profile, codec, decoderConfig, samples }], { comment });
    around = video.length - bytes; // the tables around as many samples are as long
    if (video.length === segment.bytes.video && (await found.offer(video))) return true;
  }
  return false;
}
