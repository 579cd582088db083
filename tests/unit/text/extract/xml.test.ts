import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../../src/lib/errors';
import { readXml } from '../../../../src/lib/text/extract/xml';

/** What the handler was told, as XML again. */
async function retold(source: string | ReadableStream<Uint8Array>, signal?: AbortSignal) {
  let out = '';
  await readXml(
    source,
    {
      open: (name, attributes) => (out += `<${[name, ...Object.entries(attributes)].join(' ')}>`),
      text: (text) => (out += text),
      close: (name) => (out += `</${name}>`),
    },
    signal,
  );
  return out;
}

function streamOf(bytes: Uint8Array, step: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, (at += step)));
    },
  });
}

describe('XML events', () => {
  it('keep prefixes and case, expand characters, and read CDATA as text', async () => {
    const xml =
      '\ufeff<?xml version="1.0"?>\n<w:P w:Val="a&amp;b">x &lt;&#x10332;&#228;<![CDATA[<i>&]]><e/></w:P>\n';
    expect(await retold(xml)).toBe('<w:P w:Val,a&b>x <\u{10332}ä<i>&<e></e></w:P>');
  });

  it('expand no entity that the document declares', async () => {
    const bomb =
      '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///x">]>' +
      '<r>&b;&f;</r>';
    expect(await retold(bomb)).toBe('<r>&b;&f;</r>');
  });

  it('are the same from a stream, however it is cut', async () => {
    const text = '<r a="ü">𐌲&amp;日本<b>x</b>\n</r>';
    const bytes = new TextEncoder().encode(text);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (step) => {
        expect(await retold(streamOf(bytes, step))).toBe(await retold(text));
      }),
    );
  });

  it('are read in the encoding that the bytes declare', async () => {
    const latin = '<?xml version="1.0" encoding="windows-1252"?><r>\xfc\x80</r>';
    const bytes = Uint8Array.from(latin, (c) => c.charCodeAt(0));
    expect(await retold(streamOf(bytes, bytes.length))).toBe('<r>ü€</r>');
    const wide = '\ufeff<?xml version="1.0" encoding="UTF-16"?><r>ü𐌲</r>';
    const pairs = new Uint8Array(wide.length * 2);
    for (let i = 0; i < wide.length; i++) {
      new DataView(pairs.buffer).setUint16(i * 2, wide.charCodeAt(i), true);
    }
    expect(await retold(streamOf(pairs, 64))).toBe('<r>ü𐌲</r>');
    const unknown = new TextEncoder().encode('<?xml version="1.0" encoding="x-none"?><r>ü</r>');
    expect(await retold(streamOf(unknown, 64))).toBe('<r>ü</r>');
  });

  it('end at a depth that no document has, and at the signal', async () => {
    expect(await retold('<a>'.repeat(256))).toContain('</a>');
    await expect(readXml('<a>'.repeat(257), {}, undefined, 'deep.docx')).rejects.toThrow(
      /^deep\.docx/,
    );
    await expect(readXml('<a>'.repeat(100_000), {})).rejects.toThrow(UnsupportedError);
    const stop = AbortSignal.abort(new Error('stop'));
    await expect(retold('<a/>', stop)).rejects.toThrow('stop');
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('<a></a>')),
      cancel: () => void (cancelled = true),
    });
    const stopping = new AbortController();
    const handler = { open: () => stopping.abort(new Error('stop')) };
    await expect(readXml(endless, handler, stopping.signal)).rejects.toThrow('stop');
    expect(cancelled).toBe(true);
  });
});
