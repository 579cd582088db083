/** Every word about models: choosing, bringing and removing them, and changing a shard's. */
import type { ModelInfo } from '../../api';
import { formatCount, formatDuration, formatRate } from '../format';
import { strings } from '../strings';

const { bytes, chunks } = strings.unit;

/** What each model is good at, by its id. */
const GOOD_AT: Readonly<Record<string, string>> = {
  'static-en':
    'Fast, and always here. It knows words, not sentences: related words find each other, word order and negation count for nothing.',
  'all-MiniLM-L6-v2':
    'Knows sentences. The smallest of the larger ones; looks at the first 256 tokens of a chunk.',
  'bge-small-en-v1.5':
    'Knows sentences, and is trained to tell a question from a passage that answers it.',
  'multilingual-e5-small':
    'Knows sentences in about 100 languages: a question in one finds passages in another.',
};

export const modelStrings = {
  title: 'Models',
  note: 'What turns text into vectors, so that a question finds passages that say it in other words. Each shard has one; Overview changes it.',
  facts: ({ dimensions, bytes: size }: ModelInfo) =>
    size === 0
      ? `Ships with the app · ${formatCount(dimensions)} dimensions`
      : `${bytes(size)} · ${formatCount(dimensions)} dimensions`,
  goodAt: (id: string) => GOOD_AT[id] ?? '',
  state: { ready: 'ready', partial: 'begun', absent: 'not here' } satisfies Record<
    ModelInfo['state'],
    string
  >,
  kept: (here: number, all: number) => `${bytes(here)} of ${bytes(all)} are here.`,
  licence: 'Licence',
  licenceTitle: (name: string) => `Licence and sources of ${name}`,
  showLicence: 'Licence and sources',
  download: 'Download…',
  goOn: 'Go on…',
  fromFolder: 'From a folder…',
  fromZip: 'From a zip…',
  remove: 'Remove',
  pause: 'Pause',
  downloading: (name: string) => `Downloading ${name}`,
  copying: (name: string) => `Copying ${name}`,
  paused: 'Paused. What has come is kept.',
  rate: formatRate,
  left: (seconds: number) => `about ${formatDuration(seconds)} left`,
  progress: (done: number, total: number) => `${bytes(done)} of ${bytes(total)}`,
  ready: (name: string) => `${name} is ready, and works offline from now on.`,
  removed: (name: string) => `${name} was removed. Shards made with it are searched by words.`,
  ask: {
    title: (name: string) => `Download ${name}?`,
    from: (origin: string, size: number) => `${bytes(size)} come from ${origin}.`,
    sent: 'That server sees your address and which files are asked for, as any server does. Nothing else is sent: no document, no question, no name.',
    kept: 'The files are checked against pinned digests, kept in this browser, and nothing is asked for again. It can be paused; a lost connection goes on where it stopped.',
    act: (size: number) => `Download ${bytes(size)}`,
  },
  absent: {
    search: (model: string) =>
      `The model ${model} of this shard is not here: it is searched by words alone.`,
    settings: 'Bring it in Settings',
  },
  reindex: {
    action: 'Change model…',
    title: 'Change the model',
    lead: 'Every chunk is read and embedded anew, as a new version. The video stays as it is, and the versions before keep their model.',
    choose: 'Model',
    current: 'now',
    notHere: 'not here: bring it in Settings first',
    fill: 'Embed what was added without it',
    act: 'Embed anew',
    running: 'Embedding…',
    done: (embedded: number, seconds: number) =>
      `Embedded ${chunks(embedded)} in ${formatDuration(seconds)}.`,
    nothing: 'There was nothing to do.',
    cancelled: 'Cancelled. The shard is as it was.',
    safe: 'Cancelling leaves the shard as it was.',
  },
};
