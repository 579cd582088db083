/**
 * What one frame says: the JSON inside a QR symbol, before compression. docs/FORMAT.md describes it
 * for people without this code. Arrays, not keyed objects, for each byte is drawn as modules.
 *
 *     ["memreel/1", lineage, seed, [source, …], [chunk, …]]
 *     source: [id, name, type] or [id, name, type, member]
 *     chunk:  [order, source, place, text] or [order, source, place, text, uuid]
 *
 * `source` of a chunk is an index into the frame's sources, or -1 for a note. `place` is `null`, or
 * `[start, end]`, or `[start, end, { page, heading, … }]`. A chunk without a UUID has the one that
 * its frame's seed and its slot make.
 */
import { CorruptError } from '../errors';
import type { Place } from '../api';
import {
  fromBase64Url,
  toBase64Url,
  SEED_BYTES,
  type ChunkUuid,
  type Lineage,
  type SourceId,
} from './ids';
import { chunkUuid } from './uuid';

export const FORMAT = 'memreel/1';

export interface FrameSource {
  readonly id: SourceId;
  readonly name: string;
  readonly type: string;
  readonly member?: string;
}

export interface FrameChunk {
  readonly order: string;
  /** null for a note: a passage that came from no document. */
  readonly source: FrameSource | null;
  readonly place: Place | null;
  readonly text: string;
  /** Absent where seed and slot make it. */
  readonly uuid?: ChunkUuid;
}

export interface Frame {
  readonly lineage: Lineage;
  /** 16 bytes. */
  readonly seed: Uint8Array;
  readonly chunks: readonly FrameChunk[];
}

type WirePlace = null | [number, number] | [number, number, Omit<Place, 'start' | 'end'>];

/** The frame as JSON text in UTF-8, not yet compressed. */
export function encodeFrame(frame: Frame): Uint8Array {
  const sources: FrameSource[] = [];
  const chunks = frame.chunks.map((chunk) => {
    const row: unknown[] = [
      chunk.order,
      chunk.source ? indexOf(sources, chunk.source) : -1,
      placeToWire(chunk.place),
      chunk.text,
    ];
    if (chunk.uuid !== undefined) row.push(chunk.uuid);
    return row;
  });
  const listed = sources.map(({ id, name, type, member }) =>
    member === undefined ? [id, name, type] : [id, name, type, member],
  );
  const json = JSON.stringify([FORMAT, frame.lineage, toBase64Url(frame.seed), listed, chunks]);
  return new TextEncoder().encode(json);
}

/** The UTF-8 bytes that `encodeFrame` spends on texts alone, escapes included. */
export function textBytesOf(frame: Frame): number {
  const encoder = new TextEncoder();
  return frame.chunks.reduce(
    (sum, chunk) => sum + encoder.encode(JSON.stringify(chunk.text)).length - 2,
    0,
  );
}

/** A decoded frame: every chunk with its UUID, in slot order. */
export interface DecodedFrame {
  readonly lineage: Lineage;
  readonly chunks: readonly (FrameChunk & { readonly uuid: ChunkUuid })[];
}

/** @throws CorruptError for anything that `encodeFrame` does not write */
export async function decodeFrame(content: Uint8Array): Promise<DecodedFrame> {
  const json = parse(content);
  if (!Array.isArray(json) || json[0] !== FORMAT) throw odd('does not begin with its format');
  const [, lineage, seedText, listed, rows] = json as unknown[];
  const seed = typeof seedText === 'string' ? fromBase64Url(seedText) : undefined;
  if (seed?.length !== SEED_BYTES) throw odd('has no seed');
  if (typeof lineage !== 'string' || !Array.isArray(listed) || !Array.isArray(rows)) {
    throw odd('lacks a part');
  }
  const sources = listed.map(sourceFromWire);
  const chunks = await Promise.all(
    rows.map(async (row: unknown, slot) => {
      if (!Array.isArray(row)) throw odd('has a chunk that is no list');
      const [order, source, place, text, uuid] = row as unknown[];
      if (typeof order !== 'string' || typeof text !== 'string' || typeof source !== 'number') {
        throw odd('has a chunk without order, source or text');
      }
      if (uuid !== undefined && typeof uuid !== 'string') throw odd('has a UUID that is no text');
      const found = source === -1 ? null : sources[source];
      if (found === undefined) throw odd('names a source that it does not list');
      return {
        order,
        source: found,
        place: placeFromWire(place),
        text,
        uuid: uuid === undefined ? await chunkUuid(seed, slot) : (uuid as ChunkUuid),
      };
    }),
  );
  return { lineage: lineage as Lineage, chunks };
}

function parse(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (error) {
    throw new CorruptError('A frame’s payload is not JSON in UTF-8.', { cause: error });
  }
}

function indexOf(sources: FrameSource[], source: FrameSource): number {
  const known = sources.findIndex((other) => other.id === source.id);
  return known >= 0 ? known : sources.push(source) - 1;
}

function sourceFromWire(row: unknown): FrameSource {
  if (!Array.isArray(row)) throw odd('has a source that is no list');
  const [id, name, type, member] = row as unknown[];
  if (typeof id !== 'string' || typeof name !== 'string' || typeof type !== 'string') {
    throw odd('has a source without id, name or type');
  }
  const source = { id: id as SourceId, name, type };
  if (member === undefined) return source;
  if (typeof member !== 'string') throw odd('has a source whose member is no text');
  return { ...source, member };
}

/** A place as frames and index pages write it. */
export function placeToWire(place: Place | null): WirePlace {
  if (!place) return null;
  const { start, end, ...rest } = place;
  return Object.keys(rest).length > 0 ? [start, end, rest] : [start, end];
}

export function placeFromWire(wire: unknown): Place | null {
  if (wire === null) return null;
  if (!Array.isArray(wire)) throw odd('has a place that is no list');
  const [start, end, rest] = wire as unknown[];
  if (typeof start !== 'number' || typeof end !== 'number')
    throw odd('has a place without offsets');
  if (rest === undefined) return { start, end };
  if (typeof rest !== 'object' || rest === null) throw odd('has a place that cannot be read');
  return { ...(rest as Omit<Place, 'start' | 'end'>), start, end };
}

const odd = (what: string): CorruptError => new CorruptError(`A frame’s payload ${what}.`);
