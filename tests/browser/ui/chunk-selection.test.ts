import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Chunk } from '../../../src/lib/api';
import { joinOrder } from '../../../src/lib/ui/chunk-order';
import { ChunkSelection } from '../../../src/lib/ui/chunk-selection.svelte';
import { chunkOf, rowsOfCount } from './chunk-rows';

const rows = rowsOfCount(20);

/** A list of which every row is known. */
const known = (list: readonly Chunk[]) => ({
  at: (row: number) => list[row],
  runs: (): [number, readonly Chunk[]][] => [[0, list]],
});

test('a range is what lies between its ends now; what was selected before it stays', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(19)),
      fc.nat(19),
      fc.array(fc.nat(19), { minLength: 1 }),
      (before, anchor, ends) => {
        const selection = new ChunkSelection();
        for (const row of before) selection.toggle(rows[row] ?? chunkOf('none'));
        for (const end of ends) {
          selection.span(rows.slice(Math.min(anchor, end), Math.max(anchor, end) + 1));
        }
        const end = ends.at(-1) ?? anchor;
        const wanted = rows
          .filter(
            (_, row) =>
              before.includes(row) ||
              (row >= Math.min(anchor, end) && row <= Math.max(anchor, end)),
          )
          .map(({ uuid }) => uuid);
        expect(new Set(selection.list.map(({ uuid }) => uuid))).toEqual(new Set(wanted));
      },
    ),
  );
});

test('a second press takes a chunk out, and live ones are told from tombstones', () => {
  const selection = new ChunkSelection();
  selection.toggle(chunkOf('a'));
  selection.toggle(chunkOf('b', { deleted: true }));
  selection.toggle(chunkOf('c'));
  selection.toggle(chunkOf('a'));
  expect([selection.uuids('live'), selection.uuids('deleted')]).toEqual([['c'], ['b']]);
});

/** Joins are tried on a list written as letters: lower case live, upper case deleted; `|` a new source. */
function listOf(letters: string): Chunk[] {
  const list: Chunk[] = [];
  let source = 0;
  for (const letter of letters) {
    if (letter === '|') source += 1;
    else {
      const id = `s${String(source)}`;
      const deleted = letter !== letter.toLowerCase();
      list.push(chunkOf(letter, { deleted, source: { id, name: id, type: 'text/plain' } }));
    }
  }
  return list;
}

test.for([
  ['abc', 'ab', 'ab'],
  ['abc', 'cab', 'abc'],
  ['aXYb', 'ba', 'ab'],
  ['abc', 'ac', null],
  ['abc', 'a', null],
  ['abc', '', null],
  ['a|b', 'ab', null],
  ['aXb', 'aX', null],
] as const)('in "%s", "%s" joins as %s', ([letters, chosen, wanted]) => {
  const list = listOf(letters);
  const selection = new ChunkSelection();
  for (const letter of chosen) {
    const chunk = list.find(({ uuid }) => uuid === letter);
    if (chunk) selection.toggle(chunk);
  }
  expect(joinOrder(selection.list, known(list))?.join('') ?? null).toBe(wanted);
});

test('rows that are not known yet are not joined', () => {
  const selection = new ChunkSelection();
  selection.span(rows.slice(2, 4));
  const list = known(rows);
  expect(joinOrder(selection.list, list)).toEqual(['c2', 'c3']);
  expect(joinOrder(selection.list, { ...list, runs: () => [[0, rows.slice(0, 3)]] })).toBeNull();
});
