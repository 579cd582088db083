/** Every word about importing: what can be imported, the password, and what was found. */
import type { ImportOptions } from '../../api';
import { formatCount } from '../format';
import { count, strings } from '../strings';

const { bytes, frames } = strings.unit;

/** Frame numbers that are written out; of more, only how many there are. */
const NUMBERS = 20;

export const importingStrings = {
  title: 'Import',
  act: 'Import',
  fromElsewhere: 'Coming from another computer, or from memvid?',
  lead: 'Takes back what was exported: a shard zip, sealed or not, a zip of everything, or a bare MP4. Also memvid’s video with its _index.json.',
  drop: 'Drop the file here',
  choose: 'Choose files',
  chosen: 'To import',
  takeOut: (name: string) => `Leave out ${name}`,
  file: (name: string, size: number) => `${name}, ${bytes(size)}`,
  ifPresent: 'If the shard is here already',
  choices: {
    separate: {
      name: 'As another shard beside it',
      note: 'The one that is here stays as it is.',
    },
    version: {
      name: 'As the newest version of the one that is here',
      note: 'Its history stays, and History goes back. Only a shard zip says which shard it is; all else is another shard.',
    },
  } satisfies Record<NonNullable<ImportOptions['ifPresent']>, { name: string; note: string }>,
  unclear: 'This may be meant as documents, too.',
  asDocuments: 'Add as documents',
  password: 'Password',
  sealed: (name: string) => `${name} is sealed with a password. It is used here and not kept.`,
  wrong: (name: string) => `That password does not open ${name}.`,
  running: 'Importing…',
  safe: 'Cancelling leaves the library as it was.',
  cancelled: 'Cancelled.',
  done: (n: number) => (n === 1 ? 'Imported.' : `${strings.unit.shards(n)} were imported.`),
  unnamed: 'A shard',
  open: (name: string) => `Open ${name}`,
  more: 'Import more',
  close: 'Done',
  report: {
    kinds: { zip: 'Shard zip', mp4: 'Bare MP4', memvid: 'memvid' },
    chunks: 'Chunks',
    kind: 'From',
    frames: 'Frames',
    found: frames,
    allRead: (n: number) => `${frames(n)}, ${n === 1 ? 'read' : 'all of them read'}`,
    unread: 'Unread',
    missing: 'Missing',
    numbers: (list: readonly number[]) =>
      list.length <= NUMBERS
        ? list.map(formatCount).join(', ')
        : `${list.slice(0, NUMBERS).map(formatCount).join(', ')} … (${formatCount(list.length)} in all)`,
    texts: 'Texts',
    fromVideo: 'all read from the video',
    fromIndex: 'all taken from the index',
    fromBoth: (video: number, index: number) =>
      `${formatCount(video)} read from the video, ${formatCount(index)} taken from the index`,
    warnings: (n: number) => count(n, 'warning', 'warnings'),
  },
};
