/** Walks over the graph of objects. What an object refers to comes from the caller's function. */
import type { Reference } from './layout';

/** What the objects of a kind refer to. Pure; throws CorruptError for bytes it cannot read. */
export type References = (kind: string, bytes: Uint8Array) => Reference[];

/** How to walk: the caller's knowledge of its objects. */
export interface Graph {
  readonly references: References;
  /** Kinds that refer to nothing: walks do not read them. */
  readonly leaves: ReadonlySet<string>;
}

/** How many files are read or written side by side: 5 times faster than one after another on OPFS. */
const WIDTH = 16;

/**
 * Visits every object that the starts reach, each once per kind, starts included.
 * `enter` gives the bytes to look into, or undefined where the walk goes no further.
 */
export async function walk(
  starts: Iterable<Reference>,
  references: References,
  enter: (reference: Reference) => Promise<Uint8Array | undefined>,
): Promise<void> {
  const seen = new Set<string>();
  let level = unseen(starts, seen);
  while (level.length > 0) {
    const next: Reference[] = [];
    await sideBySide(level, async (reference) => {
      const bytes = await enter(reference);
      if (bytes) next.push(...unseen(references(reference.kind, bytes), seen));
    });
    level = next;
  }
}

/** Runs `action` on every item, 16 at a time; rejects with the first error once all have ended. */
export async function sideBySide<T>(
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  let taken = 0;
  const errors: unknown[] = [];
  const lane = async () => {
    while (errors.length === 0 && taken < items.length) {
      const item = items[taken++];
      if (item === undefined) continue;
      try {
        await action(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(WIDTH, items.length) }, lane));
  if (errors.length > 0) throw errors[0];
}

function unseen(references: Iterable<Reference>, seen: Set<string>): Reference[] {
  const fresh: Reference[] = [];
  for (const reference of references) {
    const name = `${reference.digest} ${reference.kind}`;
    if (seen.has(name)) continue;
    seen.add(name);
    fresh.push(reference);
  }
  return fresh;
}
