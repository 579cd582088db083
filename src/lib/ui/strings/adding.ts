/** What the screen that adds documents says: a part of the catalogue, see ../strings.ts. */
import type { AddedAgain } from '../../api';
import { formatBytes, formatCount, formatDuration } from '../format';
import { count } from '../strings';

const passages = (n: number): string => count(n, 'passage', 'passages');

/** The parts of "12 passages kept, 3 new": those that are none are left out. */
function listed(parts: readonly (readonly [n: number, words: string])[]): string {
  return parts
    .filter(([n]) => n > 0)
    .map(([, words]) => words)
    .join(', ');
}

export const addingStrings = {
  keptNote: 'The original files are not kept: their text is, and where each passage stands.',
  pasteNote: 'Text, web pages and files can be pasted anywhere on this page.',
  folder: 'Choose a folder',
  documents: 'Documents to add',
  file: 'File',
  format: 'Format',
  size: 'Size',
  state: 'State',
  actions: 'Actions',
  noFormat: 'no extension',
  more: (n: number) => `and ${count(n, 'more file', 'more files')}`,
  showMore: (n: number) => `Show ${formatCount(n)} more`,
  members: (n: number) => `${count(n, 'file', 'files')} in it`,
  problemsFirst: 'Files with problems stand first.',

  options: 'Options',
  chunkSize: 'Chunk size',
  unit: 'Counted in',
  units: { characters: 'Characters', tokens: 'Tokens of the model' },
  range: (least: number, most: number) => `${formatCount(least)} to ${formatCount(most)}`,
  sizeNote: 'Smaller chunks answer more exactly, larger ones keep more around the answer.',
  overlap: 'Overlap',
  overlapNote: (most: number) =>
    `Characters of the chunk before that each one is searched with, 0 to ${formatCount(most)}. Nothing is stored twice.`,
  expiry: 'Expire after (days)',
  expiryNote: 'Left empty, they are kept. What has expired leaves the answers by itself.',
  language: 'Language',
  languages: { en: 'English', und: 'Other, or several' },
  languageNote: 'English words are also found in their other forms.',
  ocr: 'Read pictures of text (OCR)',
  ocrNote: 'Scanned pages and images. Slower, and it may misread.',
  ocrLanguages: 'Languages in the pictures',
  ocrBytes: (bytes: number) => `${formatBytes(bytes)} to load`,

  cuts: (file: string) => `Cuts of ${file}`,
  showCuts: 'Show cuts',
  hideCuts: 'Hide cuts',
  showCutsOf: (file: string) => `Show cuts of ${file}`,
  hideCutsOf: (file: string) => `Hide cuts of ${file}`,
  cutting: 'Cutting…',
  cutsFound: (n: number, more: boolean) =>
    more ? `The first ${passages(n)}; the document goes on.` : `${passages(n)} in all.`,
  noCuts: 'There is no text in it.',
  noText: 'No text',
  inMember: (member: string) => `Shown: ${member}, the first file in it that can be read.`,
  characters: (n: number) => count(n, 'character', 'characters'),
  tokens: (n: number) => count(n, 'token', 'tokens'),
  badSize: 'The cuts are shown once the size is one that is possible.',
  columns: (columns: readonly string[]) => `Columns: ${columns.join(' · ')}`,

  again: (fresh: number, { kept, replaced, drifted, sameAs }: AddedAgain): string => {
    const same = sameAs === undefined ? '' : `The same as ${sameAs}. `;
    if (fresh + replaced + drifted === 0)
      return `${same}Nothing new: ${passages(kept)} ${kept === 1 ? 'is' : 'are'} here already.`;
    const differ = drifted === 1 ? 'differs' : 'differ';
    return `${same}${listed([
      [kept, `${passages(kept)} kept`],
      [fresh, `${formatCount(fresh)} new`],
      [replaced, `${formatCount(replaced)} replaced`],
      [drifted, `${formatCount(drifted)} of yours ${differ}`],
    ])}.`;
  },
  unchanged: (seconds: number) =>
    `Everything in these documents is here already. Looked through in ${formatDuration(seconds)}.`,
  onlyLess: (seconds: number) =>
    `Nothing new was added. What changed is listed below. Read in ${formatDuration(seconds)}.`,
  pastedPage: 'Pasted page',

  sourcesNote:
    'To replace a document, add it again under the same name: passages that did not change stay as they are. The original files are not kept.',
  removeSource: 'Remove',
  removeSourceNamed: (name: string) => `Remove ${name}`,
  removedSource: (name: string) => `Removed ${name} from this shard.`,
};
