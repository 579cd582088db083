import { describe, expect, test } from 'vitest';
import {
  ConflictError,
  CorruptError,
  InvalidError,
  NotFoundError,
  WorkerLostError,
} from '../../../src/lib/errors';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { enginesInNode } from './engines-in-node';
import { file, libraryInNode, shardOf } from './library-in-node';

const WING = 'The slipstream of a propeller increases the lift of a wing behind it.\n';
const CAKE = 'A cake rises because baking powder gives off gas in the heat of the oven.\n';
const LONG = Array.from(
  { length: 300 },
  (_, at) => `Paragraph ${String(at)} speaks of panel flutter at Mach ${String(at / 100)}.\n\n`,
).join('');

async function open() {
  const fs = new MemoryFileSystem();
  return { fs, calls: await libraryInNode(fs) };
}

describe('a question', () => {
  test('is answered with text that was read from the video', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING), file('cake.txt', CAKE)]);
    const hits = await calls.call('search', { id, query: 'wing lift', options: { topK: 1 } });
    expect(hits).toHaveLength(1);
    expect(hits[0]).toMatchObject({
      text: WING,
      from: 'video',
      source: { name: 'wing.txt', type: 'text/plain' },
      frame: { index: 0 },
      place: { line: 1, start: 0, end: WING.length },
    });
    expect(hits[0]?.marks.map(([start, end]) => WING.slice(start, end))).toEqual(['lift', 'wing']);
  });

  test('by meaning finds what no word of it names', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING), file('cake.txt', CAKE)]);
    const options = { mode: 'semantic', topK: 1 } as const;
    const [hit] = await calls.call('search', { id, query: 'bread dough', options });
    expect(hit).toMatchObject({ text: CAKE, matched: ['semantic'] });
  });

  test('respects a filter by source, by text and by date', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING), file('cake.txt', CAKE)]);
    const sources = await calls.call('sources', { id });
    const cake = sources.find(({ name }) => name === 'cake.txt')?.id ?? '';
    const named = async (filter: object): Promise<string[]> => {
      const hits = await calls.call('search', {
        id,
        query: 'wing cake heat lift',
        options: { filter },
      });
      return hits.map(({ source }) => ('name' in source ? source.name : 'note'));
    };
    expect(await named({ sources: [cake] })).toEqual(['cake.txt']);
    expect(await named({ text: 'baking' })).toEqual(['cake.txt']);
    expect((await named({ types: ['text/plain'] })).sort()).toEqual(['cake.txt', 'wing.txt']);
    expect(await named({ types: ['application/pdf'] })).toEqual([]);
    expect(await named({ addedAfter: '2999-01-01T00:00:00Z' })).toEqual([]);
  });

  test('of nothing, or of an empty shard, has no answer', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, []);
    expect(await calls.call('search', { id, query: 'wing', options: {} })).toEqual([]);
    expect(await calls.call('search', { id, query: '  ', options: {} })).toEqual([]);
  });

  test('with a bad topK is refused', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    const asked = calls.call('search', { id, query: 'wing', options: { topK: 0 } });
    await expect(asked).rejects.toThrow(InvalidError);
  });
});

describe('an ingest', () => {
  test('keeps the text: its chunks joined in order are what was dropped in', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('long.txt', LONG)], { size: 200 });
    const chunks = await calls.call('chunks', { id, limit: 1000 });
    expect(chunks.length).toBeGreaterThan(50);
    expect(chunks.map(({ text }) => text).join('')).toBe(LONG);
    expect(new Set(chunks.map(({ uuid }) => uuid)).size).toBe(chunks.length);
  });

  test('appends: earlier chunks keep their UUID, frame and order', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    const before = await calls.call('chunks', { id });
    const { report, info } = await calls.call('ingest', {
      id,
      files: [file('cake.txt', CAKE)],
      chunking: {},
    });
    expect(report).toMatchObject({ chunks: 1, version: info.head });
    const after = await calls.call('chunks', { id });
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ text }) => text)).toEqual([WING, CAKE]);
  });

  test('reports a bad file and keeps the good ones', async () => {
    const { calls } = await open();
    const { id } = await calls.call('create', {
      name: 'Mixed',
      profile: 'compact',
      model: 'static-en',
    });
    const noise = new File([crypto.getRandomValues(new Uint8Array(5000))], 'noise.bin');
    const { report } = await calls.call('ingest', {
      id,
      files: [file('wing.txt', WING), noise, file('empty.txt', ''), file('cake.txt', CAKE)],
      chunking: {},
    });
    expect(report.files.map(({ name, chunks }) => [name, chunks])).toEqual([
      ['wing.txt', 1],
      ['noise.bin', 0],
      ['empty.txt', 0],
      ['cake.txt', 1],
    ]);
    expect(report.files[1]?.error).toMatchObject({ code: 'unsupported' });
    expect(report.files[1]?.error?.message).toContain('noise.bin');
    expect(report.files[2]?.warnings).toHaveLength(1);
  });

  test('says that a text is in a script which its model does not know', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, []);
    const files = [
      file('翼.txt', '翼の揚力はプロペラ後流によって増加する。'),
      file('wing.txt', WING),
    ];
    const { report } = await calls.call('ingest', { id, files, chunking: {} });
    expect(report.files[0]?.warnings.join()).toContain('does not know');
    expect(report.files[1]?.warnings).toEqual([]);
    const [hit] = await calls.call('search', { id, query: '揚力', options: {} });
    expect(hit).toMatchObject({ source: { name: '翼.txt' }, matched: ['lexical'] });
  });

  test('reads on in another worker when the one of several documents is lost', async () => {
    const engines = enginesInNode();
    let started = 0;
    const frail = {
      ...engines,
      extract: () => {
        const real = engines.extract();
        const dies = ++started <= 2;
        let calls = 0;
        return {
          ...real,
          call: (...args: Parameters<typeof real.call>) =>
            dies && ++calls > 2
              ? Promise.reject(new WorkerLostError('The worker was ended.'))
              : real.call(...args),
        };
      },
    };
    const calls = await libraryInNode(new MemoryFileSystem(), { engines: frail });
    const texts = [0, 1, 2, 3, 4].map((at) => `Document ${String(at)}. ${LONG.repeat(15)}`);
    const files = texts.map((text, at) => file(`${String(at)}.txt`, text));
    const id = await shardOf(calls, files, { size: 2000 });
    const chunks = await calls.call('chunks', { id, limit: 10_000 });
    expect(chunks.map(({ text }) => text).join('') === texts.join('')).toBe(true);
    expect(started).toBeGreaterThan(2);
  });

  test('of nothing readable makes no version', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, []);
    const before = await calls.call('info', { id });
    const { report } = await calls.call('ingest', {
      id,
      files: [file('empty.txt', '')],
      chunking: {},
    });
    expect(report.version).toBeNull();
    expect(await calls.call('info', { id })).toEqual(before);
  });

  test('aborted leaves the shard as it was, and the library whole', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    const before = await calls.call('info', { id });
    const abort = new AbortController();
    const reason = new Error('stop');
    const ingest = calls.call(
      'ingest',
      { id, files: [file('a.txt', LONG), file('b.txt', LONG)], chunking: { size: 200 } },
      {
        signal: abort.signal,
        onProgress: ({ stage }) => {
          if (stage === 'encode') abort.abort(reason);
        },
      },
    );
    await expect(ingest).rejects.toBe(reason);
    expect(await calls.call('info', { id })).toEqual(before);
    expect(await calls.call('check', { deep: true })).toMatchObject({ ok: true });
  });

  test('encodes a segment anew, more safely, until every frame reads back', async () => {
    const cautions: number[] = [];
    const engines = enginesInNode({
      spoil: (samples, caution) => {
        cautions.push(caution);
        const [first] = samples;
        if (caution < 2 && first) first[20] = (first[20] ?? 0) ^ 1;
      },
    });
    const calls = await libraryInNode(new MemoryFileSystem(), { engines });
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    expect(cautions).toEqual([0, 1, 2]);
    const [chunk] = await calls.call('chunks', { id });
    expect(chunk?.text).toBe(WING);
  });

  test('that never reads back is an error, and the shard stays as it was', async () => {
    const spoil = (samples: Uint8Array[]): void => {
      for (const sample of samples) sample[20] = (sample[20] ?? 0) ^ 1;
    };
    const calls = await libraryInNode(new MemoryFileSystem(), {
      engines: enginesInNode({ spoil }),
    });
    const id = await shardOf(calls, []);
    const files = [file('wing.txt', WING)];
    await expect(calls.call('ingest', { id, files, chunking: {} })).rejects.toThrow(CorruptError);
    expect(await calls.call('info', { id })).toMatchObject({ chunks: 0 });
  });

  test('embeds and indexes the end of the chunk before, and stores it nowhere', async () => {
    const engines = enginesInNode();
    const calls = await libraryInNode(new MemoryFileSystem(), { engines });
    await shardOf(calls, [file('long.txt', LONG)], { size: 200, overlap: 50 });
    const [first = '', second = ''] = engines.embedded;
    expect(first.startsWith('Paragraph 0')).toBe(true);
    const context = second.slice(0, second.indexOf('Paragraph', 1));
    expect(context.length).toBeGreaterThan(0);
    expect(first.endsWith(context)).toBe(true);
  });

  test('tells its progress, which only grows', async () => {
    const { calls } = await open();
    const { id } = await calls.call('create', {
      name: 'Notes',
      profile: 'compact',
      model: 'static-en',
    });
    const seen = new Map<string, number[]>();
    await calls.call(
      'ingest',
      { id, files: [file('a.txt', LONG), file('b.txt', WING)], chunking: {} },
      {
        onProgress: ({ stage, done }) => {
          seen.set(stage, [...(seen.get(stage) ?? []), done]);
        },
      },
    );
    expect([...seen.keys()].sort()).toEqual(['commit', 'encode', 'extract', 'verify']);
    for (const steps of seen.values()) expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(seen.get('extract')?.at(-1)).toBe(LONG.length + WING.length);
  });
});

describe('a shard', () => {
  test('is still there when the library is opened again', async () => {
    const { fs, calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING), file('long.txt', LONG)]);
    const before = await calls.call('search', { id, query: 'wing lift', options: {} });
    await calls.call('close', null);
    const again = await libraryInNode(fs);
    expect(await again.call('search', { id, query: 'wing lift', options: {} })).toEqual(before);
    expect(await again.call('check', { deep: true })).toMatchObject({ ok: true, problems: [] });
  });

  test('is renamed, removed and restored', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    expect(await calls.call('rename', { id, name: ' Wings ' })).toMatchObject({ name: 'Wings' });
    await calls.call('remove', { id });
    expect(await calls.call('shards', { removed: false })).toEqual([]);
    expect(await calls.call('shards', { removed: true })).toHaveLength(1);
    await expect(calls.call('rename', { id, name: 'x' })).rejects.toThrow(NotFoundError);
    await calls.call('restore', { id });
    expect(await calls.call('shards', { removed: false })).toMatchObject([{ name: 'Wings' }]);
    await expect(calls.call('restore', { id })).rejects.toThrow(NotFoundError);
  });

  test('opened at a version shows that version', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    const { head: at } = await calls.call('info', { id });
    await calls.call('ingest', { id, files: [file('cake.txt', CAKE)], chunking: {} });
    expect(await calls.call('chunks', { id, at })).toHaveLength(1);
    expect(await calls.call('chunks', { id })).toHaveLength(2);
    const options = { topK: 5 };
    expect(await calls.call('search', { id, at, query: 'cake oven', options })).not.toContainEqual(
      expect.objectContaining({ text: CAKE }),
    );
    await expect(calls.call('chunks', { id, at: 'none' })).rejects.toThrow(NotFoundError);
  });

  test('with a bad name or model is refused', async () => {
    const { calls } = await open();
    const create = (name: string, model: string) =>
      calls.call('create', { name, profile: 'compact', model });
    await expect(create('  ', 'static-en')).rejects.toThrow(InvalidError);
    await expect(create('Notes', 'nothing')).rejects.toThrow(InvalidError);
  });

  test('takes two ingests at once, one after the other', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, []);
    const ingest = (name: string, text: string) =>
      calls.call('ingest', { id, files: [file(name, text)], chunking: {} });
    await Promise.all([ingest('wing.txt', WING), ingest('cake.txt', CAKE)]).catch(
      (error: unknown) => {
        expect(error).not.toBeInstanceOf(ConflictError);
        throw error;
      },
    );
    const chunks = await calls.call('chunks', { id });
    expect(chunks.map(({ text }) => text).sort()).toEqual([CAKE, WING]);
  });

  test('renamed while it takes an ingest keeps both', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, []);
    const renames: Promise<unknown>[] = [];
    await calls.call(
      'ingest',
      { id, files: [file('wing.txt', WING)], chunking: {} },
      {
        onProgress: ({ stage, done }) => {
          if (stage === 'commit' && done === 0) {
            renames.push(calls.call('rename', { id, name: 'Renamed' }));
          }
        },
      },
    );
    await Promise.all(renames);
    expect(await calls.call('info', { id })).toMatchObject({ name: 'Renamed', chunks: 1 });
  });

  test('counts what it takes', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('long.txt', LONG)]);
    const stats = await calls.call('stats', { id });
    expect(stats.textBytes).toBe(LONG.length);
    expect(stats).toMatchObject({ segments: 1, deleted: 0, retainedBytes: 0 });
    const { text, metadata, unfilled } = stats.payload;
    expect(text + metadata + unfilled).toBe(stats.frames * 2953);
    expect(stats.gzipBytes).toBeLessThan(stats.textBytes);
  });
});

describe('a chunk', () => {
  test('comes with its live neighbours of the same source', async () => {
    const { calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING), file('long.txt', LONG)], {
      size: 300,
    });
    const chunks = await calls.call('chunks', { id });
    const uuid = chunks[2]?.uuid ?? '';
    expect(await calls.call('context', { id, uuid, before: 5, after: 1 })).toEqual(
      chunks.slice(1, 4),
    );
    expect(await calls.call('chunk', { id, uuid })).toEqual(chunks[2]);
    await expect(calls.call('chunk', { id, uuid: 'none' })).rejects.toThrow(NotFoundError);
  });
});

describe('check', () => {
  test('names a segment whose bytes have changed', async () => {
    const { fs, calls } = await open();
    const id = await shardOf(calls, [file('wing.txt', WING)]);
    const { head } = await calls.call('info', { id });
    expect(head).toBeDefined();
    const spoiled = await spoilLargestBlob(fs);
    const report = await calls.call('check', { deep: false });
    expect(report.ok).toBe(false);
    expect(report.problems.map(({ where }) => where).join()).toContain(spoiled);
  });
});

/** Flips a bit in the largest blob; returns its digest. */
async function spoilLargestBlob(fs: MemoryFileSystem): Promise<string> {
  let largest = { path: '', size: 0 };
  for (const folder of await fs.list('blobs')) {
    for (const name of await fs.list(`blobs/${folder}`)) {
      const path = `blobs/${folder}/${name}`;
      const size = (await fs.read(path))?.size ?? 0;
      if (size > largest.size) largest = { path, size };
    }
  }
  const handle = await fs.open(largest.path, { create: false });
  const at = largest.size >> 1;
  handle.write(at, Uint8Array.of((handle.read(at, 1)[0] ?? 0) ^ 1));
  handle.close();
  return largest.path.split('/').at(-1) ?? '';
}

test('tombstones are listed alone, with the others, or not at all', async () => {
  const { calls } = await open();
  const lines = ['One.', 'Two.', 'Three.'].map((text) => JSON.stringify({ text })).join('\n');
  const id = await shardOf(calls, [file('three.jsonl', lines)]);
  const [, second] = await calls.call('chunks', { id });
  const what = [second?.uuid ?? ''];
  await calls.call('change', { id, edit: { kind: 'delete', what }, message: undefined, seen: {} });
  const texts = async (deleted: boolean | 'only'): Promise<string[]> =>
    (await calls.call('chunks', { id, deleted })).map(({ text }) => text.trim());
  expect(await texts(false)).toEqual(['One.', 'Three.']);
  expect(await texts(true)).toEqual(['One.', 'Two.', 'Three.']);
  expect(await texts('only')).toEqual(['Two.']);
});
