/** The bytes of a file that may be gzipped, or may have been unpacked already on its way here. */

/** @throws Error beyond `limit` bytes; TypeError where what is gzipped is damaged */
export async function gunzipped(file: Blob, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isZipped = first === 0x1f && second === 0x8b;
  const stream: ReadableStream<Uint8Array<ArrayBuffer>> = isZipped
    ? file.stream().pipeThrough(new DecompressionStream('gzip'))
    : file.stream();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    length += piece.value.length;
    if (length > limit) {
      await reader.cancel();
      throw new Error(`it has more than ${String(limit)} bytes`);
    }
    pieces.push(piece.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
