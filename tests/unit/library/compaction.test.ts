/**
 * Compaction moves texts and changes none: whatever was edited before, the version has the same
 * chunks in the same order, and answers questions as it did.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError, InvalidError } from '../../../src/lib/errors';
import { compactView, planOf, usesOf } from '../../../src/lib/library/redraw/compaction';
import { LiveRows } from '../../../src/lib/library/redraw/live-rows';
import { decodeFrame } from '../../../src/lib/shard/payload';
import { loadCompressor } from '../../../src/lib/shard/compression';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { answersOf, type EditedShard } from './edited-shard';
import { shardInNode } from './edited-shard-in-node';

type Step =
  | { do: 'edit' | 'remove' | 'relocate' | 'expire' | 'insert' | 'drop' | 'merge'; at: number }
  | { do: 'compact'; threshold: number };

async function apply(shard: EditedShard, step: Exclude<Step, { do: 'compact' }>): Promise<void> {
  const record = shard.at(step.at);
  switch (step.do) {
    case 'edit':
      return shard.edit(record);
    case 'remove':
      return shard.remove(record);
    case 'relocate':
      return shard.relocate(record);
    case 'expire':
      return shard.expire(record);
    case 'insert':
      return shard.insertAfter(step.at);
    case 'drop':
      return shard.drop(record);
    case 'merge':
      return shard.consolidate();
  }
}

const change = fc.record({
  do: fc.constantFrom(
    ...([
      'edit',
      'edit',
      'remove',
      'remove',
      'relocate',
      'expire',
      'insert',
      'drop',
      'merge',
    ] as const),
  ),
  at: fc.nat(70),
});
const compaction = fc.record({
  do: fc.constant('compact' as const),
  threshold: fc.constantFrom(0, 0.1, 0.2, 0.5, 1),
});
const steps = fc.array(
  fc.oneof({ weight: 9, arbitrary: change }, { weight: 1, arbitrary: compaction }),
  { minLength: 1, maxLength: 40 },
) as fc.Arbitrary<Step[]>;

/** What a version says of its chunks, but for where their texts lie. */
function chunksOf(shard: EditedShard) {
  return shard.view.ordered().map((record) => {
    const { uuid, order, sha256, source, place, deleted, from, expiresAt, addedAt } = record;
    return { uuid, order, sha256, source, place, deleted, from, expiresAt, addedAt };
  });
}

async function liveTexts(shard: EditedShard): Promise<string[]> {
  return shard.texts.read(
    shard.view,
    shard.view.ordered().filter(({ deleted }) => !deleted),
  );
}

/** Compacts, and holds the result against the version before. */
async function compactChecked(shard: EditedShard, threshold: number): Promise<boolean> {
  const before = { chunks: chunksOf(shard), uses: usesOf(shard.view), view: shard.view };
  const plan = planOf(shard.view, threshold);
  const sources = new Set(before.chunks.map(({ source }) => source));
  const made = await compactView(shard.view, threshold, shard.context);
  if (!made) {
    expect(plan.segments.some(({ rewrite }) => rewrite)).toBe(false);
    expect(plan.overlays.chunks).toBe(0);
    return false;
  }
  await shard.take({ segments: made.segments, deltas: made.delta ? [made.delta] : [] });
  expect(chunksOf(shard)).toEqual(before.chunks);
  const live = before.chunks.filter(({ deleted }) => !deleted);
  expect(await liveTexts(shard)).toEqual(live.map(({ uuid }) => shard.said.get(uuid)));
  for (const source of sources) {
    if (source) expect(shard.view.source(source)).toEqual(before.view.source(source));
  }
  const rows = new LiveRows(shard.view);
  const shown = shard.view.segments.flatMap(({ id }) => rows.ofSegment(id));
  expect(rows.ofOverlays()).toEqual([]);
  expect(shown.map(({ record }) => record.uuid).sort()).toEqual(
    live.map(({ uuid }) => uuid).sort(),
  );
  const again = planOf(shard.view, threshold);
  expect(again.segments.filter(({ rewrite }) => rewrite)).toEqual([]);
  expect(await compactView(shard.view, threshold, shard.context)).toBeNull();
  const kept = plan.segments.filter(({ rewrite }) => !rewrite);
  expect(made.segments.slice(0, kept.length).map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  const whole = plan.segments.filter(({ rewrite }) => rewrite);
  expect(made.frames.copied).toBe(whole.reduce((sum, { wholeFrames }) => sum + wholeFrames, 0));
  expect(made.frames.before).toBe(plan.frames.before);
  return true;
}

describe('compaction', () => {
  test('keeps chunks, order, texts and sources, and leaves nothing to compact', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(0, 0.2), async (all, threshold) => {
        const shard = await shardInNode([14, 9, 20]);
        for (const step of all) {
          if (step.do === 'compact') await compactChecked(shard, step.threshold);
          else await apply(shard, step);
        }
        await compactChecked(shard, threshold);
      }),
      { numRuns: 12 },
    );
  });

  test('answers fifty questions as before', async () => {
    const shard = await shardInNode([30, 30, 30]);
    for (let at = 0; at < 90; at += 4) await shard.remove(shard.at(at));
    for (let at = 1; at < 60; at += 9) await shard.edit(shard.at(at));
    await shard.consolidate();
    // Each a delta of its own: search data of more units than are read at once.
    for (let at = 2; at < 90; at += 8) await shard.edit(shard.at(at));
    await shard.insertAfter(17);
    const questions = Array.from({ length: 50 }, (_, at) => {
      const text = shard.said.get(shard.at(at * 7 + 1).uuid) ?? '';
      return text
        .split(' ')
        .slice(1 + (at % 5), 6 + (at % 5))
        .join(' ');
    });
    const before = await answersOf(shard, questions);
    expect(before.every((hits) => hits.length === 10)).toBe(true);
    expect(await compactChecked(shard, 0.2)).toBe(true);
    expect(await answersOf(shard, questions)).toEqual(before);
  });

  test('copies whole frames byte for byte, and only those', async () => {
    const shard = await shardInNode([40]);
    const [segment] = shard.view.segments;
    if (!segment) throw new Error('There is no segment.');
    const first = shard.view.ordered().filter(({ at }) => at?.frame === 0);
    for (const record of first) await shard.remove(record);
    const part = shard.view.ordered().filter(({ at }) => at?.frame === 1);
    for (const record of part.slice(3)) await shard.remove(record);
    const made = await compactView(shard.view, 0, shard.context);
    expect(made?.frames).toEqual({
      before: segment.frames,
      after: (made?.frames.copied ?? 0) + (made?.frames.encoded ?? 0),
      copied: segment.frames - 2,
      encoded: 1,
    });
    const [written] = made?.segments ?? [];
    if (!written) throw new Error('Nothing was written.');
    const old = await openMp4(await shard.store.get(segment.video));
    const now = await openMp4(await shard.store.get(written.video));
    expect(await now.samples(0, segment.frames - 2)).toEqual(await old.samples(2, segment.frames));
  });

  test('of whole frames alone draws nothing', async () => {
    const shard = await shardInNode([40]);
    for (const record of shard.view.ordered()) {
      if (record.at?.frame === 0) await shard.remove(record);
    }
    shard.told.length = 0;
    const made = await compactView(shard.view, 0, shard.context);
    expect(made?.frames.encoded).toBe(0);
    expect(new Set(shard.told.map(({ stage }) => stage))).toEqual(new Set(['copy']));
  });

  test('lets deleted texts go from the new video, and from nowhere else', async () => {
    const shard = await shardInNode([20]);
    const gone = shard.at(3);
    await shard.remove(gone);
    const text = shard.said.get(gone.uuid) ?? '';
    const before = shard.view.segments;
    const made = await compactView(shard.view, 0, shard.context);
    const compressor = await loadCompressor();
    const says = async (video: Blob): Promise<boolean> => {
      const mp4 = await openMp4(video);
      const frames = await Promise.all(
        (await mp4.samples(0, mp4.frames)).map(async (sample) =>
          decodeFrame(await compressor.decompress(sample)),
        ),
      );
      return frames.some(({ chunks }) => chunks.some((chunk) => chunk.text === text));
    };
    for (const { video } of before) expect(await says(await shard.store.get(video))).toBe(true);
    for (const { video } of made?.segments ?? []) {
      expect(await says(await shard.store.get(video))).toBe(false);
    }
    expect(made?.segments).toHaveLength(1);
  });

  test('keeps frames of two encoders apart, for they are no one video', async () => {
    const shard = await shardInNode([30]);
    await shard.edit(shard.at(3));
    shard.engines.configuration = Uint8Array.of(0x81, 0x05, 0x0c, 0x00);
    const [segment] = shard.view.segments;
    expect(await compactChecked(shard, 0)).toBe(true);
    const videos = await Promise.all(
      shard.view.segments.map(async ({ video }) => openMp4(await shard.store.get(video))),
    );
    expect(videos.map(({ codec }) => codec)).toEqual(['av01.0.04M.08', 'av01.0.05M.08']);
    const [copied, drawn] = shard.view.segments;
    expect(copied?.frames).toBe((segment?.frames ?? 0) - 1);
    expect(drawn?.chunks).toBeGreaterThan(1); // the edited one, and its neighbours in the frame
  });

  test('encodes frames again that do not read back, behind those that were copied', async () => {
    let spoilt = -1;
    const shard = await shardInNode([40], {
      spoil: (samples, caution) => {
        if (caution <= spoilt) samples[0]?.fill(0);
      },
    });
    for (const record of shard.view.ordered()) {
      if (record.at?.frame === 0) await shard.remove(record);
    }
    await shard.edit(shard.at(39));
    spoilt = 2;
    await expect(compactView(shard.view, 0, shard.context)).rejects.toThrow(CorruptError);
    spoilt = 1;
    expect(await compactChecked(shard, 0)).toBe(true);
    expect(shard.view.segments).toHaveLength(1);
  });

  test('refuses an old video that is not what it was', async () => {
    const shard = await shardInNode([40]);
    for (const record of shard.view.ordered()) {
      if (record.at?.frame === 0) await shard.remove(record);
    }
    const [segment] = shard.view.segments;
    const path = `blobs/${segment?.video.slice(0, 2) ?? ''}/${segment?.video ?? ''}`;
    const file = await shard.fs.open(path, { create: false });
    file.write(file.size() - 1, Uint8Array.of((file.read(file.size() - 1, 1)[0] ?? 0) ^ 1));
    file.close();
    await expect(compactView(shard.view, 0, shard.context)).rejects.toThrow(CorruptError);
  });

  test('of a shard whose chunks are all deleted leaves tombstones and no segment', async () => {
    const shard = await shardInNode([5]);
    for (const record of shard.view.ordered()) await shard.remove(record);
    const before = chunksOf(shard);
    const made = await compactView(shard.view, 0.2, shard.context);
    expect(made?.segments).toEqual([]);
    await shard.take({ segments: [], deltas: made?.delta ? [made.delta] : [] });
    expect(chunksOf(shard)).toEqual(before);
    expect(shard.view.sources()).toHaveLength(1);
  });

  test('refuses a threshold that is no share', async () => {
    const shard = await shardInNode([2]);
    expect(() => planOf(shard.view, 1.5)).toThrow(InvalidError);
    await expect(compactView(shard.view, -1, shard.context)).rejects.toThrow(InvalidError);
  });

  test('stops when it is told to', async () => {
    const shard = await shardInNode([20]);
    await shard.remove(shard.at(0));
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const work = compactView(shard.view, 0, { ...shard.context, signal: stop.signal });
    await expect(work).rejects.toThrow('enough');
  });
});
