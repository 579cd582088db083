import { describe, expect, test } from 'vitest';
import { DocumentReader, type ReaderOptions } from '../../../src/lib/library/document-reader';
import { extractHandlers } from '../../../src/lib/library/extract-handlers';
import { callDirectly } from '../../../src/lib/rpc/server';
import { newLineage } from '../../../src/lib/shard/ids';
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
    assetsUrl: 'unused',
    signal,
    password: () => Promise.resolve(undefined),
    progress: () => undefined,
  });
  return { reader, ends };
}

/** Reads documents, but only so many of them to their end. */
async function readAll(reader: DocumentReader, files: File[], most = Infinity): Promise<number> {
  let failed = 0;
  let read = 0;
  for await (const { opened } of reader.read(files)) {
    if ('error' in opened) failed++;
    else if (read++ < most) for await (const batch of opened.chunks()) expect(batch).toBeDefined();
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
