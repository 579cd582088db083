/**
 * A copy of a bare MP4 of ours, as others encode it: another codec or container, another size, frames
 * that need each other. What can be read of its pictures is drawn anew, payload by payload, so that
 * UUIDs and all that frames say stay as they are. Commits nothing.
 */
import { CorruptError, UnsupportedError } from '../../errors';
import type { ProfileName } from '../../api';
import { framesPerRun, type ForeignVideo } from '../../video/foreign';
import { openMp4 } from '../../video/mp4-index';
import type { PreparedImport } from './import-commit';
import { Collector, preparedFromFrames, type ReadVideo } from './import-frames';
import type { ImportContext } from './unpacked';
import type { CopiedFrame } from '../protocol';
import { storedVideos, writeVerified } from '../redraw/verified-video';

/** Frames of which one has to be ours for a video to be a copy. */
const TRIED = 16;
/** Payloads that one encoder draws at a time. */
const DRAWN_AT_ONCE = 64;
/** Bytes of copies of the video that all decode workers may hold: each has one. */
const MAX_COPIES = 1 << 30;

/**
 * Null for a video that is no copy of ours, as far as its first frames tell.
 * @throws CorruptError for a file without a video; UnsupportedError for one that cannot be read here
 */
export async function importCopy(
  file: File,
  context: ImportContext,
): Promise<PreparedImport | null> {
  const { engines, signal } = context;
  const video = await engines.decode.call('foreign', { file }, { signal });
  const frames = video.times.length;
  const trial = { file, video, from: 0, to: Math.min(TRIED, frames) };
  const first = await engines.decode.call('copies', trial, { signal });
  if (first.length === 0) return null;
  const collected = new Collector(new Date().toISOString());
  const payloads = new Map<number, Uint8Array>();
  let drawnAs: ProfileName = 'universal';
  for await (const { index, frame, payload, profile } of copiedFrames(file, video, context)) {
    payloads.set(index, payload);
    drawnAs = profile;
    await collected.add(index, frame);
  }
  const found = collected.finish();
  const profile = await profileHere(drawnAs, context);
  const metadata = await metadataOf(file);
  const write = (numbers: readonly number[], model: string): ReturnType<ReadVideo['write']> =>
    drawAnew(
      numbers.flatMap((number) => payloads.get(number) ?? []),
      { profile, model },
      context,
    );
  const missing: number[] = [];
  return preparedFromFrames(file, { found, profile, frames, missing, metadata, write }, context);
}

/** Every frame that can be read, in order. */
async function* copiedFrames(
  file: File,
  video: ForeignVideo,
  { engines, signal, progress }: ImportContext,
): AsyncGenerator<CopiedFrame> {
  const total = video.times.length;
  // AV1 is decoded from its beginning: in one go.
  const isWhole = video.codec === 'av1';
  const copies = Math.max(1, Math.floor(MAX_COPIES / Math.max(1, file.size)));
  const lanes = isWhole ? 1 : Math.min(engines.lanes, copies);
  const step = isWhole ? total : Math.min(framesPerRun(video), Math.ceil(total / lanes));
  for (let start = 0; start < total; start += step * lanes) {
    const starts = Array.from({ length: lanes }, (_, lane) => start + lane * step);
    const read = await Promise.all(
      starts
        .filter((from) => from < total)
        .map((from) => {
          const args = { file, video, from, to: Math.min(total, from + step) };
          return engines.decode.call('copies', args, { signal });
        }),
    );
    yield* read.flat();
    const done = Math.min(total, start + step * lanes);
    progress({ stage: 'read', done, total, file: file.name });
  }
}

/** The profile that frames are drawn in: theirs, where this browser can. */
async function profileHere(
  wanted: ProfileName,
  { engines, signal }: ImportContext,
): Promise<ProfileName> {
  if (wanted === 'universal') return wanted;
  const { works } = await engines.decode.call('probe', { profile: wanted }, { signal });
  return works ? wanted : 'universal';
}

/** What the copy still says of itself; nothing where it is no MP4 that we open. */
async function metadataOf(file: File): Promise<Readonly<Record<string, string>>> {
  try {
    return (await openMp4(file, { isPart: true })).metadata;
  } catch (error) {
    if (error instanceof CorruptError || error instanceof UnsupportedError) return {};
    throw error;
  }
}

async function drawAnew(
  payloads: Uint8Array[],
  { profile, model }: { profile: ProfileName; model: string },
  { engines, store, signal, progress }: ImportContext,
): ReturnType<ReadVideo['write']> {
  const parts = Array.from({ length: Math.ceil(payloads.length / DRAWN_AT_ONCE) }, (_, at) =>
    payloads.slice(at * DRAWN_AT_ONCE, (at + 1) * DRAWN_AT_ONCE),
  );
  let done = 0;
  const encoded = await Promise.all(
    parts.map(async (some) => {
      const args = { profile, payloads: some, caution: 0 as const };
      const frames = await engines.encode.call('again', args, { signal });
      done += some.length;
      progress({ stage: 'encode', done, total: payloads.length });
      return frames;
    }),
  );
  let verified = 0;
  const videos = await writeVerified(
    null,
    { encoded, payloads },
    {
      ...{ engines, profile, model, signal, target: storedVideos(store) },
      progress: (stage, frames) => {
        verified += frames;
        progress({ stage, done: verified, total: payloads.length });
      },
    },
  );
  const [written] = videos;
  if (!written) throw new Error('A segment without frames was written.');
  return { video: written.digest, videoBytes: written.size };
}
