import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { ChunkChange, MergeReport, Shard, ShardInfo, Version } from '../../../src/lib/api';
import { commonVersion, familyOf } from '../../../src/lib/ui/family';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { historyStrings } from '../../../src/lib/ui/strings/history';
import MergeDialog from '../../../src/routes/shard/MergeDialog.svelte';

const words = historyStrings.merge;

function info(id: string, origin?: string): ShardInfo {
  return {
    id,
    name: `Shard ${id}`,
    head: `${id}-head`,
    profile: 'compact',
    model: 'static-en',
    modelState: 'ready',
    language: 'en',
    chunks: 1,
    deleted: 0,
    bytes: 1,
    updatedAt: '2026-01-10T12:00:00Z',
    due: 0,
    ...(origin === undefined ? {} : { origin: { shard: origin, version: 'v' } }),
  };
}

const line = (...ids: string[]): Version[] =>
  ids.map((id, index) => ({
    id,
    parents: ids[index + 1] === undefined ? [] : [ids[index + 1] ?? ''],
    createdAt: '2026-01-10T12:00:00Z',
    operation: 'edit',
    message: id,
    model: 'static-en',
    counts: { chunks: 1, deleted: 0, added: 0, edited: 0, removed: 0, restored: 0 },
    tags: [],
    patch: null,
  }));

const historyOf =
  (versions: Version[]): Shard['history'] =>
  ({ limit = 50, before } = {}) => {
    const from = before === undefined ? 0 : versions.findIndex(({ id }) => id === before) + 1;
    return Promise.resolve(versions.slice(from, from + limit));
  };

test('a family is what clones join, even over one that is gone, and nothing else', () => {
  const all = [info('a'), info('b', 'a'), info('c', 'b'), info('d', 'gone'), info('e', 'gone')];
  const ids = (of: string): string[] => {
    const shard = all.find(({ id }) => id === of);
    return shard ? familyOf(shard, all).map(({ id }) => id) : [];
  };
  expect(ids('a')).toEqual(['b', 'c']);
  expect(ids('c')).toEqual(['a', 'b']);
  expect(ids('d')).toEqual(['e']);
  const removed = all.map((one) =>
    one.id === 'b' ? { ...one, removedAt: '2026-01-10T12:00:00Z' } : one,
  );
  expect(familyOf(info('a'), removed).map(({ id }) => id)).toEqual(['c']);
});

test('the common version is the newest one that both lines hold', async () => {
  const length = fc.nat({ max: 150 });
  await fc.assert(
    fc.asyncProperty(length, length, length, async (shared, mine, theirs) => {
      const ids = (prefix: string, count: number): string[] =>
        Array.from({ length: count }, (_, index) => `${prefix}${String(count - index)}`);
      const base = ids('base', shared);
      const common = await commonVersion(
        { history: historyOf(line(...ids('mine', mine), ...base)) },
        { history: historyOf(line(...ids('theirs', theirs), ...base)) },
      );
      expect(common).toBe(base[0] ?? null);
    }),
    { numRuns: 50 },
  );
});

test('what mine merged before is common; what theirs merged from mine is shown again', async () => {
  const mine = line('m2', 'm1', 'base');
  const theirs = line('t2', 't1', 'base');
  mine[0]?.parents.push('t1');
  const [a, b] = [{ history: historyOf(mine) }, { history: historyOf(theirs) }];
  expect(await commonVersion(a, b)).toBe('t1');
  // `t1` is no version of the line that `b` looks at: only `base` is in both.
  expect(await commonVersion(b, a)).toBe('base');
});

const change = (uuid: string): ChunkChange => ({
  uuid,
  kind: 'edited',
  source: { type: 'note' },
  place: null,
  before: `old ${uuid}`,
  after: `new ${uuid}`,
  words: [
    { kind: 'removed', text: 'old' },
    { kind: 'added', text: 'new' },
    { kind: 'same', text: ` ${uuid}` },
  ],
});

const none = { added: 0, edited: 0, removed: 0, restored: 0 };

async function show(merge: Shard['merge'], changes = [change('a'), change('b')]) {
  const close = vi.fn();
  const diff = vi.fn<Shard['diff']>(() => Promise.resolve(changes));
  const shards: Record<string, Partial<Shard>> = {
    mine: { history: historyOf(line('m1', 'base')), merge },
    theirs: { id: 'theirs', head: 't1', history: historyOf(line('t1', 'base')), diff },
  };
  const app = {
    shards: { open: (id: string) => Promise.resolve(shards[id]) },
    notices: new Notices(),
  };
  const family = [info('theirs', 'mine')];
  const screen = await render(MergeDialog, { app, shard: info('mine'), family, close });
  await screen.getByRole('combobox').selectOptions('Shard theirs');
  return { screen, close, diff, notices: app.notices };
}

test('a merge shows what would come, and takes it all unless told otherwise', async () => {
  const merge = vi.fn<Shard['merge']>(() =>
    Promise.resolve({
      merged: true,
      version: 'm2',
      taken: { ...none, edited: 2 },
      conflicts: [],
    } satisfies MergeReport),
  );
  const { screen, close, diff, notices } = await show(merge);
  await expect.element(screen.getByRole('list', { name: words.changes })).toBeVisible();
  expect(diff).toHaveBeenCalledWith('base', 't1', expect.anything());
  expect(merge).not.toHaveBeenCalled();
  await screen.getByRole('button', { name: words.act, exact: true }).click();
  expect(merge).toHaveBeenCalledExactlyOnceWith('theirs', {});
  await expect.poll(() => close.mock.calls.length).toBe(1);
  expect(notices.list.at(-1)?.text).toBe(words.merged(2));
});

test('conflicts stand side by side, and are merged only once each is decided', async () => {
  const conflict = (uuid: string) => ({
    uuid,
    source: { type: 'note' as const },
    place: null,
    base: { text: `base ${uuid}`, deleted: false },
    mine: { text: `mine ${uuid}`, deleted: false },
    theirs: { text: null, deleted: true },
  });
  const merge = vi.fn<Shard['merge']>((_, options) =>
    Promise.resolve({
      merged: options?.resolve !== undefined,
      version: options?.resolve ? 'm2' : null,
      taken: none,
      conflicts: options?.resolve ? [] : [conflict('a'), conflict('b')],
    }),
  );
  const { screen, close } = await show(merge);
  await screen.getByRole('radio', { name: words.some }).click();
  const act = screen.getByRole('button', { name: words.act, exact: true });
  await expect.element(act).toBeDisabled();
  await screen.getByRole('checkbox', { name: words.take }).last().click();
  await act.click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('Nothing was written');
  const inserted = screen.getByText('mine', { exact: false }).elements();
  expect(inserted.some((piece) => piece.tagName === 'INS')).toBe(true);
  await expect.element(act).toBeDisabled();

  await screen.getByRole('radio', { name: words.theirs }).first().click();
  await expect.element(act).toBeDisabled();
  await screen.getByRole('radio', { name: words.own }).last().click();
  const own = screen.getByRole('textbox', { name: words.ownText });
  await expect.element(own).toHaveValue('mine b');
  await own.fill('both b');
  await act.click();
  expect(merge).toHaveBeenLastCalledWith('theirs', {
    pick: ['b'],
    resolve: { a: 'theirs', b: { text: 'both b' } },
  });
  await expect.poll(() => close.mock.calls.length).toBe(1);
});

test('there is nothing to press where nothing would come', async () => {
  const { screen } = await show(() => Promise.reject(new Error('not asked')), []);
  await expect.element(screen.getByText(words.nothing)).toBeVisible();
  await expect.element(screen.getByRole('button', { name: words.act, exact: true })).toBeDisabled();
});
