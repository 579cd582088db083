/** The public calls on the built app, with real engines and real storage. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { expectSound, libraryOpen, openApp, passages } from './memreel';

for (const profile of ['compact', 'universal'] as const) {
  test(`${profile}: what goes in is read back out of its frames, now and after a reload`, async ({
    page,
  }) => {
    await openApp(page);
    const texts = passages(120);
    const written = await page.evaluate(
      async ([wanted, given]) => {
        const shard = await window.memreel?.create({ name: 'Passages', profile: wanted });
        if (!shard) throw new Error('The library is not open.');
        const stages = new Map<string, number>();
        const report = await shard.ingest([new File(given, 'passages.txt')], {
          onProgress: ({ stage }) => stages.set(stage, (stages.get(stage) ?? 0) + 1),
        });
        const chunks = await shard.chunks({ limit: 1000 });
        const stats = await shard.stats();
        const picture = await shard.frame(chunks[0]?.frame?.segment ?? '', 0);
        return {
          id: shard.id,
          report,
          stats,
          profile: (await shard.info()).profile,
          text: chunks.map(({ text }) => text).join(''),
          stages: [...stages.keys()].sort(),
          picture: [picture.width, picture.height],
        };
      },
      [profile, texts] as const,
    );
    expect(written.profile).toBe(profile);
    expect(written.text).toBe(texts.join(''));
    expect(written.report.version).not.toBeNull();
    expect(written.stages).toEqual(['commit', 'encode', 'extract', 'verify']);
    expect(written.picture).toEqual(profile === 'compact' ? [192, 192] : [752, 752]);
    expect(written.stats.frames).toBeGreaterThan(2);

    await page.reload();
    await libraryOpen(page);
    const read = await page.evaluate(async (id) => {
      const shard = await window.memreel?.open(id);
      const hits = await shard?.search('number77', { topK: 1, mode: 'lexical' });
      return hits?.map(({ text, from }) => ({ text, from }));
    }, written.id);
    expect(read).toHaveLength(1);
    expect(read?.[0]?.from).toBe('video');
    expect(read?.[0]?.text).toContain('Passage number77 ');
    await expectSound(page);
  });
}

test('an abort in the middle leaves the shard as it was', async ({ page }) => {
  await openApp(page);
  const outcome = await page.evaluate(async (given) => {
    const library = window.memreel;
    if (!library) throw new Error('The library is not open.');
    const shard = await library.create({ name: 'Aborted' });
    await shard.ingest([new File(['Kept as it is.'], 'kept.txt')]);
    const before = [shard.head, await shard.chunks(), await shard.stats()];
    const abort = new AbortController();
    const reason = await shard
      .ingest([new File(given, 'passages.txt')], {
        signal: abort.signal,
        onProgress: ({ stage }) => {
          if (stage === 'encode') abort.abort('stopped by hand');
        },
      })
      .catch((error: unknown) => error);
    const after = [shard.head, await shard.chunks(), await shard.stats()];
    const later = await shard.ingest([new File(['Added later.'], 'later.txt')]);
    return { reason, before, after, later: later.chunks };
  }, passages(400));
  expect(outcome.reason).toBe('stopped by hand');
  expect(outcome.after).toEqual(outcome.before);
  expect(outcome.later).toBe(1);
  await expectSound(page);
});

test('two tabs are one library: the second one’s writes are done, and seen by both', async ({
  page,
  context,
}) => {
  await openApp(page);
  const second = await context.newPage();
  await openApp(second);
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    window.memreel?.subscribe(({ kind, from }) => seen.push(`${kind} ${from}`));
  });
  const id = await second.evaluate(async () => {
    const shard = await window.memreel?.create({ name: 'From the second tab' });
    await shard?.ingest([new File(['The flutter of a panel.'], 'panel.txt')]);
    return shard?.id ?? '';
  });
  const read = async (tab: typeof page): Promise<string[] | undefined> =>
    tab.evaluate(async (shard) => {
      const opened = await window.memreel?.open(shard);
      return (await opened?.search('panel flutter'))?.map(({ text }) => text);
    }, id);
  expect(await read(second)).toEqual(['The flutter of a panel.']);
  expect(await read(page)).toEqual(['The flutter of a panel.']);

  // The tab that wrote goes; the other one takes over.
  await page.close();
  await second.evaluate(async (shard) => {
    const opened = await window.memreel?.open(shard);
    await opened?.ingest([new File(['A second passage, on wings.'], 'wings.txt')]);
  }, id);
  expect(await read(second)).toHaveLength(2);
  await expectSound(second);
});

test('the self-check tries everything for real', async ({ page }) => {
  await openApp(page);
  const report = await page.evaluate(() => window.memreel?.selfCheck());
  const states = Object.fromEntries(report?.items.map(({ id, state }) => [id, state]) ?? []);
  expect(states).toMatchObject({
    storage: 'works',
    isolation: 'works',
    qr: 'works',
    universal: 'works',
    'decode-ffmpeg': 'works',
    model: 'works',
    vectors: 'works',
    graph: 'works',
  });
  expect(report?.profile).toBe(states['compact'] === 'works' ? 'compact' : 'universal');
});

test('the abstracts of Cranfield and a PDF answer the question of the README', async ({ page }) => {
  const shared = path.resolve(process.env['MEMREEL_CORPORA'] ?? '../shared');
  const abstracts = await read(path.join(shared, 'corpora/cranfield/documents.jsonl'));
  const pdf = await read(path.join(shared, 'samples/docs/bitcoin-whitepaper.pdf'));
  test.skip(!abstracts || !pdf, 'The Cranfield collection and the sample PDF are not here.');
  await openApp(page);
  const hits = await page.evaluate(
    async ([jsonl, paper]) => {
      const bytes = Uint8Array.from(atob(paper), (character) => character.charCodeAt(0));
      const shard = await window.memreel?.create({ name: 'Wind tunnel' });
      await shard?.ingest([new File([jsonl], 'cranfield.jsonl'), new File([bytes], 'bitcoin.pdf')]);
      const found = await shard?.search('what is the effect of slipstream on wing lift');
      const paid = await shard?.search('double-spending proof of work');
      return [found?.[0], paid?.[0]];
    },
    [abstracts?.toString() ?? '', pdf?.toString('base64') ?? ''] as const,
  );
  expect(hits[0]?.text).toContain('experimental investigation of the aerodynamics of a');
  expect(hits[0]).toMatchObject({ from: 'video' });
  expect(hits[1]).toMatchObject({ from: 'video', source: { name: 'bitcoin.pdf' } });
  expect(hits[1]?.place?.page).toBeGreaterThan(0);
});

async function read(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}
