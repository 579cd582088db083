/** Work begun on what comes next while what comes before is in use. */

/**
 * What `work` makes of each item, in order, with so many begun before they are asked for.
 * What fails is thrown in its turn.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for (const item of items) {
    const one = work(item);
    one.catch(() => undefined); // nobody may be waiting for it yet, nor ever
    begun.push(one);
    if (begun.length < ahead) continue;
    const [first] = begun.splice(0, 1);
    if (first) yield await first;
  }
  for (const one of begun) yield await one;
}
