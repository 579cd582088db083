import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample subtitles (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each(['tears-of-steel-en.srt', 'tears-of-steel-norwegian-utf16.srt'])(
    '%s has every text at its time',
    async (name) => {
      const { type, blocks, text, warnings } = await extractAll(
        readFileSync(join(DOCS, name)),
        name,
      );
      expect([type, warnings, blocks.length]).toEqual(['text/vtt', [], 76]);
      expect(text).not.toMatch(/^\d+$|-->|</m);
      const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
      expect(snippets.length).toBeGreaterThan(3);
      for (const snippet of snippets) {
        const [block] = blocksHolding(blocks, snippet);
        const cue = block && `cue ${blocks.indexOf(block) + 1} at ${block.place.time}`;
        expect(cue?.replace('.', ','), snippet.text).toBe(snippet.where);
      }
    },
  );
});

async function cues(content: BlobPart, name = 'a.bin'): Promise<[string | undefined, string][]> {
  const { type, blocks } = await extractAll(content, name);
  expect(type).toBe('text/vtt');
  return blocks.map(({ place, text }) => [place.time, text]);
}

describe('subtitles', () => {
  it('keep what is said, who says it and what is heard, without numbers and marks', async () => {
    const source =
      '1\r\n00:00:01,5 --> 00:00:02,000 X1:1\r\n{\\an8}<i>One</i> <font color="red">two</font>\r\n<b>three\r\n\r\n' +
      '2\r\n00:00:03,000 --> 00:00:04,000\r\n[door slams]\r\n\r\nI <3 it &amp; x < y\r\n\r\n' +
      '3\r\n00:00:05,000 --> 00:00:06,000\r\n\r\n4\r\n100:00:07,000 --> 100:00:08,000\r\n1984\r\n';
    expect(await cues(source)).toEqual([
      ['00:00:01.500', 'One two\nthree\n'],
      ['00:00:03.000', '[door slams]\nI <3 it & x < y\n'],
      ['100:00:07.000', '1984\n'],
    ]);
  });

  it('of the web leave out styles, notes, names and times of words', async () => {
    const source =
      '\ufeffWEBVTT - title\nKind: captions\n\nSTYLE\n::cue(b) { color: red }\n\nNOTE\nnot 00:01 text\n\nintro\n' +
      '01:02.003 --> 01:04.000 align:start\n<v.loud Mary Ann>Hi <00:01:03.000><c.x>there</c></v>\n\n' +
      'NOTE x\nnothing\n\n00:01:05.000 --> 00:01:06.000\n&#72;i&lrm;&nbsp;&unknown;\n';
    expect(await cues(source)).toEqual([
      ['00:01:02.003', 'Mary Ann: Hi there\n'],
      ['00:01:05.000', 'Hi &unknown;\n'],
    ]);
  });

  it('give back what was written, at its time', async () => {
    const cue = fc.record({
      at: fc.integer({ min: 0, max: 359_999_999 }),
      lines: fc.array(fc.constantFrom('a', '- b?', '7', '(c)', 'NOTE', 'd & e', '日本'), {
        minLength: 1,
        maxLength: 3,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cue, { minLength: 1 }), fc.boolean(), async (list, web) => {
        const times = list.map(({ at }) => {
          const [h, m, s] = [at / 3_600_000, (at / 60_000) % 60, (at / 1000) % 60].map((n) =>
            String(Math.floor(n)).padStart(2, '0'),
          );
          return `${h}:${m}:${s}.${String(at % 1000).padStart(3, '0')}`;
        });
        const parts = list.map(({ lines }, i) => {
          const time = times[i] ?? '';
          const own = web ? time : time.replace('.', ',');
          return `${web ? '' : `${i + 1}\n`}${own} --> ${own}\n${lines.join('\n')}\n\n`;
        });
        const source = (web ? 'WEBVTT\n\n' : '') + parts.join('');
        expect(await cues(source)).toEqual(
          list.map(({ lines }, i) => [times[i], lines.join('\n') + '\n']),
        );
      }),
    );
  });

  it('without a cue are told of, and long lines do not take long', async () => {
    expect((await extractAll('hello\nworld', 'x.srt')).warnings).toEqual([
      expect.stringContaining('x.srt holds no subtitles'),
    ]);
    for (const long of [' '.repeat(1e5), '<i '.repeat(5e4), '{\\'.repeat(5e4), '&#1'.repeat(5e4)]) {
      const source = `1\n00:00:01,000 --> 00:00:02,000\n${long}a\n${long}\n`;
      const blocks = await cues(source);
      expect(blocks.every(([time]) => time === '00:00:01.000')).toBe(true);
    }
  });
});
