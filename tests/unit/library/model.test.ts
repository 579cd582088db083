/** Random sequences of everything that changes a library, against lists of texts. */
import fc from 'fast-check';
import { test } from 'vitest';
import { addAgain } from './model-again';
import { editing } from './model-edits';
import { history } from './model-history';
import { RealLibrary } from './model-laws';
import { ModelLibrary } from './model-state';
import { upkeep } from './model-upkeep';

/** Sequences; more of them with `npm run soak`. */
const RUNS = Number(process.env.SOAK_RUNS ?? 8);
const MOST_STEPS = 80;

const { ingest, edit, insert, split, join, restore, apply, sweep } = editing;
const { clone, merge } = history;

/** What is worth more than its share of the steps stands here as often. */
const STEPS = [
  ...[...Object.values(editing), ...Object.values(history), ...Object.values(upkeep)],
  ...[editing.delete, edit, edit, insert, split, join, restore, restore, apply, sweep],
  ...[ingest, ingest, clone, clone, merge, merge, merge, merge, addAgain, addAgain, addAgain],
];

async function setUp(): Promise<{ model: ModelLibrary; real: RealLibrary }> {
  const model = new ModelLibrary();
  const real = await RealLibrary.open();
  for (const name of ['First', 'Stranger']) {
    const facts = { name, profile: 'compact', model: 'static-en' } as const;
    const { id, head } = await real.calls.call('create', facts);
    const shard = { id, lineage: id, line: [], released: new Set<string>() };
    const made = { ...shard, tags: new Map<string, string>(), removed: false };
    model.add(made, { id: head, parents: [], chunks: [], ttl: false });
    model.shards.push(made);
  }
  return { model, real };
}

test('a library is what was written into it', { timeout: 60_000 + 20_000 * RUNS }, async () => {
  const sequences = fc.commands(STEPS, { maxCommands: MOST_STEPS, size: 'max' });
  await fc.assert(
    fc.asyncProperty(sequences, async (steps) => {
      const given = await setUp();
      try {
        await fc.asyncModelRun(() => given, steps);
      } finally {
        await given.real.close();
      }
    }),
    // A sequence takes a second: making a failed one shorter would take many minutes.
    { numRuns: RUNS, endOnFailure: true },
  );
});
