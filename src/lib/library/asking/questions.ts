/** The questions that a shard is tried with: saved beside its versions, asked of any of them. */
import type { Hit, Question, QuestionResult } from '../../api';
import { InvalidError, NotFoundError } from '../../errors';
import type { ShardEntry } from '../../shard/objects';
import type { Catalogue } from '../catalogue';
import type { Change } from '../commit';

/** Hits that are looked through for the expected passages. */
const DEPTH = 10;

const MOST_QUESTIONS = 1000;
const MOST_CHARACTERS = 2000;

export async function listQuestions(
  catalogue: Catalogue,
  { questions }: ShardEntry,
): Promise<Question[]> {
  return questions ? [...(await catalogue.questions(questions)).questions] : [];
}

/** Adds a question, or puts it in the place of the one with its id. @throws InvalidError */
export async function saveQuestion(
  catalogue: Catalogue,
  entry: ShardEntry,
  { id, query, expected }: Question,
  change: Change,
): Promise<ShardEntry> {
  if (id.trim() === '' || query.trim() === '' || query.length > MOST_CHARACTERS) {
    throw new InvalidError('A question needs an id and up to 2,000 characters.', { subject: id });
  }
  const known = await listQuestions(catalogue, entry);
  const at = known.findIndex((one) => one.id === id);
  const question = { id, query, expected: [...expected] };
  if (at >= 0) known[at] = question;
  else if (known.push(question) > MOST_QUESTIONS) {
    throw new InvalidError('A shard has at most 1,000 questions.', { subject: id });
  }
  return withQuestions(entry, known, change);
}

/** @throws NotFoundError */
export async function removeQuestion(
  catalogue: Catalogue,
  entry: ShardEntry,
  id: string,
  change: Change,
): Promise<ShardEntry> {
  const known = await listQuestions(catalogue, entry);
  const left = known.filter((one) => one.id !== id);
  if (left.length === known.length) {
    throw new NotFoundError('There is no such question.', { subject: id });
  }
  return withQuestions(entry, left, change);
}

async function withQuestions(
  entry: ShardEntry,
  questions: readonly Question[],
  change: Change,
): Promise<ShardEntry> {
  if (questions.length === 0) return { ...entry, questions: null };
  const list = { format: 'memreel/questions/1', questions } as const;
  return { ...entry, questions: await change.put(list) };
}

/** Asks each question, and says at which rank the passages come that should answer it. */
export async function runQuestions(
  questions: readonly Question[],
  ask: (query: string, topK: number) => Promise<Hit[]>,
): Promise<QuestionResult[]> {
  const results: QuestionResult[] = [];
  for (const question of questions) {
    const hits = await ask(question.query, DEPTH);
    const ranks = question.expected.map((uuid) => {
      const at = hits.findIndex((hit) => hit.uuid === uuid);
      return { uuid, rank: at < 0 ? null : at + 1 };
    });
    results.push({ question, hits, ranks });
  }
  return results;
}
