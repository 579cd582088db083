/** The ids of a shard's things: branded, and made only here. */

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** 16 random bytes, base64url. */
export type ShardId = Id<'shard'>;
/** 16 random bytes, base64url; shared by a shard and all its clones. */
export type Lineage = Id<'lineage'>;
/** 16 random bytes, base64url. Kept by links, tags and exports. */
export type VersionId = Id<'version'>;
/** 6 random bytes, base64url: it is repeated in each frame, so it is short. */
export type SourceId = Id<'source'>;
/** First 8 bytes of the segment's digest, hex; never reused in a lineage. */
export type SegmentId = Id<'segment'>;
/** RFC 9562 text form. */
export type ChunkUuid = Id<'chunk'>;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** RFC 4648 section 5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let digit = 0; digit < Math.min(4, left + 1); digit++) {
      text += ALPHABET.charAt((three >> (18 - 6 * digit)) & 63);
    }
  }
  return text;
}

/** @returns undefined for text that is not base64url */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  return bytes;
}

function random(length: number): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(length)));
}

export const newShardId = (): ShardId => random(16) as ShardId;
export const newLineage = (): Lineage => random(16) as Lineage;
export const newVersionId = (): VersionId => random(16) as VersionId;
export const newSourceId = (): SourceId => random(6) as SourceId;

/** A frame's seed: what its chunks' UUIDs are made from. */
export const SEED_BYTES = 16;
export const newSeed = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SEED_BYTES));

/** @param digest hex SHA-256 of the segment's bytes */
export function segmentIdOf(digest: string): SegmentId {
  return digest.slice(0, 16) as SegmentId;
}
