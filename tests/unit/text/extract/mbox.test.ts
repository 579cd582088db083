import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitMailbox } from '../../../../src/lib/text/extract/mbox-messages';
import { extractAll } from '../../../fixtures/text/extraction';

const FROM = 'From a@x.org Sun May  8 19:09:11 2005\n';
const signal = new AbortController().signal;

async function split(content: BlobPart): Promise<string[]> {
  const messages: string[] = [];
  for await (const { bytes } of splitMailbox(new Blob([content]), signal)) {
    messages.push(new TextDecoder('latin1').decode(bytes));
  }
  return messages;
}

/** A message as mboxrd keeps it. */
function kept(message: string): string {
  return FROM + message.replace(/^(>*From )/gm, '>$1');
}

describe('a mailbox', () => {
  it('gives back the messages that were put in, whatever they quote', async () => {
    const line = fc.constantFrom('From ', '>', '>From x', 'text', '', FROM.trim(), ' From', 'From');
    const message = fc.array(line).map((lines) => lines.join('\n') + '\n');
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1 }), async (messages) => {
        expect(await split(messages.map(kept).join(''))).toEqual(messages);
      }),
    );
  });

  it('gives them back across reads, with lines longer than one', async () => {
    const long = 'x'.repeat(1_500_000);
    const messages = [`${long}\n`, `a\n${long}From y\n`, 'From z\n'.repeat(200_000), long];
    expect(await split(messages.map(kept).join(''))).toEqual(messages);
  });

  it('has each message as a section with subject, time and number', async () => {
    const mailbox =
      FROM +
      'From: a@x\nTo: l@x\nSubject: One\nDate: Sun, 8 May 2005 14:09:11 -0500\n\nFrom here on\n>From there\n\n' +
      FROM +
      'From: b@x\nTo: l@x\nContent-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\n\n' +
      FROM +
      'From: b@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--\n';
    const bytes = Uint8Array.from(mailbox, (character) => character.charCodeAt(0));
    const { type, blocks, warnings } = await extractAll(bytes, 'Inbox');
    expect(type).toBe('application/mbox');
    expect(warnings).toEqual([expect.stringContaining('Inbox: 1 attachment(s) were not read')]);
    expect(blocks.map(({ text, place }) => [place.path, place.heading?.[0], text])).toEqual([
      ['1', 'One', 'One\n\n'],
      ['1', 'One', 'From: a@x\nTo: l@x\nDate: Sun, 8 May 2005 14:09:11 -0500\n\n'],
      ['1', 'One', 'From here on\nFrom there\n\n'],
      ['2', undefined, 'From: b@x\nTo: l@x\n\n'],
      ['2', undefined, 'café\n\n'],
      ['3', undefined, 'From: b@x\n\n'],
      ['3', undefined, 'text\n\n'],
    ]);
    expect(blocks[0]?.place.time).toBe('2005-05-08T19:09:11.000Z');
    expect(blocks.filter(({ kind }) => kind === 'heading')).toHaveLength(3);
  });

  it('reads what is forwarded in a message with it, however deep', async () => {
    const inner = 'From: c@x\nSubject: Inner\n\ninner body\n';
    const middle = `From: b@x\nSubject: Middle\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: message/rfc822\n\n${inner}--m--\n`;
    const outer = `From: a@x\nSubject: Outer\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nouter body\n--o\nContent-Type: message/rfc822\n\n${middle}--o--\n`;
    const { blocks, warnings } = await extractAll(kept(outer), 'x.mbox');
    expect(warnings).toEqual([]);
    expect(blocks.filter(({ text }) => text.includes('body')).map(({ place }) => place)).toEqual([
      { heading: ['Outer'], path: '1' },
      { heading: ['Inner'], path: '1' },
    ]);
  });

  it('reads the messages beside one that cannot be read, and names that', async () => {
    let deep = 'Subject: deep\n';
    for (let depth = 0; depth < 100; depth++) {
      deep += `Content-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n`;
    }
    const mailbox = kept(`${deep}\n`) + kept('From: a@x\nSubject: fine\n\nbody\n');
    const { text, warnings } = await extractAll(mailbox, 'x.mbox');
    expect(text).toContain('body');
    expect(warnings).toEqual(['x.mbox: 1 message(s) are no readable mail and left out (1).']);
  });
});
