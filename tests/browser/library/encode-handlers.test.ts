/** Parts as the encoding worker takes them, with this browser's own encoders. */
import { afterAll, describe, expect, test } from 'vitest';
import { encodeHandlers } from '../../../src/lib/library/redraw/encode-handlers';
import { callDirectly } from '../../../src/lib/rpc/server';
import { newLineage, newSourceId } from '../../../src/lib/shard/ids';
import type { FrameChunk } from '../../../src/lib/shard/payload';
import { disposeEncoders } from '../../../src/lib/video/encode';

afterAll(disposeEncoders);

const source = { id: newSourceId(), name: 'log.txt', type: 'text/plain' };

/** Much text that says little: a thousand of these are less than a frame. */
const chunks: FrameChunk[] = Array.from({ length: 100 }, (_, at) => ({
  order: `a${String(at).padStart(3, '0')}`,
  source,
  place: { start: at * 500, end: (at + 1) * 500 },
  text: 'The pump runs. '.repeat(33),
}));

describe.each(['compact', 'universal'] as const)('%s', (profile) => {
  const engine = callDirectly(encodeHandlers());

  test('a part that is less than a frame may be left whole', async () => {
    const part = await engine.call('pack', {
      profile,
      lineage: newLineage(),
      chunks,
      leaveRest: true,
    });
    expect(part).toMatchObject({ encoded: null, frames: [], payloads: [] });
    expect(part.rest).toEqual(chunks.map((_, at) => at));
  });

  test('warmed, it encodes as ever', async () => {
    await engine.call('warm', { profile });
    const part = await engine.call('pack', {
      profile,
      lineage: newLineage(),
      chunks,
      leaveRest: false,
    });
    expect(part.rest).toEqual([]);
    expect(part.encoded?.samples).toHaveLength(part.frames.length);
    expect(part.frames.length).toBeGreaterThan(0);
  });
});
