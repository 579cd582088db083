/**
 * A bare MP4 into what can be committed: a frame that cannot be read costs itself; the rest is kept,
 * as the samples that they are. Copies that others encoded go to `import-copy.ts`. Commits nothing.
 */
import type { ProfileName } from '../../api';
import { writeMp4 } from '../../video/mp4';
import { openMp4, type Mp4 } from '../../video/mp4-index';
import { PROFILES } from '../../video/profile';
import { EXPORTS } from './delivery';
import type { PreparedImport } from './import-commit';
import { importCopy } from './import-copy';
import {
  Collector,
  foreign,
  preparedFromFrames,
  SEGMENT_FRAMES,
  type Found,
} from './import-frames';
import type { ImportContext } from './unpacked';

/**
 * @throws UnsupportedError for a video without a frame of ours, or one that this browser cannot decode
 * @throws CorruptError for a file that is no MP4
 */
export async function importMp4(file: File, context: ImportContext): Promise<PreparedImport> {
  const mp4 = await openMp4(file, { isPart: true });
  const profile = profileOf(mp4);
  // Frames that need others to be decoded cannot be kept as the samples that they are.
  if (!profile || !mp4.isIntra) {
    const copy = await importCopy(file, context);
    if (copy) return copy;
    throw foreign(file);
  }
  const missing = new Set(mp4.missing);
  const present = Array.from({ length: mp4.frames }, (_, frame) => frame).filter(
    (frame) => !missing.has(frame),
  );
  const found = await readFrames(file, mp4, { profile, present }, context);
  const { frames, metadata } = mp4;
  const write = async (
    numbers: readonly number[],
    model: string,
  ): ReturnType<Parameters<typeof preparedFromFrames>[1]['write']> => {
    const comment = `memreel/1 ${profile} model=${model} frames=${String(numbers.length)}`;
    const samples = await samplesOf(mp4, numbers);
    const bytes = await writeMp4([{ profile, ...coded(mp4), samples }], { comment });
    return { video: await context.store.putBlob(bytes), videoBytes: bytes.length };
  };
  const video = { found, profile, frames, missing: mp4.missing, metadata, write };
  return preparedFromFrames(file, video, context);
}

function profileOf({ codec, width, height }: Mp4): ProfileName | null {
  for (const profile of Object.values(PROFILES)) {
    const isCoded = codec.startsWith(profile.codec === 'av1' ? 'av01' : 'avc1');
    if (isCoded && width === profile.framePixels && height === width) return profile.name;
  }
  return null;
}

/** Reads all frames that are there, on all lanes. A chunk in two frames counts where it comes last. */
async function readFrames(
  file: File,
  mp4: Mp4,
  { profile, present }: { profile: ProfileName; present: readonly number[] },
  context: ImportContext,
): Promise<Found> {
  const { engines, signal, progress } = context;
  const collected = new Collector(new Date().toISOString());
  let done = 0;
  for (let from = 0; from < present.length; from += SEGMENT_FRAMES) {
    signal.throwIfAborted();
    const some = present.slice(from, from + SEGMENT_FRAMES);
    const video = await writeMp4(
      [{ profile, ...coded(mp4), samples: await samplesOf(mp4, some) }],
      {},
    );
    const share = Math.ceil(some.length / engines.lanes);
    const parts = Array.from({ length: Math.ceil(some.length / share) }, (_, at) => at * share);
    await withTemporary(context, video, async (temporary) => {
      const read = await Promise.all(
        parts.map(async (start) => {
          const frames = some.slice(start, start + share).map((_, at) => start + at);
          const segment = { id: `${file.name} ${String(from)} ${String(start)}`, file: temporary };
          let told = 0;
          const reply = await engines.decode.call(
            'recover',
            { segment, frames },
            {
              signal,
              onProgress: (count) => {
                done += count - told;
                told = count;
                progress({ stage: 'verify', done, total: present.length, file: file.name });
              },
            },
          );
          return reply;
        }),
      );
      for (const { index, frame } of read.flat()) {
        const number = some[index];
        if (frame && number !== undefined) await collected.add(number, frame);
      }
    });
  }
  return collected.finish();
}

const coded = ({ codec, decoderConfig }: Mp4): Pick<Mp4, 'codec' | 'decoderConfig'> => ({
  codec,
  decoderConfig,
});

/** Samples of frames in ascending order; neighbours are read in one go. */
async function samplesOf(mp4: Mp4, frames: readonly number[]): Promise<Uint8Array[]> {
  const samples: Uint8Array[] = [];
  for (let at = 0; at < frames.length;) {
    const first = frames[at] ?? 0;
    let count = 1;
    while (frames[at + count] === first + count) count++;
    samples.push(...(await mp4.samples(first, first + count)));
    at += count;
  }
  return samples;
}

async function withTemporary(
  { fs }: ImportContext,
  bytes: Uint8Array,
  work: (file: Blob) => Promise<void>,
): Promise<void> {
  const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
  const file = await fs.open(path, { create: true });
  try {
    file.write(0, bytes);
    file.flush();
  } finally {
    file.close();
  }
  try {
    const written = await fs.read(path);
    if (!written) throw new Error('What was written for an import is gone.');
    await work(written);
  } finally {
    await fs.remove(path);
  }
}
