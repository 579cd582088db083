/**
 * Texts that a version's own segments no longer hold: of tombstones whose frames were compacted away.
 * Older versions still have them, until those are let go.
 */
import { NotFoundError } from '../../errors';
import type { ShardEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { Catalogue } from '../catalogue';
import type { FrameTexts } from '../asking/frame-texts';
import type { ShardView } from '../view';

export class PastTexts {
  readonly #catalogue: Catalogue;
  readonly #texts: FrameTexts;

  constructor(catalogue: Catalogue, texts: FrameTexts) {
    this.#catalogue = catalogue;
    this.#texts = texts;
  }

  /**
   * The texts of records of a version, in their order; undefined where no kept version of the shard
   * holds one any more. That happens to tombstones only.
   */
  async read(
    view: ShardView,
    records: readonly ChunkRecord[],
    signal?: AbortSignal,
  ): Promise<(string | undefined)[]> {
    const here = records.filter((record) => isHere(view, record));
    const texts = await this.#texts.read(view, here, signal);
    const found = new Map(here.map((record, at) => [record, texts[at]]));
    const missing = new Set(records.filter((record) => !found.has(record)));
    if (missing.size > 0) await this.#search(view.entry, missing, found, signal);
    return records.map((record) => found.get(record));
  }

  /** The same. @throws NotFoundError where no kept version holds one any more */
  async all(view: ShardView, records: readonly ChunkRecord[]): Promise<string[]> {
    const texts = await this.read(view, records);
    return texts.map((text, at) => {
      if (text !== undefined) return text;
      throw new NotFoundError(
        'The text of this chunk was let go: no version that is still kept holds it.',
        { subject: records[at]?.uuid },
      );
    });
  }

  /** Goes back through the versions, looking at each table and each delta once. */
  async #search(
    entry: ShardEntry,
    missing: Set<ChunkRecord>,
    found: Map<ChunkRecord, string | undefined>,
    signal?: AbortSignal,
  ): Promise<void> {
    const seen = new Set<Digest>();
    for await (const link of this.#catalogue.line(entry)) {
      if (missing.size === 0) return;
      if (link.skeleton) continue;
      signal?.throwIfAborted();
      const version = await this.#catalogue.version(link);
      if (!seen.has(version.segments)) {
        seen.add(version.segments);
        const { segments } = await this.#catalogue.segments(version);
        for (const segment of segments) {
          const inIt = [...missing].filter(({ at }) => at?.segment === segment.id);
          if (inIt.length === 0) continue;
          const texts = await this.#texts.read({ segment: () => segment }, inIt, signal);
          inIt.forEach((record, at) => {
            found.set(record, texts[at]);
            missing.delete(record);
          });
        }
      }
      for (const { digest } of version.deltas) {
        if (seen.has(digest)) continue;
        seen.add(digest);
        const { rows } = await this.#catalogue.delta(digest);
        const texts = new Map(
          rows.flatMap(({ record }) =>
            record?.text === undefined ? [] : [[`${record.uuid} ${record.sha256}`, record.text]],
          ),
        );
        for (const record of missing) {
          const text = texts.get(`${record.uuid} ${record.sha256}`);
          if (text === undefined) continue;
          found.set(record, text);
          missing.delete(record);
        }
      }
    }
  }
}

/** Whether a version itself holds a record's text. */
export function isHere(view: ShardView, { at, text }: ChunkRecord): boolean {
  return text !== undefined || (at !== null && view.hasSegment(at.segment));
}
