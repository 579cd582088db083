/** Verifies a library: every digest and reference, and when asked every frame and text. */
import type { CheckReport, Progress } from '../api';
import { MemreelError } from '../errors';
import type { ShardEntry } from '../shard/objects';
import type { Store } from '../store/store';
import type { Catalogue } from './catalogue';
import type { FrameTexts } from './asking/frame-texts';
import { isHere } from './editing/past-texts';
import { openView, type ShardView } from './view';

/** Texts read at a time. */
const STEP = 512;

export interface CheckOptions {
  readonly deep: boolean;
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

export async function checkLibrary(
  store: Store,
  catalogue: Catalogue,
  texts: FrameTexts,
  { deep, signal, progress }: CheckOptions,
): Promise<CheckReport> {
  const { problems, blobs, bytes } = await store.check({
    signal,
    onProgress: ({ done, total }) => {
      progress({ stage: 'check', done, total });
    },
  });
  const report: CheckReport = {
    ok: true,
    problems: [...problems],
    checked: { blobs, bytes, versions: 0, frames: 0 },
  };
  for (const entry of await catalogue.entries()) {
    signal.throwIfAborted();
    const view = await openedOrNoted(catalogue, entry, report);
    if (!view) continue;
    report.checked.versions++;
    const frames = view.segments.reduce((sum, segment) => sum + segment.frames, 0);
    const records = view.ordered();
    const { chunks, deleted } = view.version.counts;
    const dead = records.filter((record) => record.deleted).length;
    if (records.length !== chunks || dead !== deleted) {
      report.problems.push({
        code: 'counts',
        where: entry.id,
        message: `The head of “${entry.name}” counts ${String(chunks)} chunks and holds ${String(records.length)}.`,
      });
    }
    if (!deep) continue;
    for (let at = 0; at < records.length; at += STEP) {
      signal.throwIfAborted();
      try {
        const some = records.slice(at, at + STEP).filter((record) => isHere(view, record));
        await texts.read(view, some, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof MemreelError)) throw error;
        const { code, subject = entry.id, message } = error;
        report.problems.push({ code, where: subject, message });
      }
      progress({
        stage: 'verify',
        done: Math.min(records.length, at + STEP),
        total: records.length,
      });
    }
    report.checked.frames += frames;
  }
  report.ok = report.problems.length === 0;
  return report;
}

/** The head, opened; where that fails the reason becomes a problem. */
async function openedOrNoted(
  catalogue: Catalogue,
  entry: ShardEntry,
  report: CheckReport,
): Promise<ShardView | undefined> {
  try {
    return await openView(catalogue, entry, entry.head);
  } catch (error) {
    if (!(error instanceof MemreelError)) throw error;
    const { code, message } = error;
    report.problems.push({ code, where: entry.id, message });
    return undefined;
  }
}
