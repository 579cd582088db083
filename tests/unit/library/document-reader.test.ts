import { describe, expect, test, vi } from 'vitest';
import { WorkerLostError } from '../../../src/lib/errors';
import {
  DocumentReader,
  type ReaderOptions,
} from '../../../src/lib/library/ingest/document-reader';
import { extractHandlers } from '../../../src/lib/library/ingest/extract-handlers';
import { callDirectly } from '../../../src/lib/rpc/server';
import { newLineage, newSourceId } from '../../../src/lib/shard/ids';
import { makeZip } from '../text/extract/made-zip';
import { enginesInNode } from './engines-in-node';

const file = (name: string, text: string): File => new File([text], name);

/** A reader whose workers are counted: what became of each of them. */
function readerOf(signal = new AbortController().signal): {
  reader: DocumentReader;
  ends: string[];
} {
  const ends: string[] = [];
  const extract: ReaderOptions['engines']['extract'] = () => {
    const at = ends.push('lent') - 1;
    return {
      ...callDirectly(extractHandlers()),
      close: () => {
        ends[at] = 'ended';
      },
      giveBack: () => {
        ends[at] = 'given back';
      },
    };
  };
  const reader = new DocumentReader({
    engines: { ...enginesInNode(), extract },
    lineage: newLineage(),
    chunking: {},
    model: 'static-en',
    assetsUrl: 'unused',
    signal,
    planOf: () => Promise.resolve({ source: newSourceId(), anchors: [] }),
    password: () => Promise.resolve(undefined),
    progress: () => undefined,
  });
  return { reader, ends };
}

/** Reads documents, but only so many of them to their end. */
async function readAll(reader: DocumentReader, files: File[], most = Infinity): Promise<number> {
  let failed = 0;
  let read = 0;
  for await (const { documents } of reader.read(files)) {
    for await (const { opened } of documents()) {
      if (!opened) continue;
      if ('error' in opened) failed++;
      else if (read++ < most)
        for await (const batch of opened.chunks()) expect(batch).toBeDefined();
    }
  }
  return failed;
}

const LONG = 'The wing lifts in the slipstream of the propeller. '.repeat(6000);
const texts = ['a', 'b', 'c', 'd'].map((name) => file(`${name}.txt`, LONG));

describe('the workers of a reader', () => {
  test('are left to the next one when they have read everything', async () => {
    const { reader, ends } = readerOf();
    expect(await readAll(reader, texts)).toBe(0);
    reader.close();
    expect(ends).toEqual(['given back', 'given back']);
  });

  test('are ended when a document in them failed, and only those', async () => {
    const { reader, ends } = readerOf();
    const broken = file('b.pdf', '%PDF-1.7 and nothing more');
    expect(await readAll(reader, [file('a.txt', LONG), broken])).toBe(1);
    reader.close();
    expect(ends).toEqual(['given back', 'ended']);
  });

  test('are ended when a document in them was not read to its end', async () => {
    const { reader, ends } = readerOf();
    await readAll(reader, texts, 3); // the fourth is in the second worker
    reader.close();
    expect(ends).toEqual(['given back', 'ended']);
  });

  test('are ended when reading was aborted', async () => {
    const abort = new AbortController();
    const { reader, ends } = readerOf(abort.signal);
    const reading = readAll(reader, texts);
    abort.abort(new Error('stop'));
    await expect(reading).rejects.toThrow('stop');
    reader.close();
    expect(ends).toEqual(['ended', 'ended']);
  });
});

type Loan = ReturnType<ReaderOptions['engines']['extract']>;

/** A reader whose workers are as `worker` makes them of a real one; it asks for passwords. */
function readerWith(worker: (real: Loan) => Loan, ask = vi.fn(() => Promise.resolve('right'))) {
  const engines = enginesInNode();
  const reader = new DocumentReader({
    engines: { ...engines, extract: () => worker(engines.extract()) },
    lineage: newLineage(),
    chunking: {},
    model: 'static-en',
    assetsUrl: 'unused',
    signal: new AbortController().signal,
    planOf: () => Promise.resolve({ source: newSourceId(), anchors: [] }),
    password: ask,
    progress: () => undefined,
  });
  return { reader, ask };
}

/** Each document's text or error, as it comes by. */
async function* readings(reader: DocumentReader, files: File[]): AsyncGenerator<string> {
  for await (const { documents } of reader.read(files)) {
    for await (const { opened } of documents()) {
      if (!opened) continue;
      if ('error' in opened) {
        yield String(opened.error);
        continue;
      }
      let text = '';
      for await (const batch of opened.chunks()) text += batch.map((one) => one.text).join('');
      yield text;
    }
  }
  reader.close();
}

async function all(texts: AsyncGenerator<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const text of texts) found.push(text);
  return found;
}

/** A call of a worker, to be counted or refused before it is made. */
const before = (real: Loan, look: (...args: Parameters<Loan['call']>) => void): Loan => ({
  ...real,
  async call(...args: Parameters<Loan['call']>) {
    look(...args);
    return real.call(...args);
  },
});

describe('an archive', () => {
  const parts = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`${String(at)}.txt`, `Text ${String(at)}.`]),
  );

  test('that is locked asks for its password once, whatever workers read it', async () => {
    const locked = new File([await makeZip(parts, { password: 'right' })], 'locked.zip');
    const used = new Set<Loan>();
    const { reader, ask } = readerWith((real) => before(real, () => used.add(real)));
    expect(await all(readings(reader, [locked]))).toEqual(Object.values(parts));
    expect(ask.mock.calls).toEqual([['locked.zip']]);
    expect(used.size).toBe(2);
  });

  test('is opened again in the worker that comes for one that is lost', async () => {
    const locked = new File([await makeZip(parts, { password: 'right' })], 'locked.zip');
    let started = 0;
    const { reader, ask } = readerWith((real) => {
      const dies = ++started <= 2;
      let calls = 0;
      return before(real, () => {
        if (dies && ++calls > 5) throw new WorkerLostError('The worker was ended.');
      });
    });
    expect(await all(readings(reader, [locked]))).toEqual(Object.values(parts));
    expect(started).toBeGreaterThan(2);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test('loses the member alone over which every worker is lost', async () => {
    const file = new File([await makeZip(parts)], 'a.zip');
    let bad = 0;
    const { reader } = readerWith((real) =>
      before(real, (_, args) => {
        if (!('member' in args) || args.member !== '4.txt') return;
        bad++;
        throw new WorkerLostError('The worker was ended.');
      }),
    );
    const texts = await all(readings(reader, [file]));
    expect(texts.filter((text) => text.startsWith('Text'))).toHaveLength(11);
    expect(texts[4]).toContain('worker was ended');
    expect(bad).toBe(2); // with others, then alone
  });

  test('of 3,000 members has a few of them open at a time', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, at) => [`${String(at)}.txt`, `Text ${String(at)}.`]),
    );
    const file = new File([await makeZip(many)], 'many.zip');
    let opened = 0;
    const { reader } = readerWith((real) =>
      before(real, (method) => {
        if (method === 'open') opened++;
      }),
    );
    let read = 0;
    let most = 0;
    for await (const text of readings(reader, [file])) {
      expect(text).toBe(`Text ${String(read)}.`);
      most = Math.max(most, opened - read);
      read++;
    }
    expect(read).toBe(3000);
    expect(most).toBeLessThanOrEqual(6);
  });

  test('that holds more than 10,000 files with those inside it has the rest refused', async () => {
    const inner = new Uint8Array(
      await (await makeZip({ 'a.txt': 'A', 'b.txt': 'B' })).arrayBuffer(),
    );
    const file = new File([await makeZip({ 'x.zip': inner, 'c.txt': 'C' })], 'a.zip');
    const { reader } = readerWith((real) => ({
      ...real,
      async call(...args: Parameters<Loan['call']>) {
        const reply = await real.call(...args);
        const [method, ref] = args;
        if (method !== 'identify' || !('member' in ref) || ref.member !== 'x.zip') return reply;
        const members = Array.from({ length: 9999 }, () => ({ path: 'x.zip/a.txt', size: 1 }));
        return { ...reply, members };
      },
    }));
    const found: string[] = [];
    for await (const { documents } of reader.read([file])) {
      for await (const { member = '', warnings } of documents()) {
        found.push([member, ...warnings].join(': '));
      }
    }
    reader.close();
    expect(found).toEqual([
      '',
      expect.stringMatching(/^x\.zip: The 9999 files.*too many/),
      'c.txt',
    ]);
  });
});
