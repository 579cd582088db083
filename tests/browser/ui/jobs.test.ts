import { expect, test } from 'vitest';
import type { IngestOptions, IngestReport } from '../../../src/lib/api';
import { Jobs, type JobShard, type JobTarget } from '../../../src/lib/ui/jobs.svelte';

/** A shard literal whose `ingest` is given. */
function shardWith(
  ingest: (files: File[], options: IngestOptions) => Promise<IngestReport>,
  id = 's',
): JobShard {
  return {
    id,
    name: 'Notes',
    ingest: (files, options) => ingest([...files], options ?? {}),
  };
}

function targetOf(shard: JobShard): { target: JobTarget; discarded: string[] } {
  const discarded: string[] = [];
  return {
    discarded,
    target: {
      name: 'Notes',
      id: null,
      open: () => Promise.resolve(shard),
      discard: ({ id }) => {
        discarded.push(id);
        return Promise.resolve();
      },
    },
  };
}

const file = (name: string, text = 'hello'): File => new File([text], name);
const report = (version: string | null, ...files: IngestReport['files']): IngestReport => ({
  files,
  chunks: files.reduce((sum, one) => sum + one.chunks, 0),
  seconds: 1,
  version,
});

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

test('progress never goes back, says "all" only at the end, and tells rate and time left', async () => {
  let now = 0;
  const seen: number[] = [];
  const jobs = new Jobs(() => now);
  const shard = shardWith((_, { onProgress }) => {
    const step = (stage: 'extract' | 'encode', done: number, total: number): void => {
      now += 1000;
      onProgress?.({ stage, done, total });
      seen.push(job.fraction);
    };
    step('extract', 100, 400);
    step('encode', 1, 1);
    // More was found inside the files: the total grows.
    step('extract', 200, 800);
    step('extract', 400, 800);
    expect(job.rate).toBe(100);
    expect(job.secondsLeft).toBeCloseTo((4 * (1 - 0.45)) / 0.45);
    step('extract', 800, 800);
    step('encode', 9, 9);
    return Promise.resolve(report('v1', { name: 'a', chunks: 2, warnings: [] }));
  });
  const { job, ended } = jobs.add(targetOf(shard).target, [file('a')]);
  await ended;
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(Math.max(...seen)).toBeLessThan(1);
  expect(job.fraction).toBe(1);
  expect(job.phase).toBe('done');
});

test('files of the same name keep apart, and the report has the last word on each', async () => {
  const jobs = new Jobs();
  const shard = shardWith((_, { onProgress }) => {
    const say = (state: 'reading' | 'done'): void =>
      onProgress?.({ stage: 'extract', done: 0, total: 1, file: 'a.txt', state });
    say('reading');
    say('done');
    expect(job.files.map((one) => one.state.phase)).toEqual(['read', 'waiting']);
    say('reading');
    expect(job.files.map((one) => one.state.phase)).toEqual(['read', 'reading']);
    const error = { name: 'CorruptError', code: 'corrupt', message: 'cut short' };
    return Promise.resolve(
      report(
        'v1',
        { name: 'a.txt', chunks: 3, warnings: ['guessed'] },
        { name: 'a.txt', chunks: 0, warnings: [], error },
      ),
    );
  });
  const { job, ended } = jobs.add(targetOf(shard).target, [file('a.txt'), file('a.txt')]);
  await ended;
  expect(job.files.map((one) => one.state)).toEqual([
    { phase: 'added', report: { name: 'a.txt', chunks: 3, warnings: ['guessed'] } },
    {
      phase: 'failed',
      report: {
        ...{ name: 'a.txt', chunks: 0, warnings: [] },
        error: { name: 'CorruptError', code: 'corrupt', message: 'cut short' },
      },
    },
  ]);
});

test('cancel stops the work and takes back the shard that was made for it', async () => {
  const jobs = new Jobs();
  let begun = (): void => undefined;
  const running = new Promise<void>((resolve) => (begun = resolve));
  const shard = shardWith((_, { signal }) => {
    begun();
    return untilAborted(signal);
  });
  const { target, discarded } = targetOf(shard);
  const { job, ended } = jobs.add(target, [file('a')]);
  await running;
  job.cancel();
  expect(job.phase).toBe('cancelling');
  await ended;
  expect(job.phase).toBe('cancelled');
  expect(job.error).toBeNull();
  expect(discarded).toEqual(['s']);
  expect(jobs.busy).toBe(false);
});

test('a failure that is not a cancel is kept and shown', async () => {
  const failure = new Error('disk full');
  const { target, discarded } = targetOf(shardWith(() => Promise.reject(failure)));
  const { job, ended } = new Jobs().add(target, [file('a')]);
  await ended;
  expect(job.phase).toBe('failed');
  expect(job.error).toBe(failure);
  expect(discarded).toEqual(['s']);
});

test('where no file gave a chunk, no empty shard stays behind', async () => {
  const shard = shardWith(() =>
    Promise.resolve(report(null, { name: 'a', chunks: 0, warnings: [] })),
  );
  const { target, discarded } = targetOf(shard);
  const { job, ended } = new Jobs().add(target, [file('a')]);
  await ended;
  expect(job.phase).toBe('done');
  expect(job.shard).toBeNull();
  expect(discarded).toEqual(['s']);
});

test('jobs take turns, and one cancelled while it waits never begins', async () => {
  const jobs = new Jobs();
  const order: string[] = [];
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const target = (name: string): JobTarget =>
    targetOf(
      shardWith(async () => {
        order.push(`${name} begins`);
        await gate;
        order.push(`${name} ends`);
        return report('v', { name, chunks: 1, warnings: [] });
      }, name),
    ).target;
  const first = jobs.add(target('first'), [file('1')]);
  const second = jobs.add(target('second'), [file('2')]);
  const third = jobs.add(target('third'), [file('3')]);
  second.job.cancel();
  expect(second.job.phase).toBe('cancelled');
  release();
  await Promise.all([first.ended, second.ended, third.ended]);
  expect(order).toEqual(['first begins', 'first ends', 'third begins', 'third ends']);
});

test('a locked file asks, and cancelling answers for the person', async () => {
  const jobs = new Jobs();
  const answers: (string | undefined)[] = [];
  const shard = shardWith(async (_, { password, signal }) => {
    const asked = password?.('locked.pdf');
    expect(job.locked?.file).toBe('locked.pdf');
    job.locked?.answer('sesame');
    answers.push(await asked);
    const again = password?.('other.pdf');
    job.cancel();
    answers.push(await again);
    signal?.throwIfAborted();
    return report('v');
  });
  const { job, ended } = jobs.add(targetOf(shard).target, [file('locked.pdf')]);
  await ended;
  expect(answers).toEqual(['sesame', undefined]);
  expect(job.phase).toBe('cancelled');
  expect(job.locked).toBeNull();
});
