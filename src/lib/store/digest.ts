/**
 * SHA-256 digests (FIPS 180-4), the names of everything that is stored. One place makes them.
 * Not a checksum for torn writes: `crc.ts` is.
 */
import { createSHA256 } from 'hash-wasm';
import { InvalidError } from '../errors';
import { PIECE_BYTES } from './file-system';

/** A SHA-256 digest in lower-case hex, 64 characters. */
export type Digest = string & { readonly digest: unique symbol };

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const SHAPE = /^[0-9a-f]{64}$/;

/** Whether a text has the shape of a digest. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && SHAPE.test(text);
}

/** Takes a text for a digest. @throws InvalidError when it has another shape */
export function asDigest(text: string): Digest {
  if (!isDigest(text)) throw new InvalidError('Not a SHA-256 digest in hex.', { subject: text });
  return text;
}

/** 32 raw bytes as a digest. */
export function digestFromBytes(raw: Uint8Array): Digest {
  let text = '';
  for (const byte of raw) text += HEX[byte] ?? '';
  return asDigest(text);
}

/** The 32 raw bytes of a digest. */
export function digestToBytes(digest: Digest): Uint8Array {
  const raw = new Uint8Array(32);
  for (let i = 0; i < 32; i++) raw[i] = parseInt(digest.slice(2 * i, 2 * i + 2), 16);
  return raw;
}

/** The same bytes as a view that WebCrypto and Blob take: copied only out of shared memory. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer) {
    return new Uint8Array(buffer, bytes.byteOffset, bytes.byteLength);
  }
  return new Uint8Array(bytes);
}

/** The digest of bytes in memory, by WebCrypto. */
export async function digestOf(bytes: Uint8Array): Promise<Digest> {
  return digestFromBytes(new Uint8Array(await crypto.subtle.digest('SHA-256', unshared(bytes))));
}

/** A digest that grows by pieces: WebCrypto cannot stream. */
export interface RunningDigest {
  update(piece: Uint8Array): void;
  /** The digest of all pieces; call it once, at the end. */
  end(): Digest;
}

export async function createDigest(): Promise<RunningDigest> {
  const hash = await createSHA256();
  return {
    update: (piece) => void hash.update(piece),
    end: () => asDigest(hash.digest('hex')),
  };
}

/** The digest of a blob, read in pieces of 4 MiB so that memory stays flat. */
export async function digestOfBlob(blob: Blob): Promise<Digest> {
  if (blob.size <= PIECE_BYTES) return digestOf(new Uint8Array(await blob.arrayBuffer()));
  const running = await createDigest();
  for (let at = 0; at < blob.size; at += PIECE_BYTES) {
    running.update(new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer()));
  }
  return running.end();
}
