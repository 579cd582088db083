/**
 * Mail messages (RFC 5322, MIME): subject, people, date and what is said, once: the HTML body
 * only as far as the plain one does not say it already; and what is attached. Files of many messages are `mbox.ts`'s.
 */

import {
  type Block,
  type Container,
  type ExtractContext,
  extensionOf,
  type Extractor,
} from '../document';
import { decodeHead, isTextual } from '../encoding';
import { messageBlocks, tellLosses } from './mail-blocks';
import { attachedFiles } from './mail-members';
import { looksLikeFromLine, parseMessage, readMessage } from './mail-message';

export const mail: Extractor = {
  type: 'message/rfc822',
  extensions: ['eml', 'mht', 'mhtml'],
  recognise: recogniseMail,
  extract: extractMail,
};

/** The same files, as what is attached to them: as sure as the message itself, for both are read. */
export const mailContainer: Container = {
  type: mail.type,
  extensions: mail.extensions,
  recognise: recogniseMail,
  members: attachedFiles,
};

const FIELD = /^([A-Za-z][\w-]*):(?:[ \t]|$)/;
/** Fields that nearly every message has, and hardly any other file of `name: value` lines. */
const KNOWN = new Set(
  (
    'from to subject date received message-id mime-version return-path delivered-to reply-to ' +
    'content-type x-mailer sender in-reply-to dkim-signature x-received arc-seal user-agent'
  ).split(' '),
);

/** Of a mail's head: three well-known fields are enough whatever the name is. */
export function recogniseMail(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const named = mail.extensions.includes(extensionOf(name));
  const lines = decodeHead(head).replace(/^\s+/, '').split(/\r?\n/);
  const wrapped = looksLikeFromLine(lines[0] ?? '');
  const known = new Set<string>();
  for (const line of wrapped ? lines.slice(1) : lines) {
    if (line === '') break;
    if (/^[ \t>]/.test(line)) continue;
    const field = FIELD.exec(line)?.[1]?.toLowerCase();
    if (field === undefined) {
      // The last line of the head may be cut; before it, what is no field ends the header.
      if (line !== lines.at(-1)) return named && known.size > 0 ? 0.6 : 0;
      break;
    }
    if (KNOWN.has(field)) known.add(field);
  }
  if (known.size === 0) return 0;
  // A file that begins as a mailbox is one, unless its name says that it is one message.
  if (named) return 0.95;
  if (wrapped) return 0.5;
  return known.size >= 3 ? 0.85 : 0;
}

async function* extractMail(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const message = await parseMessage(await readMessage(file, name), { name, signal });
  context.progress(file.size);
  yield* messageBlocks(message, { signal });
  tellLosses(message, context);
}
