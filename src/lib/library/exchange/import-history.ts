/** The history of a shard zip of everything, line by line: what its versions are made of is stored. */
import { CorruptError } from '../../errors';
import {
  bytesOfLine,
  type ArchivedVersion,
  type HistoryLine,
  type TableSegment,
} from '../../archive/history-json';
import type { Manifest } from '../../archive/manifest';
import { decodeDelta, type Delta } from '../../shard/delta';
import type { DeltaLink, SegmentEntry } from '../../shard/objects';
import { decodePage, type IndexPage } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { PreparedVersion } from './import-commit';
import { storeKnownSegment } from './known-segment';
import { FrameMeter, storeVideo, type ImportContext, type Unpacked } from './unpacked';

/** Takes the lines of a history one after another, and stores what they bring. */
export class HistoryReader {
  readonly #manifest: Manifest;
  readonly #unpacked: Unpacked;
  readonly #context: ImportContext;
  readonly #meter: FrameMeter;
  readonly #videos = new Map<string, { video: Digest; videoBytes: number }>();
  readonly #pages = new Map<Digest, IndexPage>();
  readonly #deltas = new Map<Digest, { link: DeltaLink; delta: Delta }>();
  readonly #tables = new Map<
    string,
    {
      segments: readonly SegmentEntry[];
      pages: readonly IndexPage[];
      rows: readonly TableSegment[];
    }
  >();
  /** Segments by what makes their search data: versions share them. */
  readonly #made = new Map<string, SegmentEntry>();

  constructor(manifest: Manifest, unpacked: Unpacked, context: ImportContext) {
    this.#manifest = manifest;
    this.#unpacked = unpacked;
    this.#context = context;
    this.#meter = new FrameMeter(manifest, context);
  }

  async take(line: HistoryLine): Promise<PreparedVersion | null> {
    switch (line.kind) {
      case 'page':
        this.#pages.set(line.digest, decodePage(await bytesOfLine(line)));
        return null;
      case 'delta': {
        const bytes = await bytesOfLine(line);
        const delta = decodeDelta(bytes);
        await this.#context.store.putBlob(bytes);
        const link = { digest: line.digest, rows: delta.rows.length, bytes: bytes.length };
        this.#deltas.set(line.digest, { link, delta });
        return null;
      }
      case 'table':
        this.#tables.set(line.key, { segments: [], pages: [], rows: line.segments });
        return null;
      case 'version': {
        const { version } = line;
        const { segments } = await this.#table(version);
        const deltas = version.deltas.map((digest) => this.delta(digest).link);
        return { version, segments, deltas };
      }
      case 'skeleton': {
        const { skeleton, merged } = line;
        return merged === undefined ? { skeleton } : { skeleton, merged };
      }
    }
  }

  delta(digest: Digest): { link: DeltaLink; delta: Delta } {
    const delta = this.#deltas.get(digest);
    if (delta) return delta;
    throw new CorruptError('The archive’s history names a delta that it does not have.');
  }

  pagesOf({ table }: ArchivedVersion): readonly IndexPage[] {
    return this.#tables.get(table)?.pages ?? [];
  }

  /** The segments of a version's table, stored when the first version names it. */
  async #table(version: ArchivedVersion): Promise<{ segments: readonly SegmentEntry[] }> {
    const table = this.#tables.get(version.table);
    if (!table)
      throw new CorruptError('The archive’s history names a table that it does not have.');
    if (table.segments.length === table.rows.length) return table;
    const segments: SegmentEntry[] = [];
    const pages: IndexPage[] = [];
    for (const row of table.rows) {
      const page = this.#pages.get(row.page);
      if (page?.segment !== row.id) {
        throw new CorruptError(`The archive’s history has no page of segment ${row.id}.`);
      }
      pages.push(page);
      segments.push(await this.#segment(row, page, version.model));
    }
    const whole = { ...table, segments, pages };
    this.#tables.set(version.table, whole);
    return whole;
  }

  async #segment(row: TableSegment, page: IndexPage, model: string): Promise<SegmentEntry> {
    const key = `${row.page} ${row.vectors ? String(row.vectors.offset) : `- ${model}`}`;
    const made = this.#made.get(key);
    if (made) return made;
    const stored = await this.#video(row);
    const { frames, chunks, bytes, payload } = row;
    const { language } = this.#manifest.shard;
    const vectors = await this.#unpacked.vectors(row.vectors);
    const known = { ...stored, frames, chunks, bytes, payload, language, model, vectors };
    const segment = await storeKnownSegment(known, page, this.#context);
    this.#made.set(key, segment);
    return segment;
  }

  async #video(row: TableSegment): Promise<{ video: Digest; videoBytes: number }> {
    const known = this.#videos.get(row.id);
    if (known) return known;
    const segment = this.#manifest.segments.find(({ id }) => id === row.id);
    if (segment?.frames !== row.frames) {
      throw new CorruptError(`The archive has no segment ${row.id}.`);
    }
    const stored = await storeVideo(this.#manifest, segment, this.#unpacked, this.#context);
    this.#videos.set(row.id, stored);
    this.#meter.add(row.frames);
    return stored;
  }
}
