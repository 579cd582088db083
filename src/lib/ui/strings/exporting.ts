/** Every word about exporting: formats, what goes along, the password, and where it is saved. */
import type { ExportOptions } from '../../api';
import { strings } from '../strings';

const { bytes } = strings.unit;

export const exportingStrings = {
  title: 'Export',
  format: 'Format',
  formats: {
    zip: {
      name: 'Shard zip',
      note: 'Video, index and vectors. Import takes all of it back, here or on another computer.',
    },
    mp4: {
      name: 'MP4',
      note: 'One playable video that any QR reader, brotli and a JSON parser read. Import does, too.',
    },
    memvid: {
      name: 'memvid',
      note: 'A zip that memvid v1 loads. Only of a shard whose model is all-MiniLM-L6-v2.',
    },
    jsonl: {
      name: 'JSON Lines',
      note: 'One chunk a line with its source and place, for other programs.',
    },
    markdown: { name: 'Markdown', note: 'A zip with one readable file for each source.' },
    npy: {
      name: 'Vectors (.npy)',
      note: 'float32, one row a chunk in the order of Chunks, for NumPy.',
    },
  } satisfies Record<ExportOptions['format'], { name: string; note: string }>,
  include: 'What goes along',
  includes: {
    live: {
      name: 'What is visible now',
      note: 'No byte of a deleted or replaced text leaves.',
    },
    everything: {
      name: 'Everything, with history and deleted text',
      note: 'Every kept version. Whoever opens the file can read what was deleted or replaced.',
    },
  } satisfies Record<NonNullable<ExportOptions['include']>, { name: string; note: string }>,
  password: 'Password (optional)',
  passwordNote:
    'Seals the zip; Import asks for it, and the age command opens it. Nobody can bring a lost password back.',
  again: 'The same password again',
  differ: 'The two passwords differ.',
  act: 'Export',
  saveAs: 'Save as…',
  saveAgain: (name: string) => `Save to ${name} again`,
  running: 'Exporting…',
  safe: 'Cancelling changes nothing.',
  cancelled: 'Cancelled. Nothing was exported.',
  downloaded: (name: string, size: number) => `${name} (${bytes(size)}) is with your downloads.`,
  saved: (name: string, size: number) => `${name} (${bytes(size)}) is saved.`,
  refused: (name: string) => `The browser was not allowed to write ${name}.`,
  cloneFirst: 'Reindex a clone first',
  cloneNote:
    'A clone shares all data with this shard. Change its model in Overview, then export the clone.',
  all: {
    title: 'Export everything',
    note: 'All shards in one zip, which Import takes back. The way to move to another computer, and a copy to keep.',
    fileName: 'Memreel library',
  },
};
