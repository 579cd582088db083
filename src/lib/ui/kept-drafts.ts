/**
 * Unsaved texts of editors that were left, so that coming back finds them. In memory alone: they go
 * with the page, so it asks before it is left.
 */
import type { ChunkDraft } from './chunk-draft.svelte';

/** By shard. */
const kept = new Map<string, ChunkDraft>();

function hold(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Keeps the draft of a shard where something in it was not saved. */
export function keepDraft(shard: string, draft: ChunkDraft | null): void {
  if (!draft?.changed) return;
  kept.set(shard, draft);
  window.addEventListener('beforeunload', hold);
}

/** The draft that was kept for a shard, if any; it is kept no longer. */
export function takeDraft(shard: string): ChunkDraft | null {
  const draft = kept.get(shard) ?? null;
  kept.delete(shard);
  if (kept.size === 0) window.removeEventListener('beforeunload', hold);
  return draft;
}
