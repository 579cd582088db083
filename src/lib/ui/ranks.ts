/** What moved between two answers to the same question. Pure. */
import type { Hit, Question } from '../api';

/** How a hit of one side stands on the other. */
export type Move =
  /** On this side only. */
  | { kind: 'alone' }
  /** `by` ranks nearer to the top on the right side than on the left; negative: further down. */
  | { kind: 'moved'; by: number }
  | { kind: 'same' };

export interface ComparedHit {
  readonly hit: Hit;
  /** From 1. */
  readonly rank: number;
  readonly move: Move;
  /** Whether the other side has another text under the same UUID. */
  readonly changed: boolean;
}

/** Both answers to one question, each in its order, with how each hit stands on the other side. */
export function compareHits(
  left: readonly Hit[],
  right: readonly Hit[],
): { left: ComparedHit[]; right: ComparedHit[] } {
  const compare = (hits: readonly Hit[], others: readonly Hit[], sign: 1 | -1): ComparedHit[] => {
    const ranks = new Map(others.map((hit, index) => [hit.uuid, { hit, index }]));
    return hits.map((hit, index) => {
      const other = ranks.get(hit.uuid);
      const by = other ? sign * (other.index - index) : 0;
      const move: Move = !other
        ? { kind: 'alone' }
        : by === 0
          ? { kind: 'same' }
          : { kind: 'moved', by };
      const changed = other !== undefined && other.hit.sha256 !== hit.sha256;
      return { hit, rank: index + 1, move, changed };
    });
  };
  return { left: compare(left, right, -1), right: compare(right, left, 1) };
}

/** How many hits stand where they stood, moved, are new on the right, and are gone from it. */
export function countMoves({ left, right }: ReturnType<typeof compareHits>): {
  same: number;
  moved: number;
  appeared: number;
  gone: number;
} {
  const of = (hits: readonly ComparedHit[], kind: Move['kind']): number =>
    hits.filter(({ move }) => move.kind === kind).length;
  return {
    same: of(right, 'same'),
    moved: of(right, 'moved'),
    appeared: of(right, 'alone'),
    gone: of(left, 'alone'),
  };
}

/** Where one expected passage stands on both sides; ranks from 1, null where it is not found. */
export interface ExpectedRank {
  readonly uuid: string;
  readonly left: number | null;
  readonly right: number | null;
}

export interface QuestionOutcome {
  readonly question: Question;
  readonly ranks: ExpectedRank[];
}

/** Expected passages that only the right side finds, and those that only the left one finds. */
export function countHits(outcomes: readonly QuestionOutcome[]): { won: number; lost: number } {
  const ranks = outcomes.flatMap((outcome) => outcome.ranks);
  return {
    won: ranks.filter(({ left, right }) => left === null && right !== null).length,
    lost: ranks.filter(({ left, right }) => left !== null && right === null).length,
  };
}

/** The expected passages' ranks in two answers. */
export function rankExpected(
  expected: readonly string[],
  left: readonly Pick<Hit, 'uuid'>[],
  right: readonly Pick<Hit, 'uuid'>[],
): ExpectedRank[] {
  const rank = (hits: readonly Pick<Hit, 'uuid'>[], uuid: string): number | null => {
    const index = hits.findIndex((hit) => hit.uuid === uuid);
    return index < 0 ? null : index + 1;
  };
  return expected.map((uuid) => ({ uuid, left: rank(left, uuid), right: rank(right, uuid) }));
}
