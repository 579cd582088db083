/**
 * Namespace-prefix-preserving SAX events of XML, in order. Not a validator, and no entities but
 * the predefined ones and characters by number: what a document declares itself is ignored, so
 * nothing expands. What is not closed is closed at the end.
 */

import { Parser } from 'htmlparser2';
import { UnsupportedError } from '../../errors';

/** What is told of a document. Names are as written, such as `w:p`. */
export interface XmlHandler {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  /** Text between tags, in any number of pieces; only inside the root element. */
  text?(text: string): void;
  close?(name: string): void;
}

/** Elements inside each other: real documents stay below 60. */
const MAX_DEPTH = 256;
/** UTF-16 units handed to the parser at once: between two the signal is looked at. */
const STEP = 65_536;
/** Bytes in which a byte order mark and the XML declaration stand. */
const HEAD = 256;
const DECLARED = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w:.-]+)["']/;

/**
 * Reads a document, from a stream in the encoding that its byte order mark or declaration says,
 * else in UTF-8.
 *
 * @param name of the file, for messages
 * @throws UnsupportedError where elements lie deeper than 256; what the stream or handler throws;
 *   the signal's reason
 */
export async function readXml(
  source: string | ReadableStream<Uint8Array>,
  handler: XmlHandler,
  signal?: AbortSignal,
  name?: string,
): Promise<void> {
  const steps = xmlSteps(source, handler, signal, name);
  while (!(await steps.next()).done);
}

/**
 * `readXml` as fast as it is pulled: the handler is told of one piece of the document between two
 * steps, so that what it made can be handed on before more comes. The last step is the end.
 */
export async function* xmlSteps(
  source: string | ReadableStream<Uint8Array>,
  handler: XmlHandler,
  signal?: AbortSignal,
  name = 'The file',
): AsyncGenerator<void> {
  let depth = 0;
  const parser = new Parser(
    {
      onopentag: (element, attributes) => {
        if (++depth > MAX_DEPTH) {
          const message = `${name} was not read: its XML is nested deeper than ${MAX_DEPTH} elements.`;
          throw new UnsupportedError(message, { subject: name });
        }
        handler.open?.(element, attributes);
      },
      ontext: (text) => {
        if (depth > 0) handler.text?.(text);
      },
      onclosetag: (element) => {
        depth--;
        handler.close?.(element);
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  for await (const text of typeof source === 'string' ? [source] : decoded(source)) {
    for (let at = 0; at < text.length; at += STEP) {
      signal?.throwIfAborted();
      parser.write(text.slice(at, at + STEP));
      yield;
    }
  }
  signal?.throwIfAborted();
  parser.end();
  yield;
}

async function* decoded(source: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = source.getReader();
  let decoder: TextDecoder | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      decoder ??= new TextDecoder(encodingOf(value.subarray(0, HEAD)));
      yield decoder.decode(value, { stream: true });
    }
    if (decoder !== undefined) yield decoder.decode();
  } finally {
    // Nothing is left to cancel of a stream that has ended; one that failed says so by read().
    await reader.cancel().catch(() => undefined);
  }
}

function encodingOf(head: Uint8Array): string {
  const [a, b] = head;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  const declared = DECLARED.exec(new TextDecoder('latin1').decode(head))?.[1];
  // A declaration that can be read byte by byte is not UTF-16, whatever it says.
  if (declared === undefined || /^utf-?16/i.test(declared)) return 'utf-8';
  try {
    return new TextDecoder(declared).encoding;
  } catch (error) {
    // RangeError is how the Encoding Standard, section 7.2, says "unknown label".
    if (error instanceof RangeError) return 'utf-8';
    throw error;
  }
}
