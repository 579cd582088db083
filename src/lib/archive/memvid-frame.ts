/**
 * What a frame of memvid v1 says (Olow304/memvid, `memvid/utils.py`): JSON of one chunk, beyond 100
 * characters as `GZ:` and base64 of gzip. Reading takes anyone's bytes and meters what they unfold to.
 */
import { CorruptError } from '../errors';
import type { MemvidEntry } from './memvid-index';

const GZIP_MARK = 'GZ:';
/** Characters from which memvid compresses. */
const PLAIN_MOST = 100;
/** A symbol holds 2,953 bytes at most; this is more than any text in one unfolds to. */
const MAX_UNFOLDED = 4 << 20;

/** The text of a symbol. Python's `json.dumps`: ASCII, a space behind `,` and `:`. */
export async function encodeMemvidFrame({ id, text, frame }: MemvidEntry): Promise<string> {
  const words = asciiJson(text);
  const json = `{"id": ${String(id)}, "text": ${words}, "frame": ${String(frame)}}`;
  if (json.length <= PLAIN_MOST) return json;
  const stream = new Blob([json]).stream().pipeThrough(new CompressionStream('gzip'));
  return GZIP_MARK + toBase64(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** @throws CorruptError for anything that memvid does not write */
export async function decodeMemvidFrame(payload: Uint8Array): Promise<MemvidEntry> {
  let json: unknown;
  try {
    const text = utf8(payload);
    json = JSON.parse(
      text.startsWith(GZIP_MARK) ? await unzipped(text.slice(GZIP_MARK.length)) : text,
    );
  } catch (error) {
    if (error instanceof CorruptError) throw error;
    throw new CorruptError('A frame does not hold what memvid writes.', { cause: error });
  }
  if (typeof json !== 'object' || json === null) throw odd();
  const { id, text, frame } = json as Record<string, unknown>;
  if (!isCount(id) || !isCount(frame) || typeof text !== 'string') throw odd();
  return { id, text, frame };
}

const odd = (): CorruptError => new CorruptError('A frame has no chunk of memvid’s.');

const isCount = (json: unknown): json is number =>
  Number.isSafeInteger(json) && (json as number) >= 0;

const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

async function unzipped(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
    .getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_UNFOLDED) {
      await reader.cancel();
      throw new CorruptError('A frame of memvid’s unfolds to too much.');
    }
    parts.push(value);
  }
  return utf8(new Uint8Array(await new Blob(parts).arrayBuffer()));
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(/[^ -~]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
