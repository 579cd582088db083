import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Hit, Question, Shard, ShardInfo } from '../../../src/lib/api';
import { Comparison, tryQuestions } from '../../../src/lib/ui/comparing.svelte';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { compareHits, countHits, countMoves, rankExpected } from '../../../src/lib/ui/ranks';
import { formatRoute, parseRoute, type CompareSide, type Route } from '../../../src/lib/ui/route';
import { historyStrings } from '../../../src/lib/ui/strings/history';
import CompareScreen from '../../../src/routes/shard/CompareScreen.svelte';

function hit(uuid: string, text = `About ${uuid}`): Hit {
  return {
    uuid,
    text,
    source: { type: 'note' },
    place: null,
    frame: null,
    deleted: false,
    edited: false,
    sha256: text,
    score: 1,
    matched: ['lexical'],
    parts: { lexical: 1, semantic: 0 },
    marks: [],
    from: 'overlay',
  };
}

const answer = fc.uniqueArray(fc.nat({ max: 9 }).map(String), { maxLength: 8 });
const hits = (uuids: readonly string[]): Hit[] => uuids.map((uuid) => hit(uuid));

test('a hit that moved by n stands n ranks higher on the right than on the left', () => {
  fc.assert(
    fc.property(answer, answer, (left, right) => {
      const compared = compareHits(hits(left), hits(right));
      for (const { hit, rank, move } of compared.right) {
        const before = left.indexOf(hit.uuid) + 1;
        if (before === 0) expect(move).toEqual({ kind: 'alone' });
        else if (before === rank) expect(move).toEqual({ kind: 'same' });
        else expect(move).toEqual({ kind: 'moved', by: before - rank });
      }
      const moves = countMoves(compared);
      expect(moves.same + moves.moved + moves.appeared).toBe(right.length);
      expect(moves.same + moves.moved + moves.gone).toBe(left.length);
    }),
  );
});

test('another text under the same UUID is said on both sides', () => {
  const compared = compareHits([hit('a', 'was 412'), hit('b')], [hit('a', 'was 421'), hit('b')]);
  for (const side of [compared.left, compared.right]) {
    expect(side.map(({ changed }) => changed)).toEqual([true, false]);
  }
});

test('what one side wins the other loses', () => {
  const expected = fc.uniqueArray(fc.nat({ max: 12 }).map(String), { maxLength: 5 });
  fc.assert(
    fc.property(expected, answer, answer, (uuids, left, right) => {
      const question = { id: 'q', query: 'q', expected: uuids };
      const count = (a: string[], b: string[]) =>
        countHits([{ question, ranks: rankExpected(uuids, hits(a), hits(b)) }]);
      const there = count(left, right);
      const found = (side: string[]) => uuids.filter((uuid) => side.includes(uuid)).length;
      expect(there.won - there.lost).toBe(found(right) - found(left));
      expect(count(right, left)).toEqual({ won: there.lost, lost: there.won });
      expect(count(left, left)).toEqual({ won: 0, lost: 0 });
    }),
  );
});

test('every comparison has an address that leads back to it', () => {
  const words = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((text) => text.isWellFormed());
  const id = words.filter((text) => text !== '');
  const side = fc.record({ shard: fc.option(words), at: fc.option(words) });
  const route: fc.Arbitrary<Route> = fc.record({
    screen: fc.constant('compare' as const),
    shard: id,
    query: words,
    left: side,
    right: side,
  });
  fc.assert(
    fc.property(route, (there) => {
      expect(parseRoute(formatRoute(there))).toEqual(there);
    }),
  );
});

const QUESTIONS: Question[] = [
  { id: '1', query: 'flutter', expected: ['a', 'b'] },
  { id: '2', query: 'lift', expected: [] },
];

test('a run asks both sides every question, and stops between two of them', async () => {
  const asked: string[] = [];
  const side = (name: string, found: string[]): Pick<Shard, 'search'> => ({
    search: (query) => {
      asked.push(`${name} ${query}`);
      return Promise.resolve(hits(found));
    },
  });
  const left = side('left', ['a']);
  const right = side('right', ['b', 'a']);
  const abort = new AbortController();
  const outcomes = await tryQuestions(QUESTIONS, left, right, abort.signal, () => undefined);
  expect(asked).toEqual(['left flutter', 'right flutter', 'left lift', 'right lift']);
  expect(outcomes[0]?.ranks).toEqual([
    { uuid: 'a', left: 1, right: 2 },
    { uuid: 'b', left: null, right: 1 },
  ]);
  const stopped = tryQuestions(QUESTIONS, left, right, abort.signal, () => {
    abort.abort(new Error('enough'));
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(asked).toHaveLength(6);
});

test('a run says nothing about sides that were chosen after it', async () => {
  const comparison = new Comparison(() =>
    Promise.resolve({ search: () => Promise.resolve(hits(['a'])) }),
  );
  const side = (at: string | null) => ({ side: { shard: null, at }, version: at ?? 'head' });
  comparison.ask('', side('v1'), side(null));
  await comparison.tryAll(QUESTIONS);
  expect(comparison.outcomes).toHaveLength(2);
  comparison.ask('', side('v2'), side(null));
  expect(comparison.outcomes).toBeNull();
});

/** The screen over two versions whose answers differ. */
async function show(query: string, questions: Question[] = []) {
  const save = vi.fn<Shard['questions']['save']>((question) => {
    questions = [...questions, question];
    return Promise.resolve();
  });
  const shardOf = (found: Hit[]) => ({
    search: () => Promise.resolve(found),
    history: () => Promise.resolve([]),
    tags: () => Promise.resolve({ start: 'v0' }),
    questions: { list: () => Promise.resolve(questions), save },
  });
  const head = shardOf([hit('b'), hit('a', 'was 421'), hit('c')]);
  const old = shardOf([hit('a', 'was 412'), hit('b'), hit('d')]);
  const opened = vi.fn(() => Promise.resolve(old));
  const info: Partial<ShardInfo> = { id: 's', name: 'Wind tunnel', head: 'v9' };
  const app = {
    library: { open: opened },
    shards: {
      open: () => Promise.resolve(head),
      find: () => info,
      live: [info],
      removed: [],
    },
    router: { moved: false, replace: vi.fn() },
    notices: new Notices(),
    preferences: { singleKeys: true },
  };
  const left: CompareSide = { shard: null, at: 'start' };
  const right: CompareSide = { shard: null, at: null };
  const route = { screen: 'compare', shard: 's', query, left, right };
  const screen = await render(CompareScreen, { app, shard: info, route });
  return { screen, save, opened, app };
}

test('two answers stand side by side, with what moved in signs and in words', async () => {
  const { screen, opened } = await show('flutter');
  const words = historyStrings.compare;
  const right = screen.getByRole('list', { name: 'Results, right' });
  await expect.element(right.getByText(words.appeared)).toBeVisible();
  expect(opened).toHaveBeenCalledWith('s', { at: 'start' });
  const items = [...right.element().children].map((item) => item.textContent);
  expect(items[0]).toContain(words.upWords(1));
  expect(items[1]).toContain(words.downWords(1));
  expect(items[1]).toContain(words.changed);
  const left = screen.getByRole('list', { name: 'Results, left' });
  await expect.element(left.getByText(words.gone)).toBeVisible();
  await expect.element(screen.getByText(words.moved(0, 2, 1, 1))).toBeVisible();
  expect(screen.getByRole('searchbox').elements()).toHaveLength(1);
});

test('the present question is saved with the passages that were ticked', async () => {
  const { screen, save } = await show('flutter');
  const right = screen.getByRole('list', { name: 'Results, right' });
  await right.getByRole('checkbox').nth(1).click();
  await right.getByRole('checkbox').nth(2).click();
  await right.getByRole('checkbox').nth(1).click();
  await screen.getByRole('button', { name: historyStrings.questions.save }).click();
  await expect.poll(() => save.mock.calls.length).toBe(1);
  expect(save.mock.lastCall?.[0]).toMatchObject({ query: 'flutter', expected: ['c'] });
  const list = screen.getByRole('list', { name: 'Questions' });
  await expect.element(list.getByRole('button', { name: 'flutter', exact: true })).toBeVisible();
});

test('running the saved questions says what was won and lost', async () => {
  const { screen } = await show('', [
    { id: '1', query: 'flutter', expected: ['c', 'd', 'a'] },
    { id: '2', query: 'lift', expected: ['c'] },
  ]);
  await screen.getByRole('button', { name: historyStrings.questions.run }).click();
  await expect.element(screen.getByText(historyStrings.questions.summary(2, 1))).toBeVisible();
});
