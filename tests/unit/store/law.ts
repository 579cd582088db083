/** Assertions that run anywhere: the same suites run in Node and inside a worker of a browser. */

/** One case of a suite, on a file system of its own. */
export interface Case<T> {
  name: string;
  run: (subject: T) => Promise<void>;
}

export function same(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, b] = [shown(actual), shown(expected)];
  if (a !== b) throw new Error(`${what}: got ${a.slice(0, 300)}, expected ${b.slice(0, 300)}`);
}

export async function fails<E extends Error>(
  action: () => unknown,
  kind: new (message: string) => E,
): Promise<E> {
  let result: unknown;
  try {
    result = await action();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`got ${shown(result)}, expected a ${kind.name}`);
}

function shown(value: unknown): string {
  // `stringify` has no text for it, whatever its type says.
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? `bytes ${[...part].join(' ')}` : part,
  );
}
