/** Versions as history lists them. */
import type { Version as ApiVersion } from '../api';
import { InvalidError } from '../errors';
import type { ShardEntry, Version } from '../shard/objects';
import type { Catalogue } from './catalogue';

const MAX_LIMIT = 10_000;

/** Newest first, from the one after `before` on. @throws NotFoundError, InvalidError */
export async function listVersions(
  catalogue: Catalogue,
  entry: ShardEntry,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<ApiVersion[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new InvalidError(`limit must be a whole number from 1 to ${String(MAX_LIMIT)}.`, {
      subject: 'limit',
    });
  }
  if (before !== undefined) await catalogue.find(entry, before);
  const found: ApiVersion[] = [];
  let isAfter = before === undefined;
  for await (const link of catalogue.line(entry)) {
    if (isAfter && !link.skeleton) {
      found.push(await describeVersion(catalogue, entry, await catalogue.version(link)));
      if (found.length === limit) break;
    }
    if (link.id === before) isAfter = true;
  }
  return found;
}

export async function describeVersion(
  catalogue: Catalogue,
  entry: ShardEntry,
  version: Version,
): Promise<ApiVersion> {
  const { id, parents, createdAt, operation, message, model, patch } = version;
  const { chunks, deleted, added, edited, removed, restored } = version.counts;
  return {
    ...{ id, createdAt, operation, message, model },
    parents: [...parents],
    counts: { chunks: chunks - deleted, deleted, added, edited, removed, restored },
    tags: Object.entries(entry.tags).flatMap(([tag, link]) => (link.id === id ? [tag] : [])),
    patch: patch && (await catalogue.patch(patch)),
  };
}
