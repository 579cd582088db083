import { describe, expect, test } from 'vitest';
import { withHeaders } from '../../../src/lib/offline/app-headers';
import { filesOf } from '../../../src/lib/offline/sharing';

function form(fields: Record<string, string | File>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

describe('what is shared', () => {
  test('text and address become one note, named by the title', async () => {
    const [note, ...others] = filesOf(
      form({ title: 'On type: a/b', text: 'Words.', url: 'https://example.org/' }),
    );
    expect(others).toEqual([]);
    expect(note?.name).toBe('On type a b.txt');
    expect(await note?.text()).toBe('On type: a/b\n\nWords.\n\nhttps://example.org/\n');
  });

  test('an address that the text has already is not said twice', async () => {
    const [note] = filesOf(form({ text: 'See https://example.org/', url: 'https://example.org/' }));
    expect(note?.name).toBe('Shared note.txt');
    expect(await note?.text()).toBe('See https://example.org/\n');
  });

  test('a file whose name is the title is not a note as well', () => {
    const file = new File(['x'], 'a.pdf');
    const files = filesOf(form({ title: 'a.pdf', text: '', files: file }));
    expect(files.map(({ name }) => name)).toEqual(['a.pdf']);
  });
});

describe('headers for hosts without them', () => {
  test('ours go before the host’s, the others and the body stay', async () => {
    const given = new Response('body', {
      status: 206,
      headers: { 'Content-Type': 'text/css', 'Content-Security-Policy': 'default-src *' },
    });
    const response = withHeaders(given, { 'Content-Security-Policy': "default-src 'none'" });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Type')).toBe('text/css');
    expect(response.headers.get('Content-Security-Policy')).toBe("default-src 'none'");
    expect(await response.text()).toBe('body');
  });

  test('a response that may have no body keeps having none', () => {
    const response = withHeaders(new Response(null, { status: 304 }), { A: 'b' });
    expect([response.status, response.body, response.headers.get('A')]).toEqual([304, null, 'b']);
  });
});
