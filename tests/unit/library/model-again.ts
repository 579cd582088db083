/** The step of the model that adds a document again, with some of its lines gone and others come. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { inStore, viewsOf } from './edited-library';
import { file } from './library-in-node';
import { draw, pick, some } from './model-command';
import { newText, onShard } from './model-edits';
import { advance, type RealLibrary } from './model-laws';
import type { ModelChunk } from './model-state';

/**
 * Which passages are found again, `adding-again.test.ts` says case by case. Here it is what must hold
 * whatever was done to them before: the model then takes on what the library made of it.
 */
export const addAgain = onShard(
  fc.record({ which: draw(), keeps: draw(), comes: fc.nat(2), at: draw() }),
  ({ which, keeps, comes, at }, { model, shard, chunks }) => {
    const sources = [...new Set(chunks.flatMap(({ source }) => source ?? []))];
    const document = model.documents.get(pick(sources, which) ?? '');
    if (!document) return undefined;
    const { name, lines } = document;
    const fresh = Array.from({ length: comes }, (_, one) => newText(model, at + one, one));
    const place = at % (lines.length + 1);
    const known = [...lines.slice(0, place), ...fresh, ...lines.slice(place)];
    const now = [...some(lines.slice(0, place), keeps), ...fresh, ...some(lines.slice(place), at)];
    if (now.length === 0) return undefined;
    const run = async (real: RealLibrary): Promise<void> => {
      const text = now.map((line) => JSON.stringify({ text: line })).join('\n');
      const files = [file(name, text)];
      const { report } = await real.calls.call('ingest', { id: shard.id, files, chunking: {} });
      lines.splice(0, Infinity, ...known);
      if (report.version === null) return; // it was the same
      const before = new Map(chunks.map((chunk) => [chunk.uuid, chunk]));
      const after: ModelChunk[] = [];
      const gone: Pick<ModelChunk, 'text' | 'source'>[] = [];
      const orders = await ordersIn(real, shard.id);
      for (const chunk of await real.chunks(shard.id)) {
        const { uuid, text, deleted, edited, expiresAt, source } = chunk;
        const id = 'id' in source ? source.id : null;
        const old = before.get(uuid);
        before.delete(uuid);
        const order = orders.get(uuid) ?? '';
        if (old) expect(order).toBe(old.order);
        after.push({ uuid, order, text, deleted, expiresAt, source: id });
        if (!old) {
          // A line, or what the part of one leaves that came in by a merge, split.
          expect(now.join('\n')).toContain(text.trim());
          model.documents.set(id ?? '', document);
          continue;
        }
        const isOf = report.files[0]?.again?.source === old.source;
        if (deleted && text === '') after.splice(-1, 1, { ...old, deleted });
        else expect({ uuid, text }).toEqual({ uuid, text: old.text });
        if (deleted && !old.deleted) {
          expect(isOf).toBe(true);
          gone.push({ text, source: id });
          model.replaced.add(uuid);
        }
        if (!deleted && old.deleted) {
          expect(isOf && model.replaced.has(uuid)).toBe(true);
          // With its passage comes back what a patch wrote into the tombstone.
          if (!edited) expect(now.join('\n')).toContain(text.trim());
        }
      }
      expect([...before.keys()]).toEqual([]); // no chunk is gone
      for (const { text, source } of gone) {
        // Of two alike, which a merge may bring, one may go: the document has it once.
        if (!now.includes(text.trim())) continue;
        const alike = after.filter((chunk) => chunk.source === source && chunk.text === text);
        expect(alike.some((chunk) => !chunk.deleted)).toBe(true);
      }
      await advance({ model, real }, shard, { operation: 'ingest', chunks: after });
    };
    return {
      says: `add ${name} again: ${String(now.length)} of ${String(known.length)} lines`,
      run,
    };
  },
);

/** The order keys of all chunks, which the model goes by. */
function ordersIn({ fs }: RealLibrary, id: string): Promise<Map<string, string>> {
  return inStore(fs, async (catalogue) => {
    const head = (await viewsOf(catalogue, id)).at(-1);
    return new Map(head?.ordered().map(({ uuid, order }) => [uuid, order]));
  });
}
