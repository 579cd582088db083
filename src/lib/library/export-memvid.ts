/** A shard as a zip that memvid v1 loads. */
import { UnsupportedError } from '../errors';
import type { ExportContext, Outgoing } from './outgoing';
import type { ShardView } from './view';

export function exportMemvid({ entry }: ShardView, { signal }: ExportContext): Promise<Outgoing> {
  signal.throwIfAborted();
  throw new UnsupportedError(`${entry.name} cannot be exported to memvid yet.`);
}
