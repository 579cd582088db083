/**
 * A shard whose model is away: it takes documents and edits, answers by words, says so, and is whole
 * again once the model is back and it was reindexed.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Hit, IngestReport } from '../../../src/lib/api';
import { InvalidError, NotFoundError } from '../../../src/lib/errors';
import type { SentenceModelSpec } from '../../../src/lib/embedding/model';
import { modelSpec } from '../../../src/lib/embedding/registry';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { enginesInNode } from './engines-in-node';
import { file, libraryInNode, type Calls } from './library-in-node';
import { modelsInNode } from './models-in-node';

const CONFIG = '{"hidden_size":128}';
const spec: SentenceModelSpec = {
  ...{ kind: 'sentence', id: 'large', name: 'Large', dimensions: 128, languages: 'English' },
  ...{ scripts: 'all', licence: 'MIT', licenceUrl: 'https://example.org/licence' },
  ...{ origin: 'tests', pooling: 'mean', prefixes: { passage: '', query: '' }, maxTokens: 8 },
  hub: { name: 'tests/large', revision: '4'.repeat(40) },
  files: [
    {
      ...{ path: 'config.json', bytes: CONFIG.length },
      sha256: createHash('sha256').update(CONFIG).digest('hex'),
    },
  ],
  bytes: CONFIG.length,
};
const SENTENCES = [
  'A car needs petrol to drive.',
  'The baker puts bread into the oven.',
  'Rain fell on the hills all night.',
];

const linesOf = (texts: readonly string[]): string =>
  texts.map((text) => JSON.stringify({ text })).join('\n');

class Opened {
  readonly calls: Calls;
  readonly embedded: string[];
  id = '';

  private constructor(calls: Calls, embedded: string[]) {
    this.calls = calls;
    this.embedded = embedded;
  }

  static async open(): Promise<Opened> {
    const models = modelsInNode({ specs: [modelSpec('static-en'), spec] });
    const engines = enginesInNode();
    const calls = await libraryInNode(new MemoryFileSystem(), { models, engines });
    const opened = new Opened(calls, engines.embedded);
    const { id } = await calls.call('create', { name: 'N', profile: 'compact', model: 'large' });
    opened.id = id;
    return opened;
  }

  async ingest(texts: readonly string[], name = 'three.jsonl'): Promise<IngestReport> {
    const files = [file(name, linesOf(texts))];
    const { id } = this;
    return (await this.calls.call('ingest', { id, files, chunking: {} })).report;
  }

  async change(edit: ChunkEdit): Promise<void> {
    await this.calls.call('change', { id: this.id, edit, message: undefined, seen: {} });
  }

  async uuidOf(part: string): Promise<string> {
    const chunks = await this.calls.call('chunks', { id: this.id, deleted: true });
    const found = chunks.find(({ text }) => text.includes(part));
    if (!found) throw new Error(`No chunk says ${part}.`);
    return found.uuid;
  }

  ask(query: string, mode: 'hybrid' | 'semantic' = 'hybrid'): Promise<Hit[]> {
    return this.calls.call('search', { id: this.id, query, options: { mode } });
  }

  async bring(): Promise<void> {
    const files = [{ path: 'config.json', file: file('config.json', CONFIG) }];
    await this.calls.call('addModel', { model: 'large', files });
  }

  async state(): Promise<string> {
    return (await this.calls.call('info', { id: this.id })).modelState;
  }

  /** Every live text, by its own words as a question: whether its meaning answers too. */
  async meanings(): Promise<boolean[]> {
    const chunks = await this.calls.call('chunks', { id: this.id });
    return Promise.all(
      chunks.map(async ({ uuid, text }) => {
        const hits = await this.ask(text, 'semantic');
        return hits.some((hit) => hit.uuid === uuid && hit.matched.includes('semantic'));
      }),
    );
  }

  async problems(): Promise<unknown[]> {
    return (await this.calls.call('check', { deep: true })).problems;
  }
}

describe('a shard whose model is away', () => {
  test('answers by words, in every mode, and says so', async () => {
    const shard = await Opened.open();
    const { files } = await shard.ingest(SENTENCES);
    expect(await shard.state()).toBe('absent');
    expect(files.map(({ warnings }) => warnings)).toEqual([[expect.stringMatching(/large/)]]);
    for (const mode of ['hybrid', 'semantic'] as const) {
      const [hit, ...rest] = await shard.ask('petrol', mode);
      expect(hit).toMatchObject({ score: 1, matched: ['lexical'], parts: { semantic: 0 } });
      expect(rest).toEqual([]);
    }
    expect(shard.embedded).toEqual([]);
    expect(await shard.problems()).toEqual([]);
  });

  test('warns once, at the first file with text', async () => {
    const shard = await Opened.open();
    const files = [file('empty.txt', ''), file('a.txt', 'One.'), file('b.txt', 'Two.')];
    const { report } = await shard.calls.call('ingest', { id: shard.id, files, chunking: {} });
    const warned = report.files.filter(({ warnings }) => warnings.join().includes('Settings'));
    expect(warned.map(({ name }) => name)).toEqual(['a.txt']);
  });

  test('takes edits and undoes them, and a reindexing embeds what is missing', async () => {
    const shard = await Opened.open();
    await shard.ingest(SENTENCES);
    const uuid = await shard.uuidOf('baker');
    await shard.change({ kind: 'edit', uuid, text: 'The cook stirs a soup.' });
    await shard.change({ kind: 'insert', after: uuid, text: 'Sails catch the wind.' });
    await shard.change({ kind: 'delete', what: [await shard.uuidOf('Rain')] });
    await shard.change({ kind: 'restore', uuids: [await shard.uuidOf('Rain')] });
    expect((await shard.ask('soup'))[0]).toMatchObject({ uuid, matched: ['lexical'] });
    expect(await shard.problems()).toEqual([]);

    const before = await shard.calls.call('reindex', { id: shard.id, model: undefined });
    expect(before.report.embedded).toBe(0);
    await shard.bring();
    expect(await shard.state()).toBe('ready');
    const { report } = await shard.calls.call('reindex', { id: shard.id, model: undefined });
    expect(report).toMatchObject({ embedded: 4, chunks: 4 });
    expect(await shard.meanings()).toEqual([true, true, true, true]);
    expect(await shard.problems()).toEqual([]);
    const again = await shard.calls.call('reindex', { id: shard.id, model: undefined });
    expect(again.report).toMatchObject({ version: null, embedded: 0 });
  });

  test('embeds only what was written meanwhile, in segments and in deltas', async () => {
    const shard = await Opened.open();
    await shard.bring();
    await shard.ingest(SENTENCES);
    const car = await shard.uuidOf('petrol');
    await shard.change({ kind: 'edit', uuid: car, text: 'A lorry needs diesel.' });
    await shard.calls.call('removeModel', { model: 'large' });
    await shard.ingest(['A kite needs wind.'], 'more.jsonl');
    // Eight edits make one delta of the ones before: with vectors and without.
    const rain = await shard.uuidOf('Rain');
    for (let at = 0; at < 8; at++) {
      await shard.change({ kind: 'edit', uuid: rain, text: `Hail fell ${String(at)} times.` });
    }
    await shard.calls.call('compact', { id: shard.id, threshold: 0 });
    expect(await shard.problems()).toEqual([]);
    await shard.bring();
    shard.embedded.length = 0;
    const { report } = await shard.calls.call('reindex', { id: shard.id, model: undefined });
    expect(shard.embedded.map((text) => text.trim()).sort()).toEqual([
      'A kite needs wind.',
      'Hail fell 7 times.',
    ]);
    expect(report.embedded).toBe(2);
    expect(await shard.meanings()).toEqual([true, true, true, true]);
  });

  test('an edit embeds what a restore brings back, where the model is back', async () => {
    const shard = await Opened.open();
    await shard.ingest(SENTENCES);
    const uuid = await shard.uuidOf('baker');
    await shard.change({ kind: 'edit', uuid, text: 'The cook stirs a soup.' });
    const [edited] = await shard.calls.call('history', {
      ...{ id: shard.id, limit: 1, before: undefined },
    });
    await shard.bring();
    await shard.change({ kind: 'undo', version: edited?.id ?? '' });
    await shard.change({ kind: 'edit', uuid, text: 'The cook stirs a soup.' });
    const hits = await shard.ask('The cook stirs a soup.', 'semantic');
    expect(hits[0]).toMatchObject({ uuid, matched: ['semantic'] });
  });

  test('does not change to a model that is away, or that does not exist', async () => {
    const shard = await Opened.open();
    await shard.ingest(SENTENCES);
    const { id } = shard;
    const other = await shard.calls.call('reindex', { id, model: 'static-en' });
    expect(other.report).toMatchObject({ model: 'static-en', embedded: 3 });
    expect(await shard.state()).toBe('ready');
    await expect(shard.calls.call('reindex', { id, model: 'large' })).rejects.toThrow(
      NotFoundError,
    );
    await expect(shard.calls.call('reindex', { id, model: 'word2vec' })).rejects.toThrow(
      InvalidError,
    );
  });
});

test('a shard of another language keeps its words as they are', async () => {
  const calls = await libraryInNode(new MemoryFileSystem());
  const asked = { profile: 'compact', model: 'static-en' } as const;
  const shards = await Promise.all([
    calls.call('create', { ...asked, name: 'English' }),
    calls.call('create', { ...asked, name: 'Any', language: 'und' }),
  ]);
  expect(shards.map(({ language }) => language)).toEqual(['en', 'und']);
  const found = shards.map(async ({ id }) => {
    await calls.call('ingest', { id, files: [file('a.txt', 'Sie fanden Stones.')], chunking: {} });
    const options = { mode: 'lexical' } as const;
    return (await calls.call('search', { id, query: 'stone', options })).length;
  });
  expect(await Promise.all(found)).toEqual([1, 0]);
});
