/** What shards may be called, and what is said of one that was removed. */
import { InvalidError, NotFoundError } from '../errors';
import type { ShardEntry } from '../shard/objects';

const MAX_NAME = 200;

/** The name without spaces around it. @throws InvalidError */
export function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length > 0 && trimmed.length <= MAX_NAME) return trimmed;
  throw new InvalidError(`A shard’s name has 1 to ${String(MAX_NAME)} characters.`, {
    subject: 'name',
  });
}

export function removed({ id, name }: ShardEntry): NotFoundError {
  return new NotFoundError(`The shard “${name}” was removed. Restore it first.`, { subject: id });
}
