/** Old versions let go: the log is written without them; their data goes with the next `gc`. */
import { InvalidError } from '../../errors';
import type { VersionId } from '../../shard/ids';
import type { LoggedVersion, ShardEntry } from '../../shard/objects';
import type { Store } from '../../store/store';
import { Ancestry } from './ancestry';
import type { Catalogue } from '../catalogue';
import { Change, commitFacts, putLog } from '../commit';
import { contentsOf } from './merging';
import { openView } from '../view';

/** Versions to keep: the newest so many, and those after a time (ISO 8601). */
export interface Keeping {
  readonly keepLast: number | undefined;
  readonly newerThan: string | undefined;
}

/** The head and tagged versions stay in any case. @throws InvalidError for a wish without a bound */
export async function releaseVersions(
  store: Store,
  catalogue: Catalogue,
  entry: ShardEntry,
  keeping: Keeping,
): Promise<{ after: ShardEntry; released: number }> {
  checkKeeping(keeping);
  const { keepLast = 0 } = keeping;
  // Times in versions are written by `toISOString`: so they compare as texts.
  const newerThan = keeping.newerThan && new Date(keeping.newerThan).toISOString();
  const tagged = new Set<VersionId>(Object.values(entry.tags).map(({ id }) => id));
  /** All that the line has, and which of it goes. */
  const line: LoggedVersion[] = [];
  const gone = new Set<VersionId>();
  let position = 0;
  for await (const link of catalogue.line(entry)) {
    line.push(link);
    if (link.skeleton) continue;
    const isRecent = position++ < keepLast;
    if (isRecent || link.id === entry.head.id || tagged.has(link.id)) continue;
    if (newerThan && (await catalogue.version(link)).createdAt > newerThan) continue;
    gone.add(link.id);
  }
  if (gone.size === 0) return { after: entry, released: 0 };
  const change = new Change(store);
  const ancestry = await Ancestry.of(catalogue, entry.lineage);
  const bases = await mergeBases(catalogue, entry, ancestry, gone);
  const versions: LoggedVersion[] = [];
  /** What the line is known to descend from by the merges that stay in it. */
  const taken = new Set<VersionId>();
  for (const link of line) {
    const { id, merged } = link;
    const takes = merged !== undefined && !taken.has(merged) ? merged : undefined;
    if (!gone.has(id)) versions.push(link);
    else if (takes || bases.has(id))
      versions.push(await skeletonOf(change, catalogue, entry, link));
    else continue;
    if (takes) for (const one of ancestry.ancestors(takes)) taken.add(one);
  }
  const after = { ...entry, log: await putLog(change, versions) };
  await commitFacts(store, entry, after, change, { frees: true });
  return { after, released: gone.size };
}

async function skeletonOf(
  change: Change,
  catalogue: Catalogue,
  entry: ShardEntry,
  link: LoggedVersion,
): Promise<LoggedVersion> {
  const contents = contentsOf(await openView(catalogue, entry, link));
  const digest = await change.put({
    format: 'memreel/skeleton/1',
    id: link.id,
    chunks: [...contents].map(([uuid, { sha256, deleted }]) => [uuid, sha256, deleted ? 1 : 0]),
  });
  return { ...link, digest, skeleton: true };
}

/** The versions in which lines of this lineage meet: those that a merge would compare with. */
async function mergeBases(
  catalogue: Catalogue,
  { lineage }: ShardEntry,
  ancestry: Ancestry,
  gone: ReadonlySet<VersionId>,
): Promise<Set<VersionId>> {
  const family = (await catalogue.entries()).filter((one) => one.lineage === lineage);
  const ends = await Promise.all(family.map((one) => endsOf(catalogue, one, gone)));
  const bases = new Set<VersionId>();
  const meet = (a: VersionId, b: VersionId): void => {
    if (a === b) return;
    const found = ancestry.mergeBases(a, b);
    for (const id of found) bases.add(id);
    // Several are merged with each other first: see `merging.ts`.
    for (const one of found) for (const other of found) meet(one, other);
  };
  const all = new Set(ends.flat());
  for (const a of all) for (const b of all) meet(a, b);
  return bases;
}

/**
 * The kept versions of a line from which new lines may grow, as far as their bases differ: the head,
 * tagged ones, and the newest ones from before a merge.
 */
async function endsOf(
  catalogue: Catalogue,
  entry: ShardEntry,
  gone: ReadonlySet<VersionId>,
): Promise<VersionId[]> {
  const ends = [entry.head.id, ...Object.values(entry.tags).map(({ id }) => id)];
  let isBefore = false;
  for await (const { id, merged, skeleton } of catalogue.line(entry)) {
    if (!gone.has(id) && !skeleton) {
      if (isBefore) ends.push(id);
      isBefore = false;
    }
    isBefore ||= merged !== undefined;
  }
  return ends;
}

function checkKeeping({ keepLast, newerThan }: Keeping): void {
  if (keepLast === undefined && newerThan === undefined) {
    throw new InvalidError('Say which versions to keep: keepLast, newerThan, or both.', {
      subject: 'keepLast',
    });
  }
  if (keepLast !== undefined && !(Number.isInteger(keepLast) && keepLast >= 1)) {
    throw new InvalidError('keepLast is a whole number from 1.', { subject: 'keepLast' });
  }
  if (newerThan !== undefined && Number.isNaN(Date.parse(newerThan))) {
    throw new InvalidError('newerThan is a time (ISO 8601).', { subject: 'newerThan' });
  }
}
