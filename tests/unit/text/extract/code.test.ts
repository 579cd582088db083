import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BLOCK } from '../../../../src/lib/text/document';
import { code } from '../../../../src/lib/text/extract/code';
import { extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');

describe.skipIf(!existsSync(DOCS))('the sample code (skipped: no samples there)', () => {
  it('has every text on its line, in its definition', async () => {
    const name = 'lispy.py';
    const source = readFileSync(join(DOCS, name), 'utf8');
    const { type, blocks, text, warnings } = await extractAll(source, name);
    expect([type, warnings, text]).toEqual(['text/x-source', [], source]);
    const manifest = JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[];
    const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
    expect(snippets.length).toBeGreaterThan(3);
    for (const snippet of snippets) {
      const lines = blocks.flatMap(({ text: own, place }) =>
        own
          .split('\n')
          .flatMap((line, i) =>
            line.includes(snippet.text) ? [`line ${(place.line ?? 0) + i}`] : [],
          ),
      );
      expect(lines).toContain(snippet.where);
      for (const where of snippet.also_at ?? []) expect(lines).toContain(where);
    }
    const names = blocks.map(({ place }) => place.definition);
    // Every `def` and `class` at the beginning of a line, as a naive search finds them.
    const top = [...source.matchAll(/^(?:def|class) (\w+)/gm)].map((match) => match[1]);
    expect(names.filter((own) => own !== undefined && !own.includes('.'))).toEqual(top);
    expect(names).toContain('InPort.next_token');
  });
});

/** Sources whose marks `«name»` stand where a block of that definition begins. */
const SOURCES: Readonly<Record<string, string>> = {
  'a.py': `#!/usr/bin/env python
"""Module
def not_this():
"""
import os

«Shape.»# About shapes.
@dataclass
class Shape(Base):
    """A shape."""
    size: int = 1

«Shape.area»    @property
    # how large
    async def area(
        self,
    ) -> int:
        def inner(): pass
        # inside
        return 2
«Shape.rest»    def rest(self): return """
def nor_this(): 1
"""
«»
if __name__ == '__main__':
    main()
«last»def last():
    x = 1

    return x
`,
  'a.ts': `import x from 'x';
«Box.»/** A box. */
export default class Box<T> extends B {
  readonly #size = 1;
«Box.constructor»  constructor(private a: number) {
    super(a);
    if (a) {
      call(a);
    }
  }

«Box.size»  // its size
  get size(): number {
    return this.#size;
  }
«Box.go»  go = async (a: string): Promise<void> => {
    await a;
  };
«Box.one»  static one(): Box { return new Box(1); }
}
«»
const plain = 5;
call(() => {
  nothing();
});
«run»export async function* run(a, b) {
  const inner = () => 1;
}
«make»export const make = (a: A): B => ({
  a,
});
«Kind»export type Kind =
  | 'a'
  | 'b';
«Port.»export interface Port {
  a: string;
«Port.open»  open(name: string): void {}
}
«text»const text = () => \`
function not() {
\`;
`,
  'a.java': `package a;

import java.util.List;

«Outer.»/**
 * Docs.
 * public void not() {
 */
@Deprecated
public final class Outer<T> extends Base {
    private static final int N = compute(3);

«Outer.Outer»    public Outer(int n) {
        super(n);
    }

«Outer.find»    @Override
    public <U> Map<String, List<U>> find(String a,
            int b) throws E {
        if (a == null) {
            throw new E("x");
        }
        return call(b);
    }
«Outer.Inner.»    enum Inner {
        A, B;
«Outer.Inner.x»        int x() { return 1; }
    }
}
`,
  'a.cs': `using System;
«A.B.»namespace A.B
{
«A.B.C.»    public sealed class C : D
    {
«A.B.C.Get»        [HttpGet("/x")]
        public async Task<List<int>> Get(int id)
        {
            return await go(id);
        }
    }
}
`,
  'a.cpp': `#include <x>
#define M(a) \\
  a
int declared(int a);
«Point.»struct Point {
  int x;
public:
«Point.norm»  double norm() const {
    for (int i = 0; i < 2; i++) call(i);
    return 1;
  }
};

«main»// starts
static int
main(int argc, char **argv)
{
#ifdef X
  call();
#endif
  return 0;
}
«Point::~Point»Point::~Point() {
}
«max»template <typename T>
const T& max(const T& a, const T& b) {
  return a;
}
«»
int table[] = { 1, 2 };
`,
  'a.go': `package main

import "fmt"

«Server»// Server serves.
type Server struct {
	a int
}

«Server.Run»func (s *Server) Run(a int) error {
	f := func() {}
	return nil
}
«main»func main() {
}
«»
var x = \`
func not() {}
\`
`,
  'a.rs': `use std::fmt;
«Point.»/// Docs
#[derive(Debug)]
pub struct Point<'a> { x: &'a str }

«Point.»impl<'a> fmt::Display for Point<'a> {
«Point.fmt»    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self { _ => call(f) }
    }
}
«go»pub(crate) async fn go<T>(t: T) -> T
where
    T: Copy,
{
    t
}
«say»macro_rules! say {
    () => {};
}
`,
  'a.kt': `package a
«A.»data class A(val x: Int) {
«A.go»    override fun go(a: Int): Int {
        return a
    }
}
«String.twice»fun String.twice() = this + this
`,
  'a.swift': `import UIKit
«V.»public extension V {
«V.init»    convenience init(a: Int) {
        self.a = a
    }
«V.go»    @objc static func go<T>(_ a: T) {
    }
}
`,
  'a.scala': `«O.»object O extends App {
«O.f»  def f(x: Int): Int = x
«O.P.»  case class P(a: Int)
}
`,
  'a.php': `<?php
«A.»/* x */
abstract class A extends B
{
«A.go»    public static function go(array $a): void
    {
        if ($a) { call($a); }
    }
}
«f»function f() {
}
`,
  'a.rb': `require 'x'
«M.»module M
«M.A.»  class A < B
    attr_reader :a
«M.A.ok?»    # Is it?
    def ok?(a)
      a.each do |b|
        b
      end
    rescue E
      nil
    end
«M.A.self.make»    def self.make = new
  end
end
«»
puts 1
`,
  'a.sh': `#!/bin/sh
set -e
«usage»# Says how.
usage() {
  echo x
}
«go-on»function go-on {
  usage
}
«»
usage
`,
  'a.sql': `«users»-- about
CREATE TABLE IF NOT EXISTS users (
  id INT
);
«f»create or replace function f(a int) returns int as $$
begin
  return a;
end
$$;
`,
  'a.css': `«a,
b»/* links */
a,
b {
  color: red;
}
«@media print.»@media print {
«@media print.p»  p {
    x: y;
  }
}
`,
  'a.lua': `local M = {}
«M.go»function M.go(a)
  if a then
    return 1
  end
end
«f»local f = function() end
«»return M
`,
  'a.R': `library(x)
«f»#' Docs
f <- function(a) {
  a
}
«»f(1)
`,
  'a.pl': `use strict;
«go»sub go {
  my $a = shift;
}
«»go();
`,
  'a.hs': `module A where
import B
«go»-- | Docs
go :: Int -> Int
go 0 = 1
go n = n
«Shape»data Shape
  = Circle
  | Square
`,
  'a.toml': `a = 1
«tool.x»# About
[tool.x]
b = [
  2,
]
«bin»[[bin]]
name = "y"
`,
  'a.yaml': `«on»# top
on:
  push: x
«jobs»jobs:
- a: b
  c: d
`,
};

describe('source code', () => {
  it.each(Object.entries(SOURCES))('of %s is cut at its definitions', async (name, marked) => {
    const source = marked.replaceAll(/«[^»]*»/g, '');
    // A blank line before a block is the end of the one before.
    const expected = marked.split('«').map((part, i) => {
      const [mark = '', text = ''] = i === 0 ? ['', part] : part.split('»');
      // Containers are marked with a dot at their end: their own lines, above what they hold.
      return [mark.replace(/\.$/, '').replace(/^a,\nb$/, 'b') || undefined, text];
    });
    const { type, blocks, text } = await extractAll(source, name);
    expect(type).toBe('text/x-source');
    expect(text).toBe(source);
    const found = blocks.map((block) => [block.place.definition, block.text.trim()]);
    const wanted = expected
      .map(([mark, own]) => [mark, own?.trim()])
      .filter(([, own]) => own !== '');
    expect(found).toEqual(wanted);
    let line = 1;
    for (const block of blocks) {
      expect([block.kind, block.place.line]).toEqual(['code', line]);
      line += block.text.split('\n').length - 1;
    }
  });

  it.each([
    ['go', '#!/usr/bin/env python3\nx', 'text/x-source'],
    ['go', '#!/bin/false\nx', 'text/plain'],
    ['page.php', '<?php ?>\n<!doctype html><html>', 'text/x-source'],
    ['notes.txt', '#!/bin/sh\nx', 'text/plain'],
    ['a.py', '<html><body>x', 'text/html'],
  ])('is recognised by its name, or its first line: %s, %j', async (name, content, type) => {
    expect((await extractAll(content, name)).type).toBe(type);
  });

  const line = fc.constantFrom(
    'def f():',
    'class A {',
    '  int f(int a) {',
    '    f()',
    '}',
    '# c',
    '// c',
    '/* c',
    '*/',
    '"""',
    '`',
    '@x',
    '',
    '  ',
    '\t[a]',
    'fn f() {',
    'x: y',
  );

  it.each(code.extensions)('joins to its source, whatever it is: .%s', async (extension) => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.boolean(), async (lines, end) => {
        const source = 'z' + lines.join('\n') + (end ? '\n' : '');
        const { blocks, text } = await extractAll(source, `n.${extension}`);
        expect(text).toBe(source);
        let at = 1;
        for (const block of blocks) {
          expect(block.place.line).toBe(at);
          expect(block.text.trim()).not.toBe('');
          at += block.text.split('\n').length - 1;
        }
      }),
      { numRuns: 20 },
    );
  });

  it('has no line that takes long, in any language, and no block too long', async () => {
    const hard = [
      ' ',
      'a ',
      '(',
      '<',
      'a<',
      '*',
      'a*',
      'a::',
      'const ',
      '"""',
      '[',
      'a,',
      'a.b ',
      '/*',
    ];
    const source = hard
      .map((part) => part.repeat(100_000 / part.length) + `\n${part.repeat(200)}x\n`)
      .join('');
    for (const extension of code.extensions) {
      const { blocks, text } = await extractAll(source, `n.${extension}`);
      expect(text).toBe(source);
      for (const block of blocks) expect(block.text.length).toBeLessThanOrEqual(MAX_BLOCK);
    }
  });
});
