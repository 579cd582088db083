import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { ChunkChange, Shard, ShardInfo, Version } from '../../../src/lib/api';
import { NotFoundError } from '../../../src/lib/errors';
import { Pages, VERSIONS_PAGE, VersionHistory } from '../../../src/lib/ui/history.svelte';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { historyStrings } from '../../../src/lib/ui/strings/history';
import HistoryScreen from '../../../src/routes/shard/HistoryScreen.svelte';
import VersionChange from '../../../src/routes/shard/VersionChange.svelte';

const NO_CHANGE = { chunks: 3, deleted: 0, added: 0, edited: 0, removed: 0, restored: 0 };

function version(number: number, part: Partial<Version> = {}): Version {
  return {
    id: `v${String(number)}`,
    parents: number === 0 ? [] : [`v${String(number - 1)}`],
    createdAt: '2026-01-10T12:00:00Z',
    operation: 'edit',
    message: `Change ${String(number)}`,
    model: 'static-en',
    counts: NO_CHANGE,
    tags: [],
    patch: null,
    ...part,
  };
}

/** Newest first, as `history` gives them. */
const line = (count: number): Version[] =>
  Array.from({ length: count }, (_, index) => version(count - 1 - index));

function historyOf(versions: () => readonly Version[]): Shard['history'] {
  return ({ limit = 50, before } = {}) => {
    const all = versions();
    const from = before === undefined ? 0 : all.findIndex(({ id }) => id === before) + 1;
    return Promise.resolve(all.slice(from, from + limit));
  };
}

const edited: ChunkChange = {
  uuid: 'a',
  kind: 'edited',
  source: { type: 'note' },
  place: null,
  before: 'was 412 feet',
  after: 'was 421 feet, twice',
  words: [
    { kind: 'same', text: 'was ' },
    { kind: 'removed', text: '412' },
    { kind: 'added', text: '421' },
    { kind: 'same', text: ' feet' },
    { kind: 'added', text: ', twice' },
  ],
};

test('pages joined are the whole list, whatever its length', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 70 }), fc.integer({ min: 1, max: 20 }), async (count, page) => {
      const all = Array.from({ length: count }, (_, index) => index);
      const read = vi.fn((known: readonly number[], limit: number) =>
        Promise.resolve(all.slice(known.length, known.length + limit)),
      );
      const pages = new Pages(page, read);
      while (!pages.ended) await pages.more();
      expect(pages.items).toEqual(all);
      expect(read).toHaveBeenCalledTimes(Math.floor(count / page) + 1);
      await pages.refresh();
      expect(pages.items).toEqual(all);
    }),
  );
});

test('a page that is overtaken by a new reading of the list is dropped', async () => {
  const gives: ((items: string[]) => void)[] = [];
  const pages = new Pages<string>(2, () => new Promise((resolve) => gives.push(resolve)));
  const first = pages.more();
  const second = pages.refresh();
  gives[1]?.(['new']);
  await second;
  gives[0]?.(['old', 'older']);
  await first;
  expect(pages.items).toEqual(['new']);
  expect(pages.ended).toBe(true);
  expect(pages.busy).toBe(false);
});

test('a page that fails leaves what was read, and can be asked for again', async () => {
  let broken = false;
  const pages = new Pages<number>(2, (known) =>
    broken ? Promise.reject(new Error('lost')) : Promise.resolve(known.length < 2 ? [1, 2] : [3]),
  );
  await pages.more();
  broken = true;
  await pages.more();
  expect(pages).toMatchObject({ items: [1, 2], error: { message: 'lost' }, busy: false });
  broken = false;
  await pages.more();
  expect(pages).toMatchObject({ items: [1, 2, 3], error: null, ended: true });
});

test('a new version stands first after a refresh, and nothing that was shown is lost', async () => {
  let versions = line(70);
  const history = new VersionHistory(() =>
    Promise.resolve({ history: historyOf(() => versions), tags: () => Promise.resolve({}) }),
  );
  await history.refresh();
  await history.versions.more();
  expect(history.versions.items).toEqual(versions.slice(0, 2 * VERSIONS_PAGE));
  versions = line(71);
  await history.refresh();
  expect(history.versions.items).toEqual(versions.slice(0, 2 * VERSIONS_PAGE));
});

test('tags come from the shard, not from versions read before they were set', async () => {
  let tags: Record<string, string> = {};
  const history = new VersionHistory(() =>
    Promise.resolve({ history: historyOf(() => line(2)), tags: () => Promise.resolve(tags) }),
  );
  await history.refresh();
  expect(history.tagsOf(version(1, { tags: ['stale'] }))).toEqual([]);
  tags = { start: 'v0', good: 'v1', first: 'v0' };
  await history.refresh();
  expect(history.tagsOf(version(0))).toEqual(['start', 'first']);
});

test('the pieces of an edit without what came are what it was, and the other way round', async () => {
  const screen = await render(VersionChange, { change: edited });
  const passage = screen.container.querySelector('.pieces');
  const text = (without: string): string => {
    const copy = passage?.cloneNode(true);
    if (!(copy instanceof HTMLElement)) throw new Error('The change shows a passage');
    for (const gone of copy.querySelectorAll(`${without}, .visually-hidden`)) gone.remove();
    return copy.textContent;
  };
  expect(text('ins')).toBe(edited.before);
  expect(text('del')).toBe(edited.after);
  // Not by colour alone: the words are there to be heard.
  expect(passage?.querySelector('del .visually-hidden')?.textContent).toMatch(/\S/u);
});

/** A screen over a shard made by hand. */
async function show(part: Partial<Shard> = {}, versions: readonly Version[] = line(3)) {
  const notices = new Notices();
  const shard = {
    id: 's',
    name: 'Wind tunnel',
    history: historyOf(() => versions),
    tags: () => Promise.resolve({ start: 'v0' }),
    diff: () => Promise.resolve([edited]),
    ...part,
  };
  const info: Partial<ShardInfo> = { id: 's', name: 'Wind tunnel', head: versions[0]?.id ?? '' };
  const app = {
    shards: {
      open: () => Promise.resolve(shard),
      find: () => undefined,
      live: [info],
      removed: [],
      listing: { state: {} },
    },
    router: { moved: false },
    notices,
  };
  const screen = await render(HistoryScreen, { app, shard: info });
  const list = screen.getByRole('list', { name: 'History', exact: true });
  return { screen, list, notices };
}

test('history lists versions newest first and opens one to its changes', async () => {
  const diff = vi.fn<Shard['diff']>(() => Promise.resolve([edited]));
  const versions = [
    version(2, {
      counts: { ...NO_CHANGE, added: 2, removed: 1, edited: 3 },
      patch: [{ op: 'replace', path: '/chunks/a/text', value: '<b>421</b>' }],
    }),
    ...line(2),
  ];
  const { screen, list } = await show({ diff }, versions);
  await expect.element(list.getByText('2 chunks added')).toBeInTheDocument();
  const items = [...list.element().children].map((item) => item.textContent);
  expect(items).toHaveLength(3);
  expect(items[0]).toContain('Change 2');
  expect(items[0]).toContain(historyStrings.current);
  expect(items[2]).toContain('start');

  await screen.getByRole('button', { name: 'Change 2' }).click();
  await expect.element(screen.getByText(', twice')).toBeVisible();
  expect(diff).toHaveBeenCalledWith('v1', 'v2', expect.objectContaining({ offset: 0 }));
  await screen.getByRole('button', { name: 'Raw patch' }).click();
  // As text, whatever stands in it.
  await expect.element(screen.getByText('<b>421</b>')).toBeVisible();
});

test('a version whose parent was let go says so in place of an error', async () => {
  const diff = () => Promise.reject(new NotFoundError('no such version'));
  const { screen } = await show({ diff });
  await screen.getByRole('button', { name: 'Change 2' }).click();
  await expect.element(screen.getByText(historyStrings.change.beforeReleased)).toBeVisible();
});

test('rolling back asks first, says that nothing is lost, and can be undone', async () => {
  const rollback = vi.fn<Shard['rollback']>(() => Promise.resolve(version(3)));
  const undo = vi.fn<Shard['undo']>(() => Promise.resolve(version(4)));
  const { screen, list, notices } = await show({ rollback, undo });
  await list.getByRole('button', { name: 'Roll back' }).last().click();
  const dialog = screen.getByRole('dialog', { name: 'Roll back' });
  await expect.element(dialog).toHaveTextContent('Nothing is lost');
  expect(rollback).not.toHaveBeenCalled();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await expect.element(dialog).not.toBeInTheDocument();
  expect(rollback).toHaveBeenCalledExactlyOnceWith('v0');
  notices.list.at(-1)?.action?.run();
  await expect.poll(() => undo.mock.calls.length).toBe(1);
});

test('a clone starts at the version that it was asked from', async () => {
  const clone = vi.fn<Shard['clone']>(() => Promise.reject(new NotFoundError('gone')));
  const { screen, list } = await show({ clone });
  await list.getByRole('button', { name: 'Clone' }).last().click();
  const dialog = screen.getByRole('dialog', { name: 'Clone' });
  await dialog.getByRole('textbox').fill('Trial');
  await dialog.getByRole('button', { name: 'Clone' }).click();
  expect(clone).toHaveBeenCalledExactlyOnceWith({ name: 'Trial', at: 'v0' });
  // A failure stays in the dialog, with its words.
  await expect.element(dialog.getByRole('alert')).toHaveTextContent('gone');
});

test('a tag is set on its version, and taken off with the way back at hand', async () => {
  const tag = vi.fn<Shard['tag']>(() => Promise.resolve());
  const untag = vi.fn<Shard['untag']>(() => Promise.resolve());
  const { screen, list, notices } = await show({ tag, untag });
  await screen.getByRole('button', { name: 'Change 1' }).click();
  await list.getByRole('button', { name: 'Tag…' }).click();
  const dialog = screen.getByRole('dialog', { name: 'Tag' });
  await dialog.getByRole('textbox').fill(' good ');
  await dialog.getByRole('button', { name: 'Tag', exact: true }).click();
  await expect.element(dialog).not.toBeInTheDocument();
  expect(tag).toHaveBeenCalledExactlyOnceWith('good', 'v1');
  await list.getByRole('button', { name: historyStrings.untag('start') }).click();
  expect(untag).toHaveBeenCalledExactlyOnceWith('start');
  notices.list.at(-1)?.action?.run();
  await expect.poll(() => tag.mock.lastCall).toEqual(['start', 'v0']);
});
