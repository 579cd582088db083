/** The steps of the model that change single chunks of one shard. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Chunk } from '../../../src/lib/api';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { file } from './library-in-node';
import { command, draw, pick, some, type Command, type Plan } from './model-command';
import { advance, type RealLibrary } from './model-laws';
import {
  changed,
  isDue,
  live,
  orderBehind,
  type ModelChunk,
  type ModelLibrary,
  type ModelShard,
} from './model-state';

const FILLER = [
  'The lamp of the river',
  'A wing lifts',
  'Cakes rise in ovens',
  'Quiet stars shine',
];

/** A text with a word of its own, for this step; a long one fills a good part of a frame. */
export function newText(model: ModelLibrary, size: number, at = 0): string {
  const word = model.words + at;
  const words = [FILLER[size % FILLER.length], `w${String(word)}x`];
  let state = word * 2_654_435_761 + size;
  while (size % 3 === 0 && words.length < 60) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words.push(`n${state.toString(36)}`);
  }
  return `${words.join(' ')}.`;
}

/** A plan that may leave out what it touches. */
type PlanHere = (Omit<NonNullable<Plan>, 'touches'> & Partial<NonNullable<Plan>>) | undefined;

interface Target {
  readonly model: ModelLibrary;
  readonly shard: ModelShard;
  readonly chunks: readonly ModelChunk[];
}

/** A step on one shard that is there: as a rule it touches no other. */
export function onShard<Drawn>(
  arbitrary: fc.Arbitrary<Drawn>,
  plan: (drawn: Drawn, target: Target) => PlanHere,
): fc.Arbitrary<Command> {
  return command(fc.tuple(draw(), arbitrary), ([which, drawn], model) => {
    const shard = pick(model.present(), which);
    if (!shard) return undefined;
    const planned = plan(drawn, { model, shard, chunks: model.head(shard).chunks });
    const number = String(model.shards.indexOf(shard));
    return planned && { touches: [shard], ...planned, says: `shard ${number}: ${planned.says}` };
  });
}

/** An edit after which the chunks are these; where nothing differs, nothing may be written. */
function edits(
  { model, shard, chunks }: Target,
  edit: ChunkEdit,
  after: (real: RealLibrary) => Promise<readonly ModelChunk[]>,
): PlanHere {
  return {
    says: JSON.stringify(edit),
    async run(real) {
      const made = await real.change(shard.id, edit);
      const now = await after(real);
      const isSame = now.every((chunk, at) => chunk === chunks[at]);
      if (isSame && now.length === chunks.length) expect(made).toBeNull();
      else await advance({ model, real }, shard, { operation: edit.kind, chunks: now });
    },
  };
}

function refused({ shard }: Target, edit: ChunkEdit, code: string): PlanHere {
  return {
    says: `${JSON.stringify(edit)} is ${code}`,
    async run(real) {
      await expect(real.change(shard.id, edit)).rejects.toMatchObject({ code });
    },
  };
}

/** The chunks that a shard has and the model does not know yet, in their order. */
export async function newOnes(
  real: RealLibrary,
  { id }: ModelShard,
  known: readonly ModelChunk[],
): Promise<Chunk[]> {
  const uuids = new Set(known.map(({ uuid }) => uuid));
  return (await real.chunks(id)).filter(({ uuid }) => !uuids.has(uuid));
}

async function newUuid(real: RealLibrary, { shard, chunks }: Target): Promise<string> {
  const made = await newOnes(real, shard, chunks);
  expect(made).toHaveLength(1);
  return made[0]?.uuid ?? '';
}

const ingest = onShard(
  fc.record({ sizes: fc.array(draw(), { minLength: 1, maxLength: 4 }), expires: fc.nat(3) }),
  ({ sizes, expires }, { model, shard, chunks }) => {
    const texts = sizes.map((size, at) => newText(model, size, at));
    const run = async (real: RealLibrary): Promise<void> => {
      const lines = texts.map((text) => JSON.stringify({ text })).join('\n');
      const ttlSeconds = expires === 0 ? 1e6 : undefined;
      const name = `lines ${String(model.steps)}.jsonl`;
      const files = [file(name, lines)];
      await real.calls.call('ingest', { id: shard.id, files, chunking: {}, ttlSeconds });
      const made = await newOnes(real, shard, chunks);
      expect(made.map(({ text }) => text.trim())).toEqual(texts);
      let after: ModelChunk[] = [...chunks];
      for (const { uuid, text, expiresAt, source } of made) {
        expect(expiresAt !== undefined).toBe(expires === 0);
        const order = orderBehind(after, after.length - 1);
        if (!('id' in source)) throw new Error('A chunk of a file has a source.');
        after = [...after, { uuid, order, text, deleted: false, expiresAt, source: source.id }];
        model.documents.set(source.id, { name, lines: texts });
      }
      await advance({ model, real }, shard, { operation: 'ingest', chunks: after });
    };
    const number = String(sizes.length);
    return { says: `ingest ${number}${expires === 0 ? ', to expire' : ''}`, run };
  },
);

const edit = onShard(
  fc.record({ which: draw(), size: draw(), back: fc.nat(3) }),
  ({ which, size, back }, target) => {
    const { model, shard, chunks } = target;
    const chunk = pick(chunks, which);
    if (!chunk) return undefined;
    const { uuid } = chunk;
    const earlier = model
      .kept(shard)
      .flatMap((version) => version.chunks.filter((one) => one.uuid === uuid));
    const text = (back === 0 ? pick(earlier, size)?.text : undefined) ?? newText(model, size);
    const wish: ChunkEdit = { kind: 'edit', uuid, text };
    if (chunk.deleted) return refused(target, wish, 'not-found');
    const after = text === chunk.text ? chunks : changed(chunks, [uuid], { text });
    return edits(target, wish, () => Promise.resolve(after));
  },
);

const insert = onShard(fc.record({ which: draw(), size: draw() }), ({ which, size }, target) => {
  const { model, chunks } = target;
  const position = (which % (chunks.length + 1)) - 1;
  const text = newText(model, size);
  return edits(
    target,
    { kind: 'insert', after: chunks[position]?.uuid ?? null, text },
    async (real) => {
      const uuid = await newUuid(real, target);
      const order = orderBehind(chunks, position);
      const { source = null } = chunks[Math.max(0, position)] ?? {};
      return [...chunks, { uuid, order, text, deleted: false, expiresAt: undefined, source }];
    },
  );
});

const split = onShard(fc.record({ which: draw(), at: draw() }), ({ which, at }, target) => {
  const { chunks } = target;
  const chunk = pick(chunks, which);
  if (!chunk) return undefined;
  const { uuid, text, deleted } = chunk;
  const cut = at % (text.length + 1);
  const wish: ChunkEdit = { kind: 'split', uuid, at: cut };
  if (deleted) return refused(target, wish, 'not-found');
  const [head, tail] = [text.slice(0, cut), text.slice(cut)];
  if (head.trim() === '' || tail.trim() === '') return refused(target, wish, 'invalid');
  return edits(target, wish, async (real) => {
    const order = orderBehind(chunks, chunks.indexOf(chunk));
    const part = { ...chunk, uuid: await newUuid(real, target), order, text: tail };
    return [...changed(chunks, [uuid], { text: head }), part];
  });
});

const join = onShard(fc.record({ which: draw(), count: fc.nat(2) }), ({ which, count }, target) => {
  const alive = live(target.chunks);
  const from = which % Math.max(1, alive.length);
  const joined = alive.slice(from, from + 2 + count);
  const [first, ...rest] = joined;
  if (!first || rest.length === 0) return undefined;
  const wish: ChunkEdit = { kind: 'join', uuids: joined.map(({ uuid }) => uuid).reverse() };
  if (rest.some(({ source }) => source !== first.source)) return refused(target, wish, 'invalid');
  return edits(target, wish, async (real) => {
    const { id } = target.shard;
    const { text } = await real.calls.call('chunk', { id, uuid: first.uuid });
    // Where both ends lie in the source says whether a line comes between: no matter to the model.
    expect(text.replaceAll('\n', '')).toBe(
      joined.map((one) => one.text.replaceAll('\n', '')).join(''),
    );
    const gone = rest.map(({ uuid }) => uuid);
    return changed(changed(target.chunks, gone, { deleted: true }), [first.uuid], { text });
  });
});

const remove = onShard(fc.record({ bits: draw(), whole: fc.nat(4) }), ({ bits, whole }, target) => {
  const { chunks } = target;
  const source = whole === 0 ? (pick(chunks, bits)?.source ?? null) : null;
  const named = source
    ? chunks.filter((one) => one.source === source)
    : some(chunks, bits).slice(0, 4);
  if (named.length === 0) return undefined;
  const gone = live(named).map(({ uuid }) => uuid);
  const what = source ? { source } : named.map(({ uuid }) => uuid);
  return edits(target, { kind: 'delete', what }, () =>
    Promise.resolve(changed(chunks, gone, { deleted: true })),
  );
});

/** Of tombstones and of what is due. One whose text no version has any more stays as it is. */
const restore = onShard(draw(), (bits, target) => {
  const { model, shard, chunks } = target;
  const now = new Date();
  const named = some(chunks, bits).slice(0, 4);
  if (named.length === 0) return undefined;
  const edit: ChunkEdit = { kind: 'restore', uuids: named.map(({ uuid }) => uuid) };
  const back = named.filter((one) => one.deleted || isDue(one, now)).map(({ uuid }) => uuid);
  const after = changed(chunks, back, { deleted: false, expiresAt: undefined });
  const plan = edits(target, edit, () => Promise.resolve(after));
  const doubtful = named.filter((one) => model.mayBeLost(shard, one));
  return plan && doubtful.length > 0 ? unlessLost(plan, target, edit, doubtful) : plan;
});

/** The same, but `not-found` where the text of a tombstone is no longer there to be read. */
function unlessLost(
  plan: NonNullable<PlanHere>,
  target: Target,
  edit: ChunkEdit,
  doubtful: readonly ModelChunk[],
): PlanHere {
  return {
    says: plan.says,
    async run(real) {
      const { id } = target.shard;
      const read = await Promise.all(
        doubtful.map(({ uuid }) => real.calls.call('chunk', { id, uuid })),
      );
      if (read.every(({ text }) => text !== '')) await plan.run(real);
      else await refused(target, edit, 'not-found')?.run(real);
    },
  };
}

const PAST = '2020-01-01T00:00:00.000Z';
const FUTURE = '2200-01-01T00:00:00.000Z';

const apply = onShard(
  fc.record({ which: draw(), wish: fc.nat(4), size: draw() }),
  ({ which, wish, size }, target) => {
    const { model, shard, chunks } = target;
    const chunk = pick(chunks, which);
    if (!chunk) return undefined;
    const { uuid } = chunk;
    const wishes = [
      { field: 'expiresAt', value: PAST },
      { field: 'expiresAt', value: FUTURE },
      { field: 'deleted', value: true },
      { field: 'deleted', value: false },
      { field: 'text', value: newText(model, size) },
    ] as const;
    const { field, value } = wishes[wish] ?? wishes[0];
    const isSame = chunk[field] === value;
    const after = isSame ? chunks : changed(chunks, [uuid], { [field]: value });
    const op = field === 'deleted' ? 'replace' : 'add';
    const patch = [{ op, path: `/chunks/${uuid}/${field}`, value }] as const;
    const edit: ChunkEdit = { kind: 'apply', patch: [...patch] };
    const plan = edits(target, edit, () => Promise.resolve(after));
    const isRevival = chunk.deleted && value === false && model.mayBeLost(shard, chunk);
    return plan && isRevival ? unlessLost(plan, target, edit, [chunk]) : plan;
  },
);

/** Now, or when everything that can expire has expired. */
const sweep = onShard(fc.boolean(), (far, target) => {
  const { model, shard, chunks } = target;
  const now = far ? new Date('2300-01-01') : new Date();
  const all = far && model.head(shard).ttl;
  const due = chunks.filter((one) => isDue(one, now) || (all && !one.deleted));
  const gone = due.map(({ uuid }) => uuid);
  return edits(target, { kind: 'sweep', now: now.toISOString() }, () =>
    Promise.resolve(due.length > 0 ? changed(chunks, gone, { deleted: true }) : chunks),
  );
});

export const editing = {
  ...{ ingest, edit, insert, split, join },
  ...{ delete: remove, restore, apply, sweep },
};
