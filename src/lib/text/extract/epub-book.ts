/**
 * An EPUB's own papers: the package with its spine, the table of contents, and the list of what is
 * encrypted. Reads no chapter.
 */

import { CorruptError } from '../../errors';
import { readXml } from './xml';
import type { ZipParts } from './zip-parts';

/** UTF-16 units of a chapter's title. */
const MAX_TITLE = 120;
/** Fonts that are made unreadable by these are no lock on the text (OCF 3.3, 4.4; Adobe's). */
const FONT_MANGLING = new Set([
  'http://www.idpf.org/2008/embedding',
  'http://ns.adobe.com/pdf/enc#RC',
]);

export interface Book {
  /** Documents in reading order, by their paths in the zip. */
  readonly spine: readonly { readonly path: string; readonly title: string | undefined }[];
  /** Paths of what is encrypted. */
  readonly locked: ReadonlySet<string>;
}

/** @throws CorruptError naming the file, where it is no book or a damaged one */
export async function readBook(parts: ZipParts, name: string, signal: AbortSignal): Promise<Book> {
  const read = async (path: string, handler: Parameters<typeof readXml>[1]): Promise<void> =>
    readXml(await parts.text(path), handler, signal, name);

  let root: string | undefined;
  if (parts.has('META-INF/container.xml')) {
    await read('META-INF/container.xml', {
      open: (tag, { 'full-path': path }) => {
        if (local(tag) === 'rootfile') root ??= path;
      },
    });
  }
  root ??= parts.names.find((path) => path.endsWith('.opf'));
  if (root === undefined || !parts.has(root)) {
    throw new CorruptError(`${name} is damaged or no book: it has no list of chapters.`, {
      subject: name,
    });
  }
  const items = new Map<string, { path: string; nav: boolean; ncx: boolean }>();
  const spine: string[] = [];
  const base = root;
  await read(root, {
    open: (tag, { id, href, properties, idref, 'media-type': type }) => {
      if (local(tag) === 'item' && id !== undefined && href !== undefined) {
        const nav = properties?.split(/\s+/).includes('nav') === true;
        items.set(id, { path: resolve(base, href), nav, ncx: type === 'application/x-dtbncx+xml' });
      }
      if (local(tag) === 'itemref' && idref !== undefined) spine.push(idref);
    },
  });
  const titles = new Map<string, string>();
  const all = [...items.values()];
  // EPUB 3 has a nav, and often a toc.ncx for old readers, which is asked second.
  const tables = [all.find(({ nav }) => nav), all.find(({ ncx }) => ncx)];
  for (const [i, table] of tables.entries()) {
    if (table === undefined || !parts.has(table.path)) continue;
    const source = await parts.text(table.path);
    await readXml(source, i === 0 ? navReader(table.path, titles) : ncxReader(table.path, titles));
  }
  const paths = spine.flatMap((id) => items.get(id)?.path ?? []);
  if (paths.length === 0) {
    throw new CorruptError(`${name} is damaged: its list of chapters is empty.`, { subject: name });
  }
  return {
    spine: paths.map((path) => ({ path, title: titles.get(path) })),
    locked: await lockedPaths(parts, read),
  };
}

type Handler = Parameters<typeof readXml>[1];

/** EPUB 3.3, 7: `a` elements in the `nav` that is the table of contents, not in a list of pages. */
function navReader(path: string, titles: Map<string, string>): Handler {
  /** Whether each open `nav` is one of titles. */
  const navs: boolean[] = [];
  let href: string | undefined;
  let title = '';
  return {
    open: (tag, attributes) => {
      if (local(tag) === 'nav') {
        const type = attributes['epub:type'] ?? attributes['role'] ?? 'toc';
        navs.push(/(?:^|\s)(?:doc-)?toc(?:\s|$)/.test(type));
      }
      if (local(tag) !== 'a' || navs.at(-1) !== true) return;
      href = attributes['href'];
      title = '';
    },
    text: (text) => {
      if (href !== undefined) title += text;
    },
    close: (tag) => {
      if (local(tag) === 'nav') navs.pop();
      if (local(tag) !== 'a' || href === undefined) return;
      note(titles, resolve(path, href), title);
      href = undefined;
    },
  };
}

/** OPF 2.0.1, 2.4.1: points of a label and a target. */
function ncxReader(path: string, titles: Map<string, string>): Handler {
  let points = 0;
  let label: string | undefined;
  let title = '';
  return {
    open: (tag, { src }) => {
      if (local(tag) === 'navPoint') points++;
      if (points === 0) return;
      if (local(tag) === 'text') label = '';
      if (local(tag) === 'content' && src !== undefined) note(titles, resolve(path, src), title);
    },
    text: (text) => {
      if (label !== undefined) label += text;
    },
    close: (tag) => {
      if (local(tag) === 'navPoint') points--;
      if (local(tag) !== 'text' || label === undefined) return;
      title = label;
      label = undefined;
    },
  };
}

/** The first title of a document is its own; later ones are of sections inside it. */
function note(titles: Map<string, string>, path: string, title: string): void {
  const text = title.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE);
  if (text !== '' && !titles.has(path)) titles.set(path, text.replace(/[\ud800-\udbff]$/, ''));
}

async function lockedPaths(
  parts: ZipParts,
  read: (path: string, handler: Handler) => Promise<void>,
): Promise<Set<string>> {
  const locked = new Set<string>();
  if (!parts.has('META-INF/encryption.xml')) return locked;
  let mangled = false;
  await read('META-INF/encryption.xml', {
    open: (tag, { Algorithm: algorithm, URI: uri }) => {
      if (local(tag) === 'EncryptedData') mangled = false;
      if (local(tag) === 'EncryptionMethod') mangled = FONT_MANGLING.has(algorithm ?? '');
      if (local(tag) === 'CipherReference' && !mangled && uri !== undefined) {
        locked.add(resolve('', uri));
      }
    },
  });
  return locked;
}

/** A reference in the file `base`, as a path in the zip: without fragment, decoded, without dots. */
function resolve(base: string, reference: string): string {
  const path = decoded(reference.replace(/[?#][^]*$/, ''));
  const folder = path.startsWith('/') ? '' : base.slice(0, base.lastIndexOf('/') + 1);
  const steps: string[] = [];
  for (const step of (folder + path).split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}

/** Names with a bare percent sign are written as they are. */
function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference);
  } catch (error) {
    if (error instanceof URIError) return reference;
    throw error;
  }
}

function local(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}
