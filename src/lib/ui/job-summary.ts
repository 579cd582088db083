/** Says in a sentence how an ingest ended, and counts what failed in it. */
import type { IngestedFile, IngestReport } from '../api';
import { strings } from './strings';
import { addingStrings } from './strings/adding';

export function summaryOf({ files, chunks, seconds, version }: IngestReport): string {
  const added = files.filter((file) => file.chunks > 0).length;
  if (added > 0) return strings.job.done(chunks, added, seconds);
  if (!files.some(wasHere)) return strings.job.nothing;
  return version === null ? addingStrings.unchanged(seconds) : addingStrings.onlyLess(seconds);
}

function wasHere({ again, members = [] }: IngestedFile): boolean {
  return again !== undefined || members.some(wasHere);
}

/** How many files failed, those inside archives among them. */
export function failuresIn(files: readonly IngestedFile[]): number {
  return files.reduce(
    (sum, { error, members = [] }) => sum + (error ? 1 : 0) + failuresIn(members),
    0,
  );
}
