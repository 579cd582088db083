/**
 * A mail message as blocks: its subject as heading, people and date, and its text, each passage
 * once. Not its attachments.
 */

import type { Address, Email } from 'postal-mime';
import { type Block, type BlockPlace, type ExtractContext, MAX_BLOCK } from '../document';
import { HeadingPath } from '../headings';
import { htmlFragment } from './html-fragment';
import type { Message } from './mail-message';

/** Beyond this share of new text in the HTML body, the plain one is a stub, and all of it is read. */
const STUB = 0.2;
/** UTF-16 units of a paragraph's piece: a blank line comes after the last. */
const PIECE = MAX_BLOCK - 2;
/** UTF-16 units compared, blocks times the plain body's length: a second's work at most. */
const MAX_COMPARED = 2 ** 31;

/** Blocks of one message; `path` names it in a mailbox. */
export function* messageBlocks(
  { email, plain: body, html }: Message,
  { path, signal }: { path?: string; signal: AbortSignal },
): Generator<Block> {
  const headings = new HeadingPath();
  const subject = oneLine(email.subject ?? '');
  headings.enter(1, subject);
  const own: BlockPlace = {
    ...(headings.path === undefined ? {} : { heading: headings.path }),
    ...(isDate(email.date) ? { time: email.date } : {}),
    ...(path === undefined ? {} : { path }),
  };
  if (subject !== '') yield { text: subject + '\n\n', kind: 'heading', place: own };
  const header = headerLines(email);
  if (header !== '') {
    // A message without a subject still begins a section of its own.
    const kind = subject === '' ? 'heading' : 'paragraph';
    yield { text: header + '\n', kind, place: own };
  }
  const plain = body.replace(/\r\n?/g, '\n').trim();
  yield* paragraphs(plain, own);
  for (const { text, kind, place } of newBlocks(html, plain, signal)) {
    const heading = [...(own.heading ?? []), ...(place.heading ?? [])];
    yield { text, kind, place: heading.length === 0 ? own : { ...own, heading } };
  }
}

/** Warns of what a person would miss. */
export function tellLosses(
  { email, plain, html, cut }: Message,
  { name, warn }: ExtractContext,
): void {
  if (cut) warn(`${name} seems to be cut off: its last part has no end.`);
  if (isEncrypted(email))
    warn(`${name} is encrypted or sealed; only its subject, people and date were read.`);
  else if (plain.trim() === '' && html.trim() === '') warn(`${name} has no text of its own.`);
}

function isEncrypted({ headers }: Email): boolean {
  const type = headers.find(({ key }) => key === 'content-type')?.value ?? '';
  return /^\s*(?:multipart\/encrypted|application\/(?:x-)?pkcs7-mime)\b/i.test(type);
}

function headerLines(email: Email): string {
  const date = email.headers.find(({ key }) => key === 'date')?.value;
  const fields: [string, string | undefined][] = [
    ['From', email.from && people([email.from])],
    ['To', email.to && people(email.to)],
    ['Cc', email.cc && people(email.cc)],
    ['Date', date],
  ];
  return fields
    .map(([name, value]) => [name, oneLine(value ?? '')] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

function people(addresses: readonly Address[]): string {
  return addresses
    .map(({ name, address, group }) => {
      if (group !== undefined) return `${name}: ${people(group)}`;
      return name === '' || name === address ? address : `${name} <${address}>`;
    })
    .join(', ');
}

/** The paragraphs of a plain body. */
function* paragraphs(text: string, place: BlockPlace): Generator<Block> {
  for (const part of text.split(/\n(?:[ \t]*\n)+/)) {
    if (part.trim() === '') continue;
    for (let at = 0; at < part.length; at += PIECE) {
      const piece = part.slice(at, at + PIECE);
      const last = at + PIECE >= part.length;
      yield { text: last ? piece + '\n\n' : piece, kind: 'paragraph', place };
    }
  }
}

/**
 * The blocks of an HTML body that say what the plain one does not; all of them where that is much:
 * then the plain body is a notice to look at the other one.
 */
function newBlocks(source: string, plain: string, signal: AbortSignal): Block[] {
  if (source === '') return [];
  const blocks = [...htmlFragment(source, { signal })];
  const said = letters(plain);
  if (said.length * blocks.length > MAX_COMPARED) return blocks;
  let all = 0;
  let fresh = 0;
  const kept = blocks.filter((block) => {
    const own = letters(block.text);
    all += own.length;
    if (said.includes(own)) return false;
    fresh += own.length;
    return true;
  });
  return fresh > all * STUB ? blocks : kept;
}

/** Addresses that mailers write into a plain body where the HTML one has a link or a picture. */
const WRITTEN_OUT = /[<([](?:https?:|mailto:|cid:)[^\s<>()[\]]*[>)\]]/gi;

/** What two renderings of a text share: no marks, no spaces, no written-out links. */
function letters(text: string): string {
  return text
    .replace(WRITTEN_OUT, '')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** postal-mime gives what is no date as it stands. */
function isDate(date: string | undefined): date is string {
  return date !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(date);
}
