/** The extracting worker's procedures: what one batch holds, and how documents are found again. */
import { describe, expect, test } from 'vitest';
import { NotFoundError } from '../../../src/lib/errors';
import { extractHandlers } from '../../../src/lib/library/ingest/extract-handlers';
import type { DraftChunk, ExtractProtocol } from '../../../src/lib/library/protocol';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { newLineage, newSourceId } from '../../../src/lib/shard/ids';
import { makeZip } from '../text/extract/made-zip';

const assetsUrl = 'unused';

const worker = (): Caller<ExtractProtocol> => callDirectly(extractHandlers());

const opening = () => ({
  ...{ source: newSourceId(), lineage: newLineage(), chunking: {}, model: 'static-en', assetsUrl },
});

async function batches(
  calls: Caller<ExtractProtocol>,
  ref: { file: File; member?: string; sha256?: string },
): Promise<(readonly DraftChunk[])[]> {
  const { reading, first } = await calls.call('open', { ...opening(), ...ref });
  const all = [first];
  for (let last = first; !last.end; all.push(last)) last = await calls.call('next', { reading });
  return all.map(({ chunks }) => chunks);
}

describe('a batch', () => {
  test('holds so many chunks and characters, and all of them together are the text', async () => {
    const records = Array.from({ length: 10_000 }, (_, at) => `{"text":"Record ${String(at)}"}`);
    const file = new File([records.join('\n')], 'records.jsonl');
    const made = await batches(worker(), { file });
    expect(made.map((chunks) => chunks.length)).toEqual([4096, 4096, 1808]);
    const long = new File(['The wing lifts. '.repeat(60_000)], 'long.txt');
    for (const chunks of await batches(worker(), { file: long })) {
      const characters = chunks.reduce((sum, { text }) => sum + text.length, 0);
      expect(characters).toBeLessThan((1 << 17) + 8000);
    }
  });

  test('is refused where a passage is too long to be held', async () => {
    const records = ['first', 'a'.repeat((1 << 24) + 1)].map((text) => JSON.stringify({ text }));
    const file = new File([records.join('\n')], 'a.jsonl');
    await expect(batches(worker(), { file })).rejects.toThrow(/a\.jsonl .*16 million/);
  });
});

describe('a document', () => {
  test('inside an archive is found with and without what `identify` said', async () => {
    const inner = new Uint8Array(await (await makeZip({ 'b/c.txt': 'Gamma.' })).arrayBuffer());
    const file = new File([await makeZip({ 'a.txt': 'Alpha.', 'in.zip': inner })], 'a.zip');
    const calls = worker();
    const { sha256, members, isText } = await calls.call('identify', { file, assetsUrl });
    expect(isText).toBe(false);
    expect(members.map(({ path }) => path)).toEqual(['a.txt', 'in.zip']);
    for (const known of [{}, { sha256 }]) {
      for (const [member, text] of [
        ['a.txt', 'Alpha.'],
        ['in.zip/b/c.txt', 'Gamma.'],
      ] as const) {
        const [chunks] = await batches(calls, { file, member, ...known });
        expect(chunks?.map((chunk) => chunk.text)).toEqual([text]);
      }
      await expect(batches(calls, { file, member: 'in.zip/d.txt', ...known })).rejects.toThrow(
        NotFoundError,
      );
    }
  });

  test('is read as what its own name says, whatever else has the same content', async () => {
    const calls = worker();
    const files = ['a.md', 'a.txt'].map((name) => new File(['# Alpha\n\nFirst.'], name));
    const known: { file: File; sha256: string }[] = [];
    for (const file of files) {
      known.push({ file, sha256: (await calls.call('identify', { file, assetsUrl })).sha256 });
    }
    const places = [];
    for (const ref of known) places.push((await batches(calls, ref))[0]?.[0]?.place.heading);
    expect(places).toEqual([['Alpha'], undefined]);
  });
});
