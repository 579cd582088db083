/**
 * What the Office Open XML formats share (ECMA-376 part 2): how they are recognised, and how their
 * parts refer to each other. Names of elements are compared without their prefix, because programs
 * choose prefixes freely and the names hardly collide.
 */

import { CorruptError } from '../../errors';
import { type ExtractContext, extensionOf } from '../document';
import { readXml } from './xml';
import { firstEntries, type ZipParts } from './zip-parts';

/** Parts that every such package has, whichever format it is. */
const PACKAGE = /^(\[Content_Types\]\.xml|_rels\/|docProps\/|customXml\/)/;

/**
 * How likely a file is the format that keeps its parts in `folder`. A package whose first entries
 * do not show which format it is goes by its name.
 */
export function recogniseOoxml(
  head: Uint8Array,
  name: string,
  folder: string,
  extensions: readonly string[],
): number {
  const names = firstEntries(head).map((entry) => entry.name);
  const named = extensions.includes(extensionOf(name));
  if (names.some((entry) => PACKAGE.test(entry))) {
    if (names.some((entry) => entry.startsWith(folder))) return 0.95;
    const others = ['word/', 'ppt/', 'xl/'].filter((other) => other !== folder);
    if (names.some((entry) => others.some((other) => entry.startsWith(other)))) return 0;
    return named ? 0.9 : 0;
  }
  if (!named) return 0;
  // Packages of rare programs begin with a part of their own; one that is cut off has one entry.
  return names.length > 0 ? 0.6 : 0;
}

/** A reference from one part to another. */
export interface Relationship {
  readonly id: string;
  /** The last word of its URI, such as `footnotes`; strict and transitional ones differ before it. */
  readonly type: string;
  /** The path of the part that it leads to. */
  readonly target: string;
}

/** The references of a part, in their order; of the package itself where `path` is empty. */
export async function readRelationships(
  parts: ZipParts,
  path: string,
  { name, signal }: ExtractContext,
): Promise<Relationship[]> {
  const slash = path.lastIndexOf('/') + 1;
  const own = `${path.slice(0, slash)}_rels/${path.slice(slash)}.rels`;
  const found: Relationship[] = [];
  if (!parts.has(own)) return found;
  const open = (element: string, attributes: Readonly<Record<string, string>>) => {
    if (localName(element) !== 'Relationship' || attributes['TargetMode'] === 'External') return;
    const { Id: id = '', Type: type = '', Target: target = '' } = attributes;
    const word = type.slice(type.lastIndexOf('/') + 1);
    found.push({ id, type: word, target: resolvePath(path.slice(0, slash), target) });
  };
  await readXml(await parts.text(own), { open }, signal, name);
  return found;
}

/**
 * The path of the package's main part.
 * @param usual where it is in packages whose references are missing
 * @throws CorruptError where there is none
 */
export async function mainPart(
  parts: ZipParts,
  usual: string,
  what: string,
  context: ExtractContext,
): Promise<string> {
  const references = await readRelationships(parts, '', context);
  const folder = usual.slice(0, usual.indexOf('/') + 1);
  const main = references.find(
    ({ type, target }) => type === 'officeDocument' && target.startsWith(folder),
  );
  for (const path of [main?.target, usual]) {
    if (path !== undefined && parts.has(path)) return path;
  }
  throw new CorruptError(`${context.name} is damaged, or no ${what}: its main part is missing.`, {
    subject: context.name,
  });
}

/** The paths of a part's references of one type, of those that are there. */
export function targetsOf(
  parts: ZipParts,
  references: readonly Relationship[],
  type: string,
): string[] {
  return references
    .filter((reference) => reference.type === type && parts.has(reference.target))
    .map((reference) => reference.target);
}

/** The name of an element or attribute without its prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** An attribute by its name without a prefix. */
export function attributeOf(
  attributes: Readonly<Record<string, string>>,
  local: string,
): string | undefined {
  for (const name in attributes) if (localName(name) === local) return attributes[name];
  return undefined;
}

/** Whether a toggle such as `<w:vanish/>` is on (ECMA-376 part 1, 17.17.4). */
export function isOn(attributes: Readonly<Record<string, string>>): boolean {
  return !/^(0|false|off)$/.test(attributeOf(attributes, 'val') ?? 'true');
}

/** `../media/a.png` from `ppt/slides/` is `ppt/media/a.png`; an absolute target stays. */
function resolvePath(folder: string, target: string): string {
  if (target.startsWith('/')) return target.slice(1);
  const steps = folder.split('/').slice(0, -1);
  for (const step of target.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}
