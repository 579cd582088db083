/**
 * The positioned strings of a PDF page to paragraphs. Pure. The page's own order is kept, because
 * it carries columns; within a line, strings are put in order by where they stand.
 * Not a layout analysis: tables become lines.
 */

/** A string on the page, as pdf.js gives it; lengths in PDF units, y upwards. */
export interface Run {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** The font's height. */
  readonly height: number;
  readonly rtl: boolean;
  /** Runs downwards: a line by itself. */
  readonly vertical: boolean;
}

interface Line {
  runs: Run[];
  y: number;
  height: number;
}

/** In heights: strings whose baselines differ by less stand on one line (superscripts). */
const SAME_LINE = 0.5;
/** In heights: a gap between strings that is a space. */
const WORD_GAP = 0.15;
/** Of the usual line distance: a wider one parts paragraphs. */
const PARAGRAPH_GAP = 1.35;
/** Of the height before: a larger or smaller one parts paragraphs, as at headings. */
const SIZE_CHANGE = 1.2;

/** The page's paragraphs in reading order, each ending in a blank line. */
export function paragraphsOf(runs: Iterable<Run>): string[] {
  const lines = linesOf(runs);
  const usual = usualDistance(lines);
  const paragraphs: string[] = [];
  let text = '';
  let last: Line | undefined;
  for (const line of lines) {
    const own = lineText(line);
    if (own === '') continue;
    if (last !== undefined && !follows(last, line, usual)) {
      paragraphs.push(text + '\n\n');
      text = own;
    } else {
      text = text === '' ? own : joinLines(text, own);
    }
    last = line;
  }
  if (text !== '') paragraphs.push(text + '\n\n');
  return paragraphs;
}

function linesOf(runs: Iterable<Run>): Line[] {
  const lines: Line[] = [];
  for (const run of runs) {
    const last = lines.at(-1);
    const height = Math.max(last?.height ?? 0, run.height);
    if (last !== undefined && !run.vertical && Math.abs(run.y - last.y) < height * SAME_LINE) {
      last.runs.push(run);
      if (run.height > last.height) [last.height, last.y] = [run.height, run.y];
    } else {
      lines.push({ runs: [run], y: run.y, height: run.height });
    }
  }
  return lines;
}

/** The median of the distances downwards between neighbouring lines; 0 where there are none. */
function usualDistance(lines: readonly Line[]): number {
  const distances: number[] = [];
  lines.forEach((line, i) => {
    const down = (lines[i - 1]?.y ?? line.y) - line.y;
    if (down > 0) distances.push(down);
  });
  distances.sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 0;
}

function follows(last: Line, line: Line, usual: number): boolean {
  const down = last.y - line.y;
  const ratio = line.height / last.height;
  // Upwards is the next column, or a heading beside: a paragraph that goes on there is rare.
  if (down < 0 || ratio > SIZE_CHANGE || ratio < 1 / SIZE_CHANGE) return false;
  return down <= Math.max(usual, line.height) * PARAGRAPH_GAP;
}

function lineText(line: Line): string {
  let text = '';
  let last: Run | undefined;
  for (const run of inReadingOrder(line.runs)) {
    const gap = last === undefined ? 0 : distance(last, run);
    const apart = gap > WORD_GAP * Math.min(run.height, last?.height ?? run.height);
    text += apart && !/\s$/.test(text) && !/^\s/.test(run.text) ? ' ' + run.text : run.text;
    last = run;
  }
  return text.trim();
}

function inReadingOrder(runs: Run[]): Run[] {
  if (!isRtl(runs)) return runs.toSorted((a, b) => a.x - b.x);
  // Written from right to left, it is in logical order already, with its left-to-right words; and
  // only where it was written as it looks must it be turned round.
  const descends = (runs[0]?.x ?? 0) >= (runs.at(-1)?.x ?? 0);
  return descends ? runs : runs.toSorted((a, b) => b.x - a.x);
}

/** By letters, not by strings: `V9.` before a Hebrew title does not make the line English. */
function isRtl(runs: readonly Run[]): boolean {
  let balance = 0;
  for (const { text, rtl } of runs) {
    const letters = text.match(/\p{L}/gu)?.length ?? 0;
    balance += rtl ? letters : -letters;
  }
  return balance > 0;
}

/** The space between two strings of a line, whichever stands left. */
function distance(a: Run, b: Run): number {
  return Math.max(b.x - a.x - a.width, a.x - b.x - b.width);
}

/** Joins a line to the text before it, undoing the hyphenation of a word across the two. */
export function joinLines(text: string, line: string): string {
  if (text.endsWith('\u00ad')) return text.slice(0, -1) + line;
  const word = /[\p{L}\p{M}\p{N}-]*\p{L}[-\u2010]$/u.exec(text.slice(-64))?.[0];
  if (word === undefined || !/^\p{Ll}/u.test(line)) return `${text}\n${line}`;
  // `peer-to-` + `peer` is a compound, whose hyphen stays; `elec-` + `tronic` is one word.
  return (word.slice(0, -1).includes('-') ? text : text.slice(0, -1)) + line;
}
