import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asTyped, ChunkDraft, storedOffset } from '../../../src/lib/ui/chunk-draft.svelte';
import { diffWords, shortenSame } from '../../../src/lib/ui/word-diff';
import { chunkOf } from './chunk-rows';

const anyText = fc
  .array(fc.constantFrom('wing', 'lift', ' ', '\n', '\r\n', '\r', 'é', '👩‍🚀', '.', '飛行'))
  .map((parts) => parts.join(''));

test('the pieces of a difference are both texts', () => {
  fc.assert(
    fc.property(anyText, anyText, (before, after) => {
      const pieces = diffWords(before, after);
      const without = (kind: string): string =>
        pieces.map((piece) => (piece.kind === kind ? '' : piece.text)).join('');
      expect(without('added')).toBe(before);
      expect(without('removed')).toBe(after);
      expect(pieces.every(({ text }) => text !== '')).toBe(true);
    }),
  );
});

test('texts with nothing in common are one whole change, whatever their length', () => {
  const words = (seed: string): string =>
    Array.from({ length: 2000 }, (_, at) => `${seed}${String(at)}`).join(' ');
  expect(diffWords(words('a'), words('b')).map(({ kind }) => kind)).toEqual(['removed', 'added']);
});

test('what is near a change is shown, what is far from it is left out', () => {
  const same = 'lift '.repeat(200);
  const shown = shortenSame(diffWords(`${same}old ${same}`, `${same}new ${same}`));
  expect(shown.map(({ kind }) => kind)).toEqual([
    'same',
    'gap',
    'same',
    'removed',
    'added',
    'same',
    'gap',
    'same',
  ]);
  expect(shown.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(300);
});

test('a cursor in a text field stands at the same place of the stored text', () => {
  fc.assert(
    fc.property(anyText, fc.nat(60), (stored, at) => {
      const typed = asTyped(stored);
      const cut = Math.min(at, typed.length);
      const offset = storedOffset(stored, cut);
      expect(asTyped(stored.slice(0, offset))).toBe(typed.slice(0, cut));
      expect(asTyped(stored.slice(offset))).toBe(typed.slice(cut));
    }),
  );
});

test('line breaks stay what they were, and are no change', () => {
  const draft = new ChunkDraft(chunkOf('a', { text: 'one\r\ntwo' }));
  expect(draft.changed).toBe(false);
  draft.text = 'one\ntwo\nthree';
  expect(draft.toStore).toBe('one\r\ntwo\r\nthree');
});

test('a text that nobody typed in follows the shard', () => {
  const draft = new ChunkDraft(chunkOf('a', { text: 'one' }));
  draft.meet(chunkOf('a', { text: 'two' }));
  expect([draft.text, draft.changed, draft.theirs]).toEqual(['two', false, null]);
});

test('a typed text stays, and another change stands beside it until one of both is chosen', () => {
  for (const theirs of [
    chunkOf('a', { text: 'theirs' }),
    chunkOf('a', { text: 'one', deleted: true }),
  ]) {
    const draft = new ChunkDraft(chunkOf('a', { text: 'one' }));
    draft.text = 'mine';
    draft.meet(theirs);
    expect([draft.text, draft.theirs]).toEqual(['mine', theirs]);
    draft.keepMine();
    expect([draft.text, draft.theirs, draft.stored]).toEqual(['mine', null, theirs.text]);
    draft.meet(theirs);
    expect(draft.theirs).toBeNull();
  }
  const draft = new ChunkDraft(chunkOf('a', { text: 'one' }));
  draft.text = 'mine';
  draft.meet(chunkOf('a', { text: 'theirs' }));
  draft.takeTheirs();
  expect([draft.text, draft.changed, draft.theirs]).toEqual(['theirs', false, null]);
});

test('what changed beside the text is no conflict, nor are the very same words', () => {
  const draft = new ChunkDraft(chunkOf('a', { text: 'one' }));
  draft.text = 'mine';
  draft.meet(chunkOf('a', { text: 'one', expiresAt: '2030-01-01T00:00:00.000Z' }));
  expect([draft.text, draft.theirs, draft.chunk?.expiresAt]).toEqual([
    'mine',
    null,
    '2030-01-01T00:00:00.000Z',
  ]);
  draft.meet(chunkOf('a', { text: 'mine' }));
  expect([draft.changed, draft.theirs]).toEqual([false, null]);
});
