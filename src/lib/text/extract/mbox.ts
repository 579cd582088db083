/**
 * Mailboxes (mbox, RFC 4155, in its usual dialects): messages one after the other, each a section
 * with its number. Streamed, one message in memory. Attachments are counted, not read.
 */

import type { Attachment } from 'postal-mime';
import { CorruptError, UnsupportedError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, isTextual } from '../encoding';
import { recogniseMail } from './mail';
import { messageBlocks } from './mail-blocks';
import { looksLikeFromLine, type Message, parseMessage } from './mail-message';
import { splitMailbox } from './mbox-messages';

export const mbox: Extractor = {
  type: 'application/mbox',
  extensions: ['mbox', 'mbx'],
  recognise: recogniseMailbox,
  extract: extractMailbox,
};

function recogniseMailbox(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const text = decodeHead(head).replace(/^\s+/, '');
  const end = text.indexOf('\n');
  if (!text.startsWith('From ') || end < 0) return 0;
  if (mbox.extensions.includes(extensionOf(name))) return 0.95;
  const first = text.slice(0, end);
  return looksLikeFromLine(first) && recogniseMail(head, name) > 0 ? 0.85 : 0;
}

/** Messages that are forwarded in one: a digest has some ten. */
const MAX_FORWARDS = 100;

async function* extractMailbox(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  let number = 0;
  let attachments = 0;
  const cut: number[] = [];
  const empty: number[] = [];
  const bad: number[] = [];
  for await (const { bytes, whole, read } of splitMailbox(file, signal)) {
    number++;
    const path = String(number);
    const messages = await parsed(bytes, { name: `Message ${number} of ${name}`, signal });
    context.progress(read);
    if (messages === undefined) bad.push(number);
    if (!whole) cut.push(number);
    let blocks = 0;
    for (const message of messages ?? []) {
      attachments += message.email.attachments.filter((file) => !isForward(file)).length;
      for (const block of messageBlocks(message, { path, signal })) {
        blocks++;
        yield block;
      }
    }
    if (blocks === 0 && messages !== undefined) empty.push(number);
  }
  if (number === 0) context.warn(`${name} holds no messages.`);
  if (attachments > 0) {
    context.warn(
      `${name}: ${attachments} attachment(s) were not read; save and add them as files.`,
    );
  }
  tell(context, cut, 'larger than 64 MiB; their beginning alone was read');
  tell(context, empty, 'without any text');
  tell(context, bad, 'no readable mail and left out');
}

/**
 * A message, and after it the ones that are forwarded in it as a part of its text. Undefined where
 * it cannot be read: the others can.
 */
async function parsed(
  bytes: Uint8Array<ArrayBuffer>,
  options: { name: string; signal: AbortSignal },
): Promise<Message[] | undefined> {
  try {
    const messages = [await parseMessage(bytes, options)];
    // What is forwarded comes after what it is forwarded in, so that this reaches all of them.
    for (const { email } of messages) {
      for (const file of email.attachments) {
        if (!isForward(file) || messages.length > MAX_FORWARDS) continue;
        if (typeof file.content === 'string') continue;
        messages.push(await parseMessage(new Uint8Array(file.content), options));
      }
    }
    return messages;
  } catch (error) {
    if (error instanceof CorruptError || error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

function isForward({ mimeType, disposition }: Attachment): boolean {
  return mimeType === 'message/rfc822' && disposition !== 'attachment';
}

/** Warns of messages by their numbers, a few of them by name. */
function tell({ name, warn }: ExtractContext, numbers: readonly number[], what: string): void {
  if (numbers.length === 0) return;
  const some = numbers.slice(0, 5).join(', ') + (numbers.length > 5 ? ', …' : '');
  warn(`${name}: ${numbers.length} message(s) are ${what} (${some}).`);
}
