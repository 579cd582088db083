import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { withSmallWindow } from '../../../scripts/vite-brotli-window';

const folder = path.dirname(createRequire(import.meta.url).resolve('brotli-wasm'));
const shipped = new Uint8Array(readFileSync(path.join(folder, 'pkg.web', 'brotli_wasm_bg.wasm')));

interface Engine {
  default(wasm: BufferSource): Promise<unknown>;
  compress(bytes: Uint8Array, options: { quality: number }): Uint8Array;
}

/** The package's script for browsers, each time anew: it keeps one engine. */
async function engineOf(wasm: Uint8Array, name: string): Promise<Engine> {
  const script = path.join(folder, 'pkg.web', 'brotli_wasm.js');
  const engine = (await import(/* @vite-ignore */ `${script}?${name}`)) as Engine;
  await engine.default(wasm.slice());
  return engine;
}

test('the smaller window changes one byte, and what it compresses is brotli of the same length', async () => {
  const small = withSmallWindow(shipped);
  expect(small.filter((byte, at) => byte !== shipped[at])).toHaveLength(1);
  expect(withSmallWindow(small)).toBe(small);
  const [before, after] = [await engineOf(shipped, 'before'), await engineOf(small, 'after')];
  const words = 'the flutter of a panel in a supersonic stream of air past a wing'.split(' ');
  const text = Array.from({ length: 1500 }, (_, at) => words[(at * at + (at >> 3)) % words.length]);
  const bytes = new TextEncoder().encode(text.join(' '));
  const compressed = after.compress(bytes, { quality: 10 });
  expect(new Uint8Array(brotliDecompressSync(compressed))).toEqual(bytes);
  const length = before.compress(bytes, { quality: 10 }).length;
  expect(Math.abs(compressed.length - length)).toBeLessThanOrEqual(4);
  // The first bits of a stream say its window: 16 is a single 0 (RFC 7932, 9.1).
  expect((compressed[0] ?? 1) & 1).toBe(0);
  expect((before.compress(bytes, { quality: 10 })[0] ?? 0) & 1).toBe(1);
});

test('a package that sets it elsewhere, or twice, fails the build', () => {
  expect(() => withSmallWindow(shipped.filter((byte) => byte !== 0x42))).toThrow('0 places');
  const twice = new Uint8Array(2 * shipped.length);
  twice.set(shipped);
  twice.set(shipped, shipped.length);
  expect(() => withSmallWindow(twice)).toThrow('2 places');
});
