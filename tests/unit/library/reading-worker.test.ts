/** Workers that hang, and persons who think: what ends a reading worker and what does not. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExtractProtocol } from '../../../src/lib/library/protocol';
import {
  Passwords,
  ReadingWorker,
  type Watch,
} from '../../../src/lib/library/ingest/reading-worker';
import type { Loan } from '../../../src/lib/rpc/pool';

const signal = new AbortController().signal;
const read = (): void => undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function workerOf(ask: (name: string) => Promise<string | undefined> = () => Promise.resolve('x')) {
  const ends: string[] = [];
  const loan: Loan<ExtractProtocol> = {
    call: () => Promise.reject(new Error('Nobody calls it here.')),
    close: () => ends.push('ended'),
    giveBack: () => ends.push('given back'),
  };
  return { worker: new ReadingWorker(loan, new Passwords(ask)), ends };
}

/** Something that comes when the test says so. */
function awaited<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((come) => {
    resolve = come;
  });
  return { promise, resolve };
}

/** Begins a call that goes on until it is told to end. */
async function begun(worker: ReadingWorker): Promise<{ watch: Watch; end: () => Promise<void> }> {
  const ended = awaited<undefined>();
  const watching = awaited<Watch>();
  const done = worker.watch(0, { signal, read }, (_, watch) => {
    watching.resolve(watch);
    return ended.promise;
  });
  const end = async (): Promise<void> => {
    ended.resolve(undefined);
    await done;
  };
  return { watch: await watching.promise, end };
}

describe('a reading worker', () => {
  test('is ended when nothing moves in it for a minute', async () => {
    const { worker, ends } = workerOf();
    const { watch } = await begun(worker);
    vi.advanceTimersByTime(59_000);
    watch.onProgress(1);
    vi.advanceTimersByTime(59_000);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(ends).toEqual(['ended']);
  });

  test('is not ended while it has nothing to do', async () => {
    const { worker, ends } = workerOf();
    const { end } = await begun(worker);
    await end();
    vi.advanceTimersByTime(600_000);
    expect(ends).toEqual([]);
  });

  test('waits for a person as long as it takes, in all that it does', async () => {
    const answer = awaited<string>();
    const { worker, ends } = workerOf(() => answer.promise);
    const asking = await begun(worker);
    await begun(worker); // another member of the same archive waits for the password too
    const asked = asking.watch.onQuestion({ password: 'a.zip' });
    vi.advanceTimersByTime(3_600_000);
    expect(ends).toEqual([]);
    answer.resolve('right');
    expect(await asked).toBe('right');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual(['ended']);
  });

  test('is left to the next one only when all that was begun in it was finished', () => {
    const { worker, ends } = workerOf();
    worker.begin();
    worker.begin();
    worker.finish();
    worker.close();
    worker.finish();
    worker.close();
    expect(ends).toEqual(['ended', 'given back']);
  });
});

test('a question that was answered is not asked again in another worker, but a second one is', async () => {
  const asked: string[] = [];
  const passwords = new Passwords((name) => {
    asked.push(name);
    return Promise.resolve(`answer ${String(asked.length)}`);
  });
  expect(await passwords.answer('0\na.zip', 'a.zip', 0)).toBe('answer 1');
  expect(await passwords.answer('0\na.zip', 'a.zip', 0)).toBe('answer 1');
  expect(await passwords.answer('0\na.zip', 'a.zip', 1)).toBe('answer 2');
  expect(await passwords.answer('1\na.zip', 'a.zip', 0)).toBe('answer 3');
  expect(asked).toHaveLength(3);
});
