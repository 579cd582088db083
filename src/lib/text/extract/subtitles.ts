/**
 * Subtitles, SubRip and WebVTT: one block a cue, with the time at which it begins. Keeps what is
 * said, who says it and what is heard; drops numbers, tags, styles and comments. Sorts nothing:
 * cues come as the file has them.
 */

import {
  type Block,
  type ExtractContext,
  extensionOf,
  type Extractor,
  MAX_BLOCK,
} from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';

/** The line above a cue's text; WebVTT may leave out the hours, and SubRip writes a comma. */
const TIMING =
  /^[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?[ \t]*-->[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{1,2}/;
/** WebVTT, 3.5, and what SubRip files take from HTML; `<00:01.000>` times a word. */
const TAG = /<\/?(?:i|b|u|s|c|font|lang|ruby|rt|v)(?:[.\s][^<>]*)?>|<\d[\d:.]*>/gi;
/** The speaker of WebVTT's voice span. */
const VOICE = /<v(?:\.[^<>\s]*)?[ \t]+([^<>]*)>/gi;
/** Advanced SubStation's overrides, such as `{\an8}`. */
const OVERRIDE = /\{\\[^{}]*\}/g;
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi;
/** WebVTT, 6.4: the names that its text may hold; marks of direction are no text. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: ' ',
  quot: '"',
  lrm: '',
  rlm: '',
};

export const subtitles: Extractor = {
  type: 'text/vtt',
  extensions: ['srt', 'vtt'],
  recognise: recogniseSubtitles,
  extract: extractSubtitles,
};

function recogniseSubtitles(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const lines = decodeHead(head)
    .trimStart()
    .split(/\r\n?|\n/, 3);
  if (/^(?:\ufeff|ï»¿)?WEBVTT(?:[ \t]|$)/.test(lines[0] ?? '')) return 0.95;
  const timed = lines.slice(0, 2).some((line) => TIMING.test(line));
  if (timed) return 0.9;
  // Blank lines, or a number that is missing, say nothing against the name.
  return subtitles.extensions.includes(extensionOf(name)) && head.length > 0 ? 0.5 : 0;
}

/** What the lines that are read belong to. */
type Part = 'nothing' | 'cue' | 'dropped';

async function* extractSubtitles(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const reader = new CueReader();
  let rest = '';
  for await (const piece of decodeText(file, context.signal, context)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    // A line without an end is no subtitle's: it is handed over in pieces, so that memory is not its size.
    if (rest.length > MAX_BLOCK) [lines[lines.length], rest] = [rest, ''];
    for (const line of lines) yield* reader.line(line);
  }
  yield* reader.line(rest);
  yield* reader.finish();
  if (reader.cues > 0 || file.size === 0) return;
  context.warn(`${context.name} holds no subtitles: no line of it says when a text is shown.`);
}

/** Collects the lines of a cue. */
class CueReader {
  cues = 0;
  #part: Part = 'nothing';
  #time = '';
  #lines: string[] = [];
  #length = 0;

  *line(line: string): Generator<Block> {
    const timing = TIMING.exec(line);
    if (timing !== null) {
      // The line above is the number or name of this cue, if a blank line parts it from the text.
      if (this.#lines.at(-2) === '') this.#lines.pop();
      yield* this.finish();
      this.#part = 'cue';
      this.#time = clock(timing);
      return;
    }
    const blank = line.trim() === '';
    if (this.#part !== 'cue') {
      if (blank) this.#part = 'nothing';
      return;
    }
    // WebVTT's own blocks end at a blank line, and so do they here.
    if (this.#lines.at(-1) === '' && /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(line)) {
      yield* this.finish();
      this.#part = 'dropped';
      return;
    }
    this.#lines.push(blank ? '' : line);
    this.#length += line.length;
    if (this.#length > MAX_BLOCK) yield* this.#take();
  }

  /** Hands over the cue that is open. */
  *finish(): Generator<Block> {
    yield* this.#take();
    this.#part = 'nothing';
  }

  *#take(): Generator<Block> {
    const text = plainCue(this.#lines.join('\n'));
    this.#lines = [];
    this.#length = 0;
    if (text === '') return;
    this.cues++;
    yield { text: text + '\n', kind: 'paragraph', place: { time: this.#time } };
  }
}

/** A cue's text without its markup; blank lines inside it are none. */
function plainCue(source: string): string {
  return source
    .replace(OVERRIDE, '')
    .replace(VOICE, '$1: ')
    .replace(TAG, '')
    .replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
      const scalar = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return scalar ? String.fromCodePoint(code) : whole;
    })
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** `hh:mm:ss.mmm`. */
function clock([, hours = '0', minutes = '0', seconds = '0', part = '']: RegExpExecArray): string {
  const time = [hours, minutes, seconds].map((field) => field.padStart(2, '0')).join(':');
  return `${time}.${part.padEnd(3, '0')}`;
}
