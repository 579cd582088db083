/** Splits a passage into plain and marked runs, so that it is rendered as text and never as HTML. */

export interface Run {
  readonly text: string;
  readonly marked: boolean;
}

/**
 * Cuts `text` at `marks` (UTF-16 ranges, in any order, overlapping or not). Joined in order, the
 * runs are the text; no run is empty; parts of a mark outside the text are ignored.
 */
export function splitMarks(text: string, marks: readonly (readonly [number, number])[]): Run[] {
  const ordered = marks
    .map(([start, end]) => [Math.max(0, start), Math.min(text.length, end)] as const)
    .filter(([start, end]) => start < end)
    .sort((a, b) => a[0] - b[0]);
  const runs: Run[] = [];
  let at = 0;
  let markStart = 0;
  let markEnd = 0;
  const close = (): void => {
    if (markEnd <= markStart) return;
    if (markStart > at) runs.push({ text: text.slice(at, markStart), marked: false });
    runs.push({ text: text.slice(markStart, markEnd), marked: true });
    at = markEnd;
  };
  for (const [start, end] of ordered) {
    if (markEnd > markStart && start <= markEnd) {
      markEnd = Math.max(markEnd, end);
      continue;
    }
    close();
    markStart = start;
    markEnd = end;
  }
  close();
  if (at < text.length) runs.push({ text: text.slice(at), marked: false });
  return runs;
}

/**
 * The stretch of a long passage to show first: about `length` UTF-16 units around its first mark,
 * begun and ended between words. The whole text where it is not much longer than that.
 */
export function excerptRange(
  text: string,
  marks: readonly (readonly [number, number])[],
  length: number,
): [start: number, end: number] {
  if (text.length <= length * 1.3) return [0, text.length];
  const first = marks.reduce((least, [start]) => Math.min(least, start), text.length);
  const lead = first === text.length ? 0 : Math.max(0, first - Math.floor(length / 4));
  const start = Math.min(lead, text.length - length);
  return [wordEdge(text, start), wordEdge(text, Math.min(text.length, start + length))];
}

/** The next place at or after `at` where a word begins; looks no further than 40 units. */
function wordEdge(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  for (let i = at; i < Math.min(text.length, at + 40); i += 1) {
    if (/\s/u.test(text.charAt(i - 1))) return i;
  }
  // A script without spaces: never between the halves of a surrogate pair.
  const low = text.charCodeAt(at);
  return low >= 0xdc00 && low <= 0xdfff ? at + 1 : at;
}
