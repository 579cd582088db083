/**
 * What is attached to a mail message, as files: documents, pictures with a name, messages,
 * invitations and cards. Not its text, which is `mail.ts`'s, and no signatures.
 */

import type { Attachment } from 'postal-mime';
import type { ExtractContext, Member } from '../document';
import { parseMessage, readMessage } from './mail-message';

/** Names of parts that have none, by type: a person knows them by these. */
const NAMES: Readonly<Record<string, string>> = {
  'text/calendar': 'invitation.ics',
  'application/ics': 'invitation.ics',
  'text/vcard': 'card.vcf',
  'text/x-vcard': 'card.vcf',
  'text/directory': 'card.vcf',
  'text/plain': 'attachment.txt',
  'text/html': 'attachment.html',
  'text/csv': 'attachment.csv',
  'application/pdf': 'attachment.pdf',
  'message/delivery-status': 'delivery status.txt',
  'text/rfc822-headers': 'headers.txt',
};
/** Proofs for machines. */
const SIGNATURE = /^application\/(?:pgp-(?:signature|encrypted)|(?:x-)?pkcs7-signature)$/;
const MESSAGE = /^message\/(?:rfc822|global)$/;
/** Bytes in which a message's subject stands. */
const HEADER = 65_536;
/** UTF-16 units of a file's name. */
const MAX_NAME = 200;

/**
 * The files attached to a message, in their order.
 * @throws CorruptError, UnsupportedError; each names the file
 */
export async function attachedFiles(
  file: Blob,
  context: ExtractContext,
): Promise<readonly Member[]> {
  const { name, signal } = context;
  const options = { name, signal };
  const { email } = await parseMessage(await readMessage(file, name), options);
  const taken = new Map<string, number>();
  const members: Member[] = [];
  for (const attachment of email.attachments) {
    const bytes = bytesOf(attachment);
    const own = MESSAGE.test(attachment.mimeType)
      ? await messageName(attachment, bytes, options)
      : nameOf(attachment);
    if (own === undefined) continue;
    const path = unique(own, taken);
    // As a Blob at once: the browser keeps it, not this worker's heap.
    const member = new File([bytes], path, { type: attachment.mimeType });
    members.push({ path, size: member.size, open: () => Promise.resolve(member) });
  }
  return members;
}

/** Undefined for what nobody would look for: signatures, and what a body's layout is made of. */
function nameOf({ filename, mimeType, disposition }: Attachment): string | undefined {
  if (SIGNATURE.test(mimeType)) return undefined;
  const own = asPath(filename ?? '');
  if (own !== '') return own;
  const known = NAMES[mimeType];
  if (known !== undefined) return known;
  return disposition === 'attachment' && !mimeType.startsWith('image/') ? 'attachment' : undefined;
}

/** The name of an attached message, else its subject. */
async function messageName(
  { filename }: Attachment,
  bytes: Uint8Array<ArrayBuffer>,
  options: { name: string; signal: AbortSignal },
): Promise<string> {
  let title = asPath(filename ?? '');
  if (title === '') {
    const { email } = await parseMessage(bytes.subarray(0, HEADER), options);
    title = asPath(email.subject ?? '') || 'message';
  }
  return /\.eml$/i.test(title) ? title : `${title}.eml`;
}

/** A name without folders, control characters and leading dots. */
function asPath(name: string): string {
  const flat = name
    .replace(/[\p{Cc}\p{Cf}/\\:]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+/, '')
    .trim();
  if (flat.length <= MAX_NAME) return flat;
  const extension = /\.[\p{L}\p{N}]{1,8}$/u.exec(flat)?.[0] ?? '';
  return flat.slice(0, MAX_NAME - extension.length).replace(/[\ud800-\udbff]$/, '') + extension;
}

/** `taken` counts how often each name was given. */
function unique(name: string, taken: Map<string, number>): string {
  const dot = name.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let path = name;
  let count = taken.get(name) ?? 0;
  for (; taken.has(path); count++) path = `${stem} (${count + 1})${end}`;
  taken.set(name, Math.max(1, count));
  if (path !== name) taken.set(path, 1);
  return path;
}

function bytesOf({ content }: Attachment): Uint8Array<ArrayBuffer> {
  if (typeof content === 'string') return new TextEncoder().encode(content);
  return new Uint8Array(content);
}
