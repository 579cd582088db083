/**
 * From ranked rows to hits: reads texts in steps, best first, until enough of them stand, and folds
 * those that say nearly the same. It decides what stands, not what ranks.
 */
import { InvalidError } from '../../errors';
import { isNearlyTheSame, shinglesOf, type Shingles } from '../../search/near-duplicates';
import type { QueryText } from '../../search/query-text';
import type { Ranked } from '../../search/shard-search';
import { isUnspaced, spellingOf } from '../../search/words';
import type { ChunkRecord } from '../../shard/records';

/** Rows that are ranked at least, and texts read for each hit wanted, where some are folded. */
const FOLD_DEPTH = 200;
const FOLD_READ = 5;
/** Texts read at most where the texts themselves decide: some seconds' work. */
export const MOST_READ = 20_000;
/** Texts read at a time. */
const STEP = 512;

/** A row whose text was read and stands. */
export interface Answer {
  readonly one: Ranked;
  readonly record: ChunkRecord;
  readonly text: string;
  /** UUIDs of those below that say nearly the same. */
  readonly duplicates: string[];
}

export interface Reading {
  readonly topK: number;
  /** Whether nearly the same texts become one. */
  readonly fold: boolean;
  /** What a text has to say; null where every one stands. */
  readonly stands: ((text: string, record: ChunkRecord) => boolean) | null;
  readonly recordOf: (one: Ranked) => ChunkRecord;
  readonly read: (records: readonly ChunkRecord[]) => Promise<string[]>;
}

/** How many rows have to be ranked for a reading. */
export function depthOf({ topK, fold, stands }: Pick<Reading, 'topK' | 'fold' | 'stands'>): number {
  if (stands) return MOST_READ + 1; // one more tells that there are more
  return fold ? Math.max(FOLD_DEPTH, topK) : topK;
}

/**
 * The first `topK` of `ranked` that stand, in their order. A row that looks like a better one
 * (`Ranked.like`) is not read: it goes where that one goes.
 * @throws InvalidError where 20,000 texts were read, more could stand, and there are too few still
 */
export async function readAnswers(
  ranked: readonly Ranked[],
  { topK, fold, stands, recordOf, read }: Reading,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const shingles = new Map<Answer, Shingles>();
  /** Where a text went, by its digest, so that equal ones are read and compared once. */
  const fates = new Map<string, Answer | null>();
  const twinOf = (runs: Shingles): Answer | undefined =>
    answers.find((answer) => isNearlyTheSame(shingles.get(answer) ?? runs, runs));

  const place = (one: Ranked, record: ChunkRecord, text: string): Answer | null => {
    if (stands && !stands(text, record)) return null;
    const runs = fold ? shinglesOf(text) : undefined;
    const twin = runs && twinOf(runs);
    if (twin) {
      twin.duplicates.push(record.uuid);
      return twin;
    }
    if (answers.length === topK) return null;
    const answer = { one, record, text, duplicates: [] };
    if (runs) shingles.set(answer, runs);
    answers.push(answer);
    return answer;
  };

  let [at, done] = [0, 0];
  while (answers.length < topK && at < ranked.length) {
    if (stands ? done === MOST_READ : done >= topK * FOLD_READ) {
      if (stands) throw tooMany(topK);
      break; // so many of the best are the same that what is left is far from the question
    }
    const missing = topK - answers.length;
    const batch: { one: Ranked; record: ChunkRecord; key: string }[] = [];
    const unread = new Map<string, ChunkRecord>();
    for (const size = stepSize(missing, done, stands !== null); unread.size < size; at++) {
      const one = ranked[at];
      if (!one) break;
      if (one.like !== undefined) continue;
      const record = recordOf(one);
      const key = keyOf(record);
      batch.push({ one, record, key });
      if (!fates.has(key) && !unread.has(key)) unread.set(key, record);
    }
    done += unread.size;
    const texts = await read([...unread.values()]);
    const fresh = new Map([...unread.keys()].map((key, i) => [key, texts[i] ?? '']));
    for (const { one, record, key } of batch) {
      const fate = fates.get(key);
      if (fate === undefined) fates.set(key, place(one, record, fresh.get(key) ?? ''));
      else if (fate && fold) fate.duplicates.push(record.uuid);
      else if (fate && answers.length < topK)
        answers.push({ one, record, text: fate.text, duplicates: [] });
    }
  }
  for (const one of ranked) {
    const like = one.like === undefined ? undefined : ranked[one.like];
    if (like) fates.get(keyOf(recordOf(like)))?.duplicates.push(recordOf(one).uuid);
  }
  return answers;
}

/** Equal for texts that stand or fall together. */
const keyOf = ({ sha256, place }: ChunkRecord): string =>
  [sha256, ...(place?.columns ?? [])].join('\n');

/** Of texts that are looked into, ever more: most may fall. Of others, some more than are missing. */
function stepSize(missing: number, done: number, isChoosy: boolean): number {
  if (done === 0) return missing;
  return isChoosy ? Math.min(STEP, Math.max(done, missing), MOST_READ - done) : 2 * missing;
}

/** What a question's phrases and exclusions want of a text; null where they want nothing of it. */
export function textTest(
  phrases: readonly string[],
  excluded: readonly string[],
  language: 'en' | 'und',
): Reading['stands'] {
  const spelt = (texts: readonly string[]): string[] =>
    texts.map((text) => spellingOf(text, language)).filter((spelling) => spelling !== '');
  const [wanted, unwanted] = [spelt(phrases), spelt(excluded)];
  if (wanted.length === 0 && unwanted.length === 0) return null;
  return (text, { place }) => {
    const said = spelt([text, ...(place?.columns ?? [])]);
    const says = (phrase: string): boolean => said.some((spelling) => spelling.includes(phrase));
    return wanted.every(says) && !unwanted.some(says);
  };
}

/**
 * Exclusions that the index can decide, as words in any form, and those that only the text can:
 * phrases, words of several parts, and scripts without spaces.
 */
export function splitExclusions(
  excluded: QueryText['excluded'],
  language: 'en' | 'und',
): { words: string[]; phrases: string[] } {
  const isWord = ({ text, isPhrase }: QueryText['excluded'][number]): boolean =>
    !isPhrase && !isUnspaced(text) && !spellingOf(text, language).trim().includes(' ');
  return {
    words: excluded.filter(isWord).map(({ text }) => text),
    phrases: excluded.filter((one) => !isWord(one)).map(({ text }) => text),
  };
}

function tooMany(topK: number): InvalidError {
  return new InvalidError(
    `The words are in too many passages: ${String(MOST_READ)} were read, and fewer than ` +
      `${String(topK)} say what was asked for. Add a rarer word, or a filter.`,
    { subject: 'query' },
  );
}
