/**
 * Where chunks that a merge brings come to stand. Two lines that both added give their chunks keys of
 * the same range: side by side they would alternate, so those that come in go behind the others.
 */
import type { RecordChange } from '../../shard/changes';
import { compareOrder, ordersBetween } from '../../shard/order';
import type { ShardView } from '../view';

/** The changes with new order keys for runs of added chunks that would mix with chunks of `mine`. */
export function keptApart(
  mine: ShardView,
  theirs: ShardView,
  changes: readonly RecordChange[],
): RecordChange[] {
  const own = mine.ordered();
  const orders = own.map(({ order }) => order);
  const foreign = own.filter(({ uuid }) => !theirs.find(uuid)).map(({ order }) => order);
  const moved = new Map<RecordChange, string>();
  let placed: string | null = null;
  for (const run of runsOf(theirs, changes)) {
    const low = run[0]?.after?.order ?? '';
    const high = run.at(-1)?.after?.order ?? '';
    const between = foreign[lastAtMost(foreign, high)];
    if (between === undefined || compareOrder(between, low) < 0) continue;
    const ceiling: string | null = orders[lastAtMost(orders, between) + 1] ?? null;
    const isBehind = placed !== null && compareOrder(placed, between) > 0;
    const isBelow = placed !== null && (ceiling === null || compareOrder(placed, ceiling) < 0);
    const floor: string | null = isBehind && isBelow ? placed : between;
    const keys = ordersBetween(floor, ceiling, run.length);
    run.forEach((change, at) => moved.set(change, keys[at] ?? ''));
    placed = keys.at(-1) ?? placed;
  }
  return changes.map((change) => {
    const order = moved.get(change);
    return order === undefined || !change.after
      ? change
      : { ...change, after: { ...change.after, order } };
  });
}

/** Added chunks that stand one after another on the other side, in that order. */
function runsOf(theirs: ShardView, changes: readonly RecordChange[]): RecordChange[][] {
  const added = changes
    .filter(({ before, after }) => !before && after)
    .map((change) => ({ change, at: theirs.position(change.uuid) }))
    .sort((a, b) => a.at - b.at);
  const runs: RecordChange[][] = [];
  let last = -2;
  for (const { change, at } of added) {
    if (at === last + 1) runs.at(-1)?.push(change);
    else runs.push([change]);
    last = at;
  }
  return runs;
}

/** The position of the last key that is not above another; -1 where all are. */
function lastAtMost(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareOrder(sorted[middle] ?? '', key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
