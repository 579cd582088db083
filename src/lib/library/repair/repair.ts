/**
 * Makes good what is lost or damaged in a library, out of what is left of it: a file that was
 * exported, frames, and other versions. Nothing that is whole is changed; what nobody has stays
 * lost, and the check that ends it says so.
 */
import type { CheckReport } from '../../api';
import { CorruptError } from '../../errors';
import { UNCHANGED } from '../../shard/changes';
import type { SegmentEntry, ShardEntry } from '../../shard/objects';
import { isDigest, type Digest } from '../../store/digest';
import type { Finding } from '../../store/check';
import { checkLibrary } from '../check';
import { Change, commitEntries, commitVersion } from '../commit';
import { takeFrom } from './repair-from';
import { rebuildSegment } from './repair-segment';
import { recoverStrays } from './repair-strays';
import { surveyLibrary, type KnownSegments, type RepairContext } from './repair-survey';
import { keyOf, orLost, TableRewriter } from './repair-versions';

/**
 * The caller sees to it that nothing else commits meanwhile. Obeys the signal before each segment;
 * what was put back before stays.
 * @returns what a check finds afterwards, and the shards that changed
 */
export async function repairLibrary(
  from: Blob | null,
  context: RepairContext,
): Promise<{ report: CheckReport; shards: string[] }> {
  const { store, catalogue, texts, signal, progress } = context;
  const before = await store.check({ signal, onProgress: progress });
  const lost = lostIn(before.problems);
  const strays = before.notes.flatMap(({ code, where }) =>
    code === 'stray' ? digestIn(where) : [],
  );
  const survey = await surveyLibrary(context);
  if (from) await takeFrom(from, survey, lost, context);
  await context.forget();
  const full = lost.size > 0 && from ? await surveyLibrary(context) : survey;
  const changed = lost.size > 0 ? await rewriteLost(full, lost, context) : [];
  const added = await recoverStrays(strays, full, context);
  if (changed.length > 0) {
    const keep = [...strays, ...context.unfinished];
    try {
      await store.collect({ keepPuts: true, keep }); // the older state, which names what is lost
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error; // there is more that is lost: it all stays
    }
  }
  await context.forget();
  const report = await checkLibrary(store, catalogue, texts, { deep: false, signal, progress });
  return { report, shards: [...changed, ...added] };
}

function lostIn(problems: readonly Finding[]): Set<Digest> {
  return new Set(
    problems.flatMap(({ code, where }) =>
      code === 'missing' || code === 'corrupt' ? digestIn(where) : [],
    ),
  );
}

function digestIn(path: string): Digest[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return isDigest(name) ? [name] : [];
}

/**
 * Makes pages and search data anew, of segments whose video is whole. What comes out with the same
 * digest is in its place again; the rest replaces what is lost in every version that listed it.
 */
async function rewriteLost(
  survey: KnownSegments,
  lost: ReadonlySet<Digest>,
  context: RepairContext,
): Promise<string[]> {
  const { signal, progress } = context;
  const wanted = survey.segments.filter(({ segment }) => {
    const { video, page, postings, vectors } = segment;
    const derived = [page, postings, vectors].some((digest) => digest && lost.has(digest));
    return derived && !lost.has(video);
  });
  const made = new Map<string, SegmentEntry>();
  for (const [done, known] of wanted.entries()) {
    signal.throwIfAborted();
    progress({ stage: 'rewrite', done, total: wanted.length });
    // What cannot be made anew stays lost, and costs the others nothing.
    const rebuilt = await orLost(() => rebuildSegment(known, survey, lost, context));
    const isOther = rebuilt && keyOf(rebuilt) !== keyOf(known.segment);
    if (isOther) made.set(keyOf(known.segment), rebuilt);
  }
  signal.throwIfAborted(); // from here on it is done to the end
  if (made.size === 0) return [];
  await context.forget();
  const changed: string[] = [];
  for (const before of survey.whole) {
    const isChanged = await orLost(() => listAnew(before, made, context)); // more of it is lost
    if (isChanged) changed.push(before.id);
  }
  return changed;
}

/** Lists what was made in every version of a shard, and says so in a new one. */
async function listAnew(
  before: ShardEntry,
  made: ReadonlyMap<string, SegmentEntry>,
  context: RepairContext,
): Promise<boolean> {
  const { store, catalogue } = context;
  const change = new Change(store);
  const after = await new TableRewriter(context, change, made).entry(before);
  if (after === before) return false;
  await commitEntries(store, change, [{ before, after }]);
  await context.forget();
  const head = await catalogue.version(after.head);
  await commitVersion(store, catalogue, after, {
    operation: 'import',
    message: 'Repaired',
    patch: null,
    counts: { ...head.counts, ...UNCHANGED },
  });
  return true;
}
