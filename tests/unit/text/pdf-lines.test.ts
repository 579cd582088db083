import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paragraphsOf, type Run } from '../../../src/lib/text/extract/pdf-lines';

function run(text: string, x: number, y: number, more: Partial<Run> = {}): Run {
  return { text, x, y, width: text.length * 5, height: 10, rtl: false, vertical: false, ...more };
}

describe('the lines of a PDF page', () => {
  it('keep every character but spaces and the hyphens of joined words', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'b', 'Z', '1', '.', 'é', '中'),
      minLength: 1,
    });
    const runs = fc.array(
      fc.tuple(word, fc.nat(500), fc.nat(700)).map(([text, x, y]) => run(text, x, y)),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(runs, (given) => {
        const sorted = (text: string) => Array.from(text.replace(/\s/g, '')).sort().join('');
        const text = paragraphsOf(given).join('');
        expect(sorted(text)).toBe(sorted(given.map((r) => r.text).join('')));
      }),
    );
  });

  it('put a space where there is a gap, and none within a word cut in two strings', () => {
    expect(paragraphsOf([run('ab', 0, 0), run('cd', 10, 0), run('ef', 24, 0)])).toEqual([
      'abcd ef\n\n',
    ]);
  });

  it('read right to left, with a number or a Latin word inside', () => {
    const rtl = { rtl: true };
    const logical = [
      run('V9.', 500, 0),
      run('הגנת', 475, 0, rtl),
      run('HTTP', 450, 0),
      run('מידע', 425, 0, rtl),
    ];
    const visual = logical.toReversed();
    expect(paragraphsOf(logical)).toEqual(['V9. הגנת HTTP מידע\n\n']);
    expect(paragraphsOf(visual)).toEqual(['V9. הגנת HTTP מידע\n\n']);
  });

  it('keep columns apart, in the order of the page', () => {
    const left = [run('left one', 0, 100), run('left two', 0, 88)];
    const right = [run('right one', 300, 100), run('right two', 300, 88)];
    expect(paragraphsOf([...left, ...right])).toEqual([
      'left one\nleft two\n\n',
      'right one\nright two\n\n',
    ]);
  });

  it('join hyphenated words, but keep compounds and what is no word', () => {
    const two = (a: string, b: string) => paragraphsOf([run(a, 0, 20), run(b, 0, 8)])[0]?.trim();
    expect(two('elec-', 'tronic')).toBe('electronic');
    expect(two('elec\u00ad', 'tronic')).toBe('electronic');
    expect(two('peer-to-', 'peer')).toBe('peer-to-peer');
    expect(two('Jean-', 'Paul')).toBe('Jean-\nPaul');
    expect(two('a -', 'b')).toBe('a -\nb');
  });

  it('keep a superscript on its line', () => {
    expect(paragraphsOf([run('x', 0, 0), run('2', 5, 4, { height: 6 }), run('y', 20, 0)])).toEqual([
      'x2 y\n\n',
    ]);
  });
});
