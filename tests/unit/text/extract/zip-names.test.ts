import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLeftBehind, SafePaths } from '../../../../src/lib/text/extract/zip-names';

const namesOf = (...names: string[]): string[] => {
  const paths = new SafePaths();
  return names.map((name) => paths.add(name));
};

/** Names that mean mischief, and whatever else a file of bytes may say. */
const NAME = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .array(fc.constantFrom('..', '.', '', 'a', 'a.zip', 'b.txt', 'C:', '\\', '\0', '😀'), {
      maxLength: 5,
    })
    .map((parts) => parts.join('/')),
  fc.string({ minLength: 250, maxLength: 70_000 }),
);

describe('the names of an archive', () => {
  it('stay as they are where they are harmless', () => {
    const names = ['notes/a.txt', 'notes/b.txt', 'Ä/日本.md', '.env', 'a..b/...', ' x '];
    expect(namesOf(...names)).toEqual(names);
  });

  it('leave no folder upwards, begin at no root, and are each there once', () => {
    fc.assert(
      fc.property(fc.array(NAME, { maxLength: 30 }), (names) => {
        const made = namesOf(...names);
        expect(new Set(made).size).toBe(names.length);
        for (const path of made) {
          expect(path.length).toBeLessThanOrEqual(255 + 20);
          expect(path).not.toMatch(/\p{Cc}|\\/u);
          for (const part of path.split('/')) expect(['', '.', '..']).not.toContain(part);
          // Else `a.zip/b.txt` could be a file in the archive, or in an archive inside it.
          expect(made.filter((other) => other.startsWith(`${path}/`))).toEqual([]);
        }
      }),
    );
  });

  it('are told apart by a number', () => {
    expect(namesOf('../a.txt', '/a.txt', 'C:\\a.txt', 'x/a', 'x/a')).toEqual([
      'a.txt',
      'a (2).txt',
      'a (3).txt',
      'x/a',
      'x/a (2)',
    ]);
    expect(namesOf('a.zip', 'a.zip/b.txt', 'c/d', 'c')).toEqual([
      'a.zip',
      'a (2).zip/b.txt',
      'c/d',
      'c (2)',
    ]);
  });

  it('that systems leave behind are known', () => {
    const left = ['__MACOSX/a', 'x/.DS_Store', '._a.txt', 'a\\Thumbs.db', 'Desktop.ini'];
    expect(left.filter((name) => !isLeftBehind(name))).toEqual([]);
    expect(['a.txt', 'thumbs.db/a.txt', '.env'].filter(isLeftBehind)).toEqual([]);
  });
});
