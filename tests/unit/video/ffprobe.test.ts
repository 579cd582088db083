/** The videos that ship with the app, seen by ffprobe. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const present = spawnSync('ffprobe', ['-version']).status === 0;
const SHIPPED = ['compact', 'universal'] as const;

test.skipIf(!present).each(SHIPPED)('%s (left out where ffprobe is absent)', (profile) => {
  const path = new URL(`../../../src/lib/video/probe-${profile}.mp4`, import.meta.url).pathname;
  const { status, stdout } = spawnSync(
    'ffprobe',
    ['-v', 'error', '-show_streams', '-show_format', '-show_packets', '-of', 'json', path],
    { encoding: 'utf8' },
  );
  expect(status).toBe(0);
  const side = profile === 'compact' ? 192 : 752;
  expect(JSON.parse(stdout)).toMatchObject({
    streams: [
      {
        codec_name: profile === 'compact' ? 'av1' : 'h264',
        width: side,
        height: side,
        r_frame_rate: '2/1',
        nb_frames: '2',
        duration: '1.000000',
      },
    ],
    format: { duration: '1.000000', tags: { format: 'memreel/1', name: 'Probe' } },
    packets: [
      { pts_time: '0.000000', flags: expect.stringMatching(/^K/) as string },
      { pts_time: '0.500000', flags: expect.stringMatching(/^K/) as string },
    ],
  });
});
