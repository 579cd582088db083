/**
 * The promise of docs/FORMAT.md, kept by somebody else's tools: examples/read_mp4.py reads an MP4 that
 * the app exported with ffmpeg, zbar and Python's brotli, and finds every chunk that the library has.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { exportFile } from './exchange';
import { openApp, passages } from './memreel';

const PROGRAM = path.resolve('examples/read_mp4.py');

/** A line of what the program prints. */
type Line = [order: string, uuid: string, source: string, place: unknown, text: string];

/** A Python that has brotli: the first on PATH may be another one than the system's. */
const python = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import brotli']).status === 0,
);
const hasTools = ['ffmpeg', 'zbarimg'].every(
  (tool) => spawnSync(tool, ['-version']).error === undefined,
);

for (const profile of ['universal', 'compact'] as const) {
  test(`${profile}: the example program lists every chunk as the library does`, async ({
    page,
  }) => {
    test.skip(
      python === undefined || !hasTools,
      'python3 with brotli, ffmpeg and zbarimg are not all here: examples/read_mp4.py was not run.',
    );
    await openApp(page);
    const expected = await page.evaluate(
      async ([wanted, given]) => {
        const shard = await window.memreel?.create({ name: 'Open film', profile: wanted });
        if (!shard) throw new Error('The library is not open.');
        await shard.ingest([new File(given, 'passages.txt')]);
        // A segment that stays as it is: its UUIDs have to be derived.
        await shard.ingest([
          new File(['# Wing\n\nThe lift 😀 of a wing.\n\n## Jet\n\nÜber dem Strahl.'], 'wing.md'),
        ]);
        const [first, second, third] = await shard.chunks({ limit: 3 });
        if (!first || !second || !third) throw new Error('There are no chunks.');
        // Drawn anew by the export, with UUIDs that cannot be derived.
        await shard.edit(first.uuid, 'Another text than the document’s.');
        await shard.delete([second.uuid]);
        await shard.insert(third.uuid, 'A note that comes from no document.');
        const chunks = await shard.chunks({ limit: 1000 });
        return chunks.map(({ uuid, source, place, text }) => {
          const { start = 0, end = 0, ...details } = place ?? {};
          const plain = Object.keys(details).length === 0 ? [start, end] : [start, end, details];
          return [uuid, 'name' in source ? source.name : 'note', place && plain, text];
        });
      },
      [profile, passages(20)] as const,
    );
    const folder = await mkdtemp(path.join(os.tmpdir(), 'read-mp4-'));
    try {
      const file = path.join(folder, 'open film.mp4');
      await (await exportFile(page, 'Open film', 'MP4')).saveAs(file);
      const run = spawnSync(python ?? '', [PROGRAM, file], { encoding: 'utf8' });
      expect(run.status, run.stderr).toBe(0);
      const lines = run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(lines.map(([, ...chunk]) => chunk)).toEqual(expected);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
