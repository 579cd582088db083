/**
 * The permanent UUID of a chunk, made from its frame's seed and its slot, so that it costs no byte
 * in the frame it was born in: UUIDv8 (RFC 9562, section 5.8) of SHA-256(seed ‖ slot), the slot as
 * two bytes, big endian.
 */
import { createSHA256 } from 'hash-wasm';
import type { ChunkUuid } from './ids';

/** Not WebCrypto: each of its digests waits for another thread, and a frame has ten. */
const hashing = createSHA256();

/** @param seed 16 bytes @param slot 0 to 65,535 */
export async function chunkUuid(seed: Uint8Array, slot: number): Promise<ChunkUuid> {
  const input = new Uint8Array(seed.length + 2);
  input.set(seed);
  input[seed.length] = slot >> 8;
  input[seed.length + 1] = slot & 255;
  const hash = (await hashing).init().update(input).digest('binary');
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80; // version 8
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80; // variant 10
  let hex = '';
  for (let at = 0; at < 16; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) hex += '-';
    hex += (hash[at] ?? 0).toString(16).padStart(2, '0');
  }
  return hex as ChunkUuid;
}
