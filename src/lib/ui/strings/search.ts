/** What narrowing and folding of answers say: a part of the catalogue, see ../strings.ts. */
import { formatCount } from '../format';
import type { PlaceField } from '../search-filter';
import { count } from '../strings';

/** What people call the media types; others are shown as they are. */
const KINDS: Readonly<Record<string, string>> = {
  'application/pdf': 'PDF',
  'text/html': 'Web page',
  'text/markdown': 'Markdown',
  'text/plain': 'Plain text',
  'text/csv': 'Table (CSV)',
  'text/tab-separated-values': 'Table (TSV)',
  'application/json': 'JSON',
  'application/jsonl': 'JSON Lines',
  'application/epub+zip': 'Book (EPUB)',
  'application/rtf': 'RTF',
  'message/rfc822': 'E-mail',
  'application/x-ipynb+json': 'Notebook',
  'text/vtt': 'Subtitles',
  'text/x-source': 'Source code',
  'application/mbox': 'Mailbox',
  'application/x-memvid': 'memvid video',
  'image/*': 'Picture',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PowerPoint',
  'application/vnd.oasis.opendocument.text': 'OpenDocument text',
  'application/vnd.oasis.opendocument.spreadsheet': 'OpenDocument table',
  'application/vnd.oasis.opendocument.presentation': 'OpenDocument slides',
};

const PLACES: Readonly<Record<PlaceField, string>> = {
  page: 'Page',
  slide: 'Slide',
  row: 'Row',
  line: 'Line',
  sheet: 'Sheet',
  heading: 'Heading',
  chapter: 'Chapter',
};

export const searchStrings = {
  filters: 'Filters',
  filtersOn: (n: number) => `Filters (${formatCount(n)})`,
  clear: 'Search everything',
  sources: 'Sources',
  kinds: 'Kinds',
  kind: (type: string) => KINDS[type] ?? type,
  added: 'Added',
  from: 'From',
  to: 'To',
  place: 'Place',
  placeNote: 'Numbers alone or as a range, such as 3–7; of names a part is enough.',
  field: (field: PlaceField) => PLACES[field],
  amiss: 'A number, or two with a dash between.',
  filtered: 'Only part of this shard is searched:',
  searchAll: 'search all of it',
  onlyExcluded: 'That only says what to leave out.',
  onlyExcludedNext: 'Say what to look for too.',
  language: 'Quotation marks find a phrase, a minus leaves a word out: “heat flow” -wing',
  same: (n: number) => `and ${formatCount(n)} nearly the same`,
  sameHide: (n: number) => `Hide ${formatCount(n)} nearly the same`,
  sameList: (n: number) => count(n, 'passage', 'passages') + ' nearly the same',
};
