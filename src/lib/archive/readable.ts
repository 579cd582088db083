/**
 * A shard in formats that anything opens: JSON Lines, Markdown, NumPy's vectors. One way out only:
 * what comes back in is a shard zip or an MP4.
 */
import type { Place } from '../api';
import type { ChunkRecord, SourceRecord } from '../shard/records';

/** A live chunk with its text. */
export interface ReadableChunk {
  readonly record: ChunkRecord;
  readonly text: string;
  readonly source: SourceRecord | null;
}

/**
 * One line of JSON Lines: what it says (`text`), who it is (`uuid`, `sha256` of the text in UTF-8),
 * where it comes from (`source`, `place`), and its key of order.
 */
export function jsonLine({ record, text, source }: ReadableChunk): string {
  const { uuid, sha256, order, place, from, expiresAt } = record;
  const named = source && { id: source.id, name: source.name, type: source.type };
  const member = source?.member === undefined ? {} : { member: source.member };
  const line = {
    uuid,
    text,
    sha256,
    source: named ? { ...named, ...member } : { type: 'note' },
    place,
    order,
    ...(from === undefined ? {} : { from }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return `${JSON.stringify(line)}\n`;
}

/**
 * The chunks of one source as Markdown, as they follow each other: a heading where the path of
 * headings changes, and a table's header above its rows. Texts are written as they are.
 */
export async function* markdownOf(
  title: string,
  chunks: AsyncIterable<ReadableChunk>,
): AsyncGenerator<string> {
  yield `# ${oneLine(title)}\n`;
  let before: Place | null = null;
  let end = '\n';
  for await (const { record, text } of chunks) {
    const { place } = record;
    const heading = headingOf(place, before);
    // A passage that goes on where the last one ended is no new paragraph.
    const goesOn = heading === '' && before !== null && place?.start === before.end;
    if (!goesOn) yield end.endsWith('\n\n') ? '' : end.endsWith('\n') ? '\n' : '\n\n';
    if (heading !== '') yield heading;
    yield text;
    end = text.slice(-2);
    before = place;
  }
  yield end.endsWith('\n') ? '' : '\n';
}

export function titleOf(source: SourceRecord | null): string {
  if (!source) return 'Notes';
  return source.member === undefined ? source.name : `${source.name}: ${source.member}`;
}

/** What a reader needs to know where the passage stands and its own text does not say. */
function headingOf(place: Place | null, before: Place | null): string {
  const lines: string[] = [];
  const where = [
    place?.sheet !== undefined && place.sheet !== before?.sheet ? place.sheet : '',
    place?.chapter !== undefined && place.chapter !== before?.chapter ? place.chapter : '',
    place?.slide !== undefined && place.slide !== before?.slide
      ? `Slide ${String(place.slide)}`
      : '',
    place?.page !== undefined && place.page !== before?.page ? `Page ${String(place.page)}` : '',
  ].filter((part) => part !== '');
  if (where.length > 0) lines.push(`## ${oneLine(where.join(', '))}\n`);
  const columns = place?.columns;
  if (columns && columns.join('\u0000') !== before?.columns?.join('\u0000')) {
    lines.push(`**${oneLine(columns.join(' | '))}**\n`);
  }
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();

/** The name of a source's file among those of a zip: safe on every system, and its own. */
export function markdownName(source: SourceRecord | null, taken: Set<string>): string {
  const plain = titleOf(source)
    .replaceAll(/[\p{Cc}<>:"\\|?*]/gu, '-')
    .split('/')
    .map((part) => part.replace(/^[. ]+|[. ]+$/gu, ''))
    .filter((part) => part !== '')
    .join('/')
    .slice(0, 180);
  const base = plain === '' ? 'Document' : plain;
  for (let count = 1; ; count++) {
    const name = `${base}${count === 1 ? '' : ` (${String(count)})`}.md`;
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    return name;
  }
}

/**
 * The head of a `.npy` file, format 1.0 (numpy.lib.format): a C-ordered array of little-endian
 * float32, `rows` × `dimensions`; the rows follow as they are.
 */
export function npyHead(rows: number, dimensions: number): Uint8Array {
  const shape = `(${String(rows)}, ${String(dimensions)})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const unpadded = 10 + text.length + 1;
  const length = Math.ceil(unpadded / 64) * 64 - 10; // the data begin at a multiple of 64
  const head = new Uint8Array(10 + length).fill(0x20);
  head.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 255, length >> 8]);
  head.set(new TextEncoder().encode(text), 10);
  head[head.length - 1] = 0x0a;
  return head;
}
