/** Lines of UTF-8 text out of a stream, one at a time. */
import { CorruptError, UnsupportedError } from '../errors';

/** UTF-16 units of a line: a page of 4,096 records is 2 MB. */
const MAX_LINE = 64 << 20;

/** Ends in `\n`, which is not part of the line; empty lines are left out. @throws CorruptError */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = stream.getReader();
  let held: string[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const text = decoded(decoder, value, done);
      const parts = text.split('\n');
      const last = parts.pop() ?? '';
      for (const part of parts) {
        held.push(part);
        const line = held.join('');
        held = [];
        length = 0;
        if (line !== '') yield line;
      }
      held.push(last);
      length += last.length;
      if (length > MAX_LINE) throw new UnsupportedError('A line of the archive is too long.');
      if (done) break;
    }
    const line = held.join('');
    if (line !== '') yield line;
  } finally {
    await reader.cancel();
  }
}

function decoded(decoder: TextDecoder, bytes: Uint8Array | undefined, done: boolean): string {
  try {
    return decoder.decode(bytes, { stream: !done });
  } catch (error) {
    throw new CorruptError('A part of the archive is not UTF-8.', { cause: error });
  }
}
