/** A caller's patch on the index, and the patches of versions as the record of what was done. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonPatchOperation } from '../../../src/lib/api';
import { ConflictError, InvalidError, MemreelError, NotFoundError } from '../../../src/lib/errors';
import type { ShardView } from '../../../src/lib/library/view';
import { chunkToJson, primaryOf } from '../../../src/lib/shard/index-document';
import { applyPatch } from '../../../src/lib/shard/json-patch';
import type { JsonValue } from '../../../src/lib/shard/patch-values';
import { inStore, openEdited, problemsOf, viewsOf, type ShardCalls } from './edited-library';

describe('a patch', () => {
  test('does what it says to each field', async () => {
    const { calls, shard } = await openEdited();
    const uuid = await shard.uuid('Beta cakes rise.');
    const other = await shard.uuid('Gamma rivers flow.');
    const path = `/chunks/${uuid}`;
    const { sha256 } = await shard.chunk(uuid);
    const expiresAt = '2999-01-01T00:00:00.000Z';
    const version = await shard.apply(
      { op: 'test', path: `${path}/sha256`, value: sha256 },
      { op: 'test', path: `${path}/deleted`, value: false },
      { op: 'add', path: `${path}/text`, value: 'Omega kites soar.' },
      { op: 'add', path: `${path}/expiresAt`, value: expiresAt },
      { op: 'replace', path: `${path}/place`, value: { page: 4, start: 1, end: 2 } },
      { op: 'replace', path: `/chunks/${other}/deleted`, value: true },
    );
    expect(version.counts).toMatchObject({ edited: 1, removed: 1, chunks: 3, deleted: 1 });
    const chunks = await shard.chunks(true);
    expect(chunks[1]).toMatchObject({
      ...{ text: 'Omega kites soar.', edited: true, expiresAt },
      place: { page: 4, start: 1, end: 2 },
    });
    expect(chunks[2]).toMatchObject({ uuid: other, deleted: true });
    expect(await shard.found('kites cakes rivers')).toEqual(['Omega kites soar.']);
    await shard.apply(
      { op: 'remove', path: `${path}/text` },
      { op: 'remove', path: `${path}/expiresAt` },
      { op: 'replace', path: `${path}/place`, value: null },
      { op: 'replace', path: `/chunks/${other}/deleted`, value: false },
    );
    expect(await shard.chunk(uuid)).toMatchObject({ edited: false, place: null });
    expect(await shard.chunk(uuid)).not.toHaveProperty('expiresAt');
    expect(await shard.found('kites')).toEqual([]);
    expect(await shard.found('cakes rivers')).toHaveLength(2);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('brings a tombstone back whose frame was compacted away', async () => {
    const { calls, shard } = await openEdited();
    const uuid = await shard.uuid('Beta cakes rise.');
    await shard.delete(uuid);
    await shard.compact();
    await shard.apply({ op: 'replace', path: `/chunks/${uuid}/deleted`, value: false });
    expect(await shard.found('cakes')).toEqual(['Beta cakes rise.']);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('that fails in one place leaves all as it was', async () => {
    const { shard } = await openEdited();
    const [uuid, other] = [
      await shard.uuid('Beta cakes rise.'),
      await shard.uuid('Gamma rivers flow.'),
    ];
    const path = `/chunks/${uuid}`;
    const good: JsonPatchOperation = {
      ...{ op: 'replace', path: `/chunks/${other}/deleted` },
      value: true,
    };
    const [head, before] = [(await shard.info()).head, await shard.chunks(true)];
    const bad: [JsonPatchOperation, new (...args: never[]) => MemreelError, string][] = [
      [{ op: 'test', path: `${path}/sha256`, value: 'ff' }, ConflictError, `${path}/sha256`],
      [{ op: 'test', path: `${path}/text`, value: 'Beta' }, ConflictError, `${path}/text`],
      [{ op: 'test', path: `${path}/deleted`, value: true }, ConflictError, `${path}/deleted`],
      [{ op: 'replace', path: `${path}/deleted`, value: 1 }, InvalidError, `${path}/deleted`],
      [{ op: 'remove', path: `${path}/deleted` }, InvalidError, `${path}/deleted`],
      [{ op: 'replace', path: `${path}/text`, value: 'No overlay' }, InvalidError, `${path}/text`],
      [{ op: 'remove', path: `${path}/text` }, InvalidError, `${path}/text`],
      [{ op: 'add', path: `${path}/text`, value: 7 }, InvalidError, `${path}/text`],
      [{ op: 'add', path: `${path}/expiresAt`, value: 'soon' }, InvalidError, `${path}/expiresAt`],
      [
        { op: 'replace', path: `${path}/place`, value: { start: 1 } },
        InvalidError,
        `${path}/place`,
      ],
      [{ op: 'replace', path: `${path}/order`, value: 'a9' }, InvalidError, `${path}/order`],
      [{ op: 'replace', path: `${path}/sha256`, value: 'ff' }, InvalidError, `${path}/sha256`],
      [{ op: 'replace', path: `${path}/frame`, value: 7 }, InvalidError, `${path}/frame`],
      [{ op: 'remove', path }, InvalidError, path],
      [{ op: 'remove', path: '' }, InvalidError, ''],
      [{ op: 'add', path: '/sources/x', value: {} }, InvalidError, '/sources/x'],
      [{ op: 'add', path: '/retention', value: {} }, InvalidError, '/retention'],
      [{ op: 'replace', path: '/chunks/nothing/deleted', value: true }, NotFoundError, 'nothing'],
      [
        { op: 'copy', from: `${path}/sha256`, path: `${path}/order` },
        InvalidError,
        `${path}/order`,
      ],
    ];
    for (const [operation, kind, subject] of bad) {
      const error = await shard.apply(good, operation).catch((reason: unknown) => reason);
      expect(error, JSON.stringify(operation)).toBeInstanceOf(kind);
      expect(error).toHaveProperty('subject', subject);
    }
    expect((await shard.info()).head).toBe(head);
    expect(await shard.chunks(true)).toEqual(before);
    expect(await shard.found('rivers')).toHaveLength(1);
  });
});

/** The index of a version as JSON, with the policy where it has one. */
function documentOf(view: ShardView): { chunks: JsonValue; retention?: JsonValue } {
  const chunks = view.ordered().map((record) => [record.uuid, chunkToJson(record)] as const);
  return {
    chunks: Object.fromEntries(chunks),
    ...(view.retention ? { retention: { ...view.retention } } : {}),
  };
}

const primaryIn = (view: ShardView) =>
  Object.fromEntries(view.ordered().map((record) => [record.uuid, primaryOf(record)]));

/** Only what a record keeps itself, of an index. */
function primaryPart(chunks: unknown): Record<string, unknown> {
  const fields = ['order', 'source', 'place', 'deleted', 'from', 'expiresAt', 'text'];
  return Object.fromEntries(
    Object.entries(chunks as Record<string, Record<string, unknown>>).map(([uuid, chunk]) => [
      uuid,
      Object.fromEntries(fields.flatMap((at) => (at in chunk ? [[at, chunk[at]]] : []))),
    ]),
  );
}

const KINDS = [
  ...[
    'edit',
    'insert',
    'split',
    'join',
    'delete',
    'restore',
    'patch',
    'overlay',
    'expire',
    'sweep',
  ],
  ...['undo', 'rollback', 'retention', 'merge', 'compact', 'ingest'],
] as const;

/** One random step; one that the shard refuses changes nothing. */
async function step(shard: ShardCalls, kind: (typeof KINDS)[number], pick: number): Promise<void> {
  const all = await shard.chunks(true);
  const chunk = all[pick % all.length];
  const next = all[(pick % all.length) + 1];
  const history = await shard.history();
  const old = history[pick % history.length]?.id ?? '';
  if (!chunk) return;
  const { uuid } = chunk;
  const path = `/chunks/${uuid}`;
  const word = `Words number ${String(pick)}.`;
  switch (kind) {
    case 'edit':
      await shard.edit(uuid, word);
      break;
    case 'insert':
      await shard.change({ kind, after: pick % 5 === 0 ? null : uuid, text: word });
      break;
    case 'split':
      await shard.change({ kind, uuid, at: Math.floor(chunk.text.length / 2) });
      break;
    case 'join':
      await shard.change({ kind, uuids: [uuid, next?.uuid ?? ''] });
      break;
    case 'delete':
      await shard.delete(uuid, next?.uuid ?? uuid);
      break;
    case 'restore':
      await shard.restore(uuid);
      break;
    case 'patch':
      await shard.apply(
        { op: 'replace', path: `${path}/deleted`, value: pick % 2 === 0 },
        { op: 'replace', path: `${path}/place`, value: { start: pick, end: pick + 1 } },
      );
      break;
    case 'overlay': {
      // At times the text that the video has: then no overlay comes of it.
      const drawn = (await shard.chunks(true, history.at(-2)?.id)).find((one) => one.uuid === uuid);
      await shard.apply({ op: 'add', path: `${path}/text`, value: drawn?.text ?? word });
      break;
    }
    case 'expire':
      await shard.expire(uuid);
      break;
    case 'sweep':
      await shard.tryChange({ kind, now: new Date().toISOString() });
      break;
    case 'undo':
      if (old !== history.at(-1)?.id) await shard.undo({ id: old });
      break;
    case 'rollback':
      await shard.change({ kind, to: old });
      break;
    case 'retention':
      await shard.change({ kind, policy: pick % 3 === 0 ? {} : { maxBytes: 1000 + pick } });
      break;
    case 'merge': {
      const other = await shard.clone(word, old);
      await other.edit(uuid, 'Theirs.');
      await shard.merge(other, { pick: [uuid] });
      break;
    }
    case 'compact':
      await shard.compact();
      break;
    case 'ingest':
      await shard.ingest(`${String(pick)}.jsonl`, [word]);
      break;
  }
}

describe('the patches of versions', () => {
  test('in turn make of the first index the last one, for any history', async () => {
    const reached = new Set<string>();
    const steps = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(40)), {
      ...{ minLength: 8, maxLength: 24 },
    });
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const { fs, calls, shard } = await openEdited();
        for (const [kind, pick] of steps) {
          await step(shard, kind, pick).catch((error: unknown) => {
            const isRefused = error instanceof MemreelError;
            const isNothing = error instanceof Error && error.message.endsWith('made no version.');
            if (!isRefused && !isNothing) throw error;
          });
        }
        const patches = new Map((await shard.history()).map(({ id, patch }) => [id, patch]));
        await calls.call('close', null);
        await inStore(fs, async (catalogue) => {
          const views = await viewsOf(catalogue, shard.id);
          let before: ShardView | undefined;
          for (const view of views) {
            const patch = patches.get(view.version.id);
            if (before && patch) {
              reached.add(view.version.operation);
              const made = applyPatch(documentOf(before), patch) as Record<string, unknown>;
              expect(primaryPart(made['chunks'])).toEqual(primaryIn(view));
              expect(made['retention']).toEqual(view.retention);
            }
            before = view;
          }
        });
      }),
      {
        ...{ numRuns: 40, endOnFailure: true },
        examples: [
          // All that record a patch.
          [
            [
              ['edit', 0],
              ['patch', 1],
              ['retention', 1],
              ['expire', 2],
              ['sweep', 0],
              ['merge', 3],
              ['undo', 1],
              ['rollback', 2],
            ],
          ],
          // An overlay that a compaction drew is one again when the compaction is undone.
          [
            [
              ['edit', 0],
              ['delete', 0],
              ['edit', 2],
              ['compact', 0],
              ['undo', 0],
            ],
          ],
        ],
      },
    );
    expect([...reached]).toEqual(
      expect.arrayContaining(['edit', 'apply', 'undo', 'rollback', 'retention', 'sweep', 'merge']),
    );
  });
});
