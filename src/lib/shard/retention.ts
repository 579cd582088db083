/**
 * Retention: which chunks are due, by age and by size. A pure predicate over times and counts; it
 * tombstones nothing, and no clock is read here.
 */
import type { RetentionPolicy } from '../api';
import { CorruptError, InvalidError } from '../errors';
import type { ChunkUuid } from './ids';

/** A live chunk, as far as keeping it goes. */
export interface Kept {
  readonly uuid: ChunkUuid;
  /** Of its text, UTF-8. */
  readonly bytes: number;
  /** ISO 8601; null where it is not known, which counts as newest and never too old. */
  readonly addedAt: string | null;
  /** ISO 8601. */
  readonly expiresAt?: string;
  /** How often it was found. */
  readonly uses: number;
}

type Times = Pick<Kept, 'addedAt' | 'expiresAt'>;

/** ECMA-262, time values: the last instant that a `Date` can name. */
const LAST_INSTANT = 8.64e15;
/** A clock so far ahead of the newest version is more likely wrong than right. */
const CLOCK_AHEAD_MS = 24 * 60 * 60 * 1000;

/**
 * What is due at `now`: expired chunks in their order, then as many of the others as it takes to
 * come within `maxBytes`, in the order in which they go.
 * @param live in order
 * @throws CorruptError, as all here, where a time is none
 */
export function dueChunks(
  live: Iterable<Kept>,
  policy: RetentionPolicy | undefined,
  now: Date,
): { expired: ChunkUuid[]; evicted: ChunkUuid[] } {
  const time = now.getTime();
  const expired: ChunkUuid[] = [];
  const rest: Kept[] = [];
  let bytes = 0;
  for (const chunk of live) {
    if (dueAt(chunk, policy) <= time) {
      expired.push(chunk.uuid);
    } else {
      rest.push(chunk);
      bytes += chunk.bytes;
    }
  }
  const limit = policy?.maxBytes ?? Infinity;
  const evicted: ChunkUuid[] = [];
  if (bytes <= limit) return { expired, evicted };
  for (const chunk of inTurn(rest, policy?.evict ?? 'oldest')) {
    evicted.push(chunk.uuid);
    bytes -= chunk.bytes;
    if (bytes <= limit) break;
  }
  return { expired, evicted };
}

/** Whether a chunk has expired, by its own time or by the policy's. Not whether room is short. */
export function isDue(chunk: Times, policy: RetentionPolicy | undefined, now: Date): boolean {
  return dueAt(chunk, policy) <= now.getTime();
}

/**
 * When the first of these chunks expires, ISO 8601; null where none ever does. Until then what was
 * found due stays all that is due, so that it can be kept. Of chunks that are due already it is past.
 */
export function nextDue(live: Iterable<Times>, policy: RetentionPolicy | undefined): string | null {
  let first = Infinity;
  for (const chunk of live) first = Math.min(first, dueAt(chunk, policy));
  return first <= LAST_INSTANT ? new Date(first).toISOString() : null;
}

/**
 * A policy from outside, with nothing else in it.
 * @throws InvalidError; its subject is the field
 */
export function checkedPolicy(policy: unknown): RetentionPolicy {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    throw refused('retention', 'is an object');
  }
  const checked: RetentionPolicy = {};
  for (const [field, value] of Object.entries(policy) as [string, unknown][]) {
    if (value === undefined) continue;
    switch (field) {
      case 'ttlSeconds':
        if (!(typeof value === 'number' && value > 0 && value < Infinity)) {
          throw refused(field, 'is a number of seconds above 0');
        }
        checked.ttlSeconds = value;
        break;
      case 'maxBytes':
        if (!(typeof value === 'number' && Number.isSafeInteger(value) && value > 0)) {
          throw refused(field, 'is a whole number of bytes above 0');
        }
        checked.maxBytes = value;
        break;
      case 'evict':
        if (value !== 'oldest' && value !== 'least-used') {
          throw refused(field, 'is oldest or least-used');
        }
        checked.evict = value;
        break;
      default:
        throw refused(field, 'is not part of a policy');
    }
  }
  return checked;
}

/**
 * Whether to ask before anything expires: the clock is more than a day ahead of the newest version.
 * @param newest when the head was made, ISO 8601
 */
export function asksFirst(newest: string, now: Date): boolean {
  return now.getTime() - timeReader()(newest) > CLOCK_AHEAD_MS;
}

const readAdded = timeReader();
const readExpiry = timeReader();

/** Milliseconds since the epoch; Infinity for never. */
function dueAt({ addedAt, expiresAt }: Times, policy: RetentionPolicy | undefined): number {
  const own = expiresAt === undefined ? Infinity : readExpiry(expiresAt);
  if (policy?.ttlSeconds === undefined || addedAt === null) return own;
  return Math.min(own, readAdded(addedAt) + policy.ttlSeconds * 1000);
}

/** The order in which chunks go. Sorting is stable: what is left equal goes by position. */
function inTurn(chunks: readonly Kept[], evict: 'oldest' | 'least-used'): Kept[] {
  const timed = chunks.map((chunk) => ({
    chunk,
    uses: evict === 'least-used' ? chunk.uses : 0,
    added: chunk.addedAt === null ? LAST_INSTANT : readAdded(chunk.addedAt),
  }));
  return timed.sort((a, b) => a.uses - b.uses || a.added - b.added).map(({ chunk }) => chunk);
}

/**
 * Reads times and remembers the last one: chunks of one source share theirs and stand together, and
 * to parse each would be most of the work. What is no time would silently never come: CorruptError.
 */
function timeReader(): (iso: string) => number {
  let last = '';
  let instant = NaN;
  return (iso) => {
    if (iso === last && !Number.isNaN(instant)) return instant;
    last = iso;
    instant = Date.parse(iso);
    if (Number.isNaN(instant)) throw new CorruptError(`${iso} is not a time.`);
    return instant;
  };
}

const refused = (field: string, what: string): InvalidError =>
  new InvalidError(`In a retention policy ${field} ${what}.`, { subject: field });
