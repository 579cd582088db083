/**
 * What edits cost, measured on the built app through its public calls: clones and edits at several
 * sizes, an edit until it is found, compaction, and opening a shard that was edited a thousand times.
 * The texts are made up, so that it needs no corpus.
 */
import type { Page } from 'playwright';
import type { Library } from '../../src/lib';
import type { Measure, Scenario } from './scenario';

declare global {
  interface Window {
    memreel?: Library;
  }
}

const SIZES = [10, 1_000, 10_000, 100_000];
/** Edits over which the bytes written are averaged: a power of eight, so that deltas merge as usual. */
const EDITS = 64;
const ROUNDS = 20;
/** Chunks of the shard that is edited until it is found, compacted and opened again. */
const LARGE = 20_000;
const MANY_EDITS = 1_000;
const COMPACTIONS = 7;
const FRAMES = 'frames/s';

const costs: Scenario = {
  name: 'cost of edits',
  async run(page) {
    const measures: Measure[] = [];
    for (const size of SIZES) {
      const id = await shardOf(page, size, 60);
      const { clone, cloneBytes } = await cloneCost(page, id);
      measures.push(
        { what: `clone of ${String(size)} chunks`, value: clone, unit: 'ms' },
        { what: '… written', value: cloneBytes, unit: 'bytes' },
      );
      const { edit, editBytes } = await editCost(page, id);
      measures.push(
        { what: `edit of one of ${String(size)} chunks, p50`, value: edit, unit: 'ms' },
        { what: '… written, each', value: editBytes, unit: 'bytes' },
      );
    }
    return measures;
  },
};

const large: Scenario = {
  name: 'edits at 20,000 chunks',
  async run(page) {
    const id = await shardOf(page, LARGE, 800);
    const found = await editToFound(page, id);
    const compaction = await compact(page, id);
    const opening = await openEdited(page, id);
    return [...found, ...compaction, ...opening];
  },
};

export const scenarios: readonly Scenario[] = [costs, large];

/** A shard of ready-made chunks of about so many characters, each with a word of its own. */
async function shardOf(page: Page, chunks: number, characters: number): Promise<string> {
  return page.evaluate(
    async ([count, length]) => {
      const words = 'slipstream wing lift boundary layer heat flow panel flutter shock'.split(' ');
      const lines = Array.from({ length: count }, (_, at) => {
        let text = `Passage w${String(at)}x.`;
        for (let word = at; text.length < length; word += 1 + (at % 7)) {
          text += ` ${words[word % words.length] ?? ''}${String((word * 31) % 997)}`;
        }
        return JSON.stringify({ text });
      });
      const shard = await window.memreel?.create({ name: `${String(count)} chunks` });
      await shard?.ingest([new File([lines.join('\n')], 'passages.jsonl')]);
      return shard?.id ?? '';
    },
    [chunks, characters] as const,
  );
}

/** Bytes of all files of this origin, as they lie in OPFS. */
const STORED_BYTES = `async () => {
  const sum = async (directory) => {
    let bytes = 0;
    for await (const entry of directory.values()) {
      if (entry.kind === 'directory') bytes += await sum(entry);
      else bytes += (await entry.getFile()).size;
    }
    return bytes;
  };
  return sum(await navigator.storage.getDirectory());
}`;

const storedBytes = (page: Page): Promise<number> => page.evaluate(`(${STORED_BYTES})()`);

/** Each clone once the page has listed the one before: what is measured is a clone, not the list. */
async function cloneCost(page: Page, id: string): Promise<{ clone: number; cloneBytes: number }> {
  const before = await storedBytes(page);
  const times = await page.evaluate(
    async ([shardId, rounds]) => {
      const shard = await window.memreel?.open(shardId);
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await window.memreel?.shards();
        await new Promise((listed) => requestIdleCallback(listed));
        const began = performance.now();
        await shard?.clone({ name: `Clone ${String(round)}` });
        took.push(performance.now() - began);
      }
      return took;
    },
    [id, ROUNDS] as const,
  );
  const written = (await storedBytes(page)) - before;
  return { clone: median(times), cloneBytes: written / ROUNDS };
}

async function editCost(page: Page, id: string): Promise<{ edit: number; editBytes: number }> {
  const before = await storedBytes(page);
  const times = await page.evaluate(
    async ([shardId, rounds]) => {
      const shard = await window.memreel?.open(shardId);
      const chunks = (await shard?.chunks({ limit: 10 })) ?? [];
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { uuid = '' } = chunks[round % chunks.length] ?? {};
        const began = performance.now();
        await shard?.edit(uuid, `An edited passage of usual length, number ${String(round)}.`);
        took.push(performance.now() - began);
      }
      return took;
    },
    [id, EDITS] as const,
  );
  const written = (await storedBytes(page)) - before;
  return { edit: median(times), editBytes: written / EDITS };
}

/** From the call of an edit until a question is answered with its text. */
async function editToFound(page: Page, id: string): Promise<Measure[]> {
  const times = await page.evaluate(
    async ([shardId, rounds]) => {
      const shard = await window.memreel?.open(shardId);
      const chunks = (await shard?.chunks({ limit: rounds, offset: 5000 })) ?? [];
      await shard?.search('slipstream');
      const took: number[] = [];
      for (const [round, { uuid, text }] of chunks.entries()) {
        const word = `edited${String(round)}`;
        const began = performance.now();
        await shard?.edit(uuid, `${text} ${word}`);
        const [hit] = (await shard?.search(word, { topK: 1 })) ?? [];
        took.push(performance.now() - began);
        if (hit?.uuid !== uuid) throw new Error('An edit was not found.');
      }
      return took;
    },
    [id, ROUNDS] as const,
  );
  return [
    { what: 'edit until it is found, p50', value: median(times), unit: 'ms' },
    {
      what: '… p95',
      value: times.toSorted((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? NaN,
      unit: 'ms',
    },
  ];
}

/**
 * A third of each segment is deleted in one piece: whole frames are left, which are copied. Each round
 * deletes a frame more, so that it makes other files than the round before.
 */
async function compact(page: Page, id: string): Promise<Measure[]> {
  const rounds: { frames: { copied: number; encoded: number }; seconds: number; copy: number }[] =
    [];
  for (let round = 0; round < COMPACTIONS; round++) {
    rounds.push(await page.evaluate(compactClone, { id, count: LARGE, round }));
  }
  const [first] = rounds;
  const rates = rounds.map(({ frames, seconds }) => frames.copied / seconds);
  return [
    { what: 'compaction, frames copied', value: first?.frames.copied ?? NaN, unit: '' },
    { what: '… frames encoded', value: first?.frames.encoded ?? NaN, unit: '' },
    { what: '… while copy ran, p50', value: median(rounds.map(({ copy }) => copy)), unit: FRAMES },
    { what: '… while copy ran, the first one', value: first?.copy ?? NaN, unit: FRAMES },
    { what: '… search data included, p50', value: median(rates), unit: FRAMES },
    { what: '… search data included, the first one', value: rates[0] ?? NaN, unit: FRAMES },
  ];
}

/** In the page. `copy` is the rate from the first word of copied frames to the last. */
async function compactClone({ id, count, round }: { id: string; count: number; round: number }) {
  const clone = await (await window.memreel?.open(id))?.clone({ name: `Compacted ${round}` });
  const chunks: { uuid: string; frame: { segment: string; index: number } | null }[] = [];
  for (let offset = 0; offset < count; offset += 10_000) {
    chunks.push(...((await clone?.chunks({ offset, limit: 10_000 })) ?? []));
  }
  const frames = new Map<string, number>();
  for (const { frame } of chunks) {
    if (frame) frames.set(frame.segment, Math.max(frames.get(frame.segment) ?? 0, frame.index));
  }
  const dead = chunks.filter(
    ({ frame }) => frame && frame.index <= (frames.get(frame.segment) ?? 0) / 3 + round,
  );
  await clone?.delete(dead.map(({ uuid }) => uuid));
  const told: { at: number; done: number }[] = [];
  const report = await clone?.compact({
    onProgress: ({ stage, done }) => {
      if (stage === 'copy') told.push({ at: performance.now(), done });
    },
  });
  const [first, last] = [told[0], told.at(-1)];
  if (!report?.version || !first || !last) throw new Error('There was nothing to compact.');
  const copy = ((last.done - first.done) / (last.at - first.at)) * 1000;
  return { frames: report.frames, seconds: report.seconds, copy };
}

/** Opening is the first list and the first answer, in a library that was just opened. */
async function openEdited(page: Page, id: string): Promise<Measure[]> {
  const edited = await page.evaluate(
    async ([shardId, count]) => {
      const clone = await (await window.memreel?.open(shardId))?.clone({ name: 'Edited' });
      const chunks = (await clone?.chunks({ limit: count })) ?? [];
      for (const [at, { uuid }] of chunks.entries()) {
        await clone?.edit(uuid, `Edited once, number ${String(at)}, and never again.`);
      }
      return clone?.id ?? '';
    },
    [id, MANY_EDITS] as const,
  );
  const plain: number[] = [];
  const worn: number[] = [];
  for (let round = 0; round < 5; round++) {
    plain.push(await openTime(page, id));
    worn.push(await openTime(page, edited));
  }
  return [
    { what: 'open and answer, 30 edits', value: median(plain), unit: 'ms' },
    { what: 'open and answer, 1,000 edits more', value: median(worn), unit: 'ms' },
    { what: '… difference', value: median(worn) - median(plain), unit: 'ms' },
  ];
}

async function openTime(page: Page, id: string): Promise<number> {
  await page.reload();
  await page.waitForFunction(() => window.memreel !== undefined);
  return page.evaluate(async (shardId) => {
    // Starts the workers with a shard of its own: what is measured is opening, not loading.
    const warm = await window.memreel?.create({ name: 'Warm-up' });
    await warm?.insert(null, 'A passage to warm up with.');
    await warm?.search('passage');
    await window.memreel?.remove(warm?.id ?? '');
    const began = performance.now();
    const shard = await window.memreel?.open(shardId);
    await shard?.chunks({ limit: 1 });
    await shard?.search('slipstream', { topK: 1 });
    return performance.now() - began;
  }, id);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
