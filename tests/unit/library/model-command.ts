/** How a step of the model is made: what it draws, what it does here and there, and what follows. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { bytesOf } from './model-bytes';
import { agree, type RealLibrary } from './model-laws';
import type { ModelLibrary, ModelShard } from './model-state';

/** A step that can be taken now; undefined where there is nothing that it could work on. */
export type Plan =
  | {
      readonly says: string;
      /** The shards of which any byte may change. */
      readonly touches: readonly ModelShard[];
      run(real: RealLibrary): Promise<void>;
    }
  | undefined;

export type Command = fc.AsyncCommand<ModelLibrary, RealLibrary>;

/** Numbers that are drawn choose from lists by their remainder: whatever there is at that time. */
export const pick = <T>(list: readonly T[], draw: number): T | undefined =>
  list[draw % Math.max(1, list.length)];

/** Some of a list: those whose bit is set. */
export const some = <T>(list: readonly T[], bits: number): T[] =>
  list.filter((_, at) => (bits >> (at % 16)) & 1);

export const draw = (): fc.Arbitrary<number> => fc.nat(0xffff);

export function command<Drawn>(
  arbitrary: fc.Arbitrary<Drawn>,
  plan: (drawn: Drawn, model: ModelLibrary) => Plan,
): fc.Arbitrary<Command> {
  return arbitrary.map((drawn) => {
    let said = '(not run)';
    return {
      check: (model) => plan(drawn, model) !== undefined,
      async run(model, real) {
        const planned = plan(drawn, model);
        if (!planned) throw new Error('The step cannot be taken.');
        model.steps++;
        said = `${String(model.steps)}. ${planned.says}`;
        const touched = new Set(planned.touches.map(({ id }) => id));
        const before = real.bytes;
        await planned.run(real);
        await agree(model, real);
        real.bytes = await bytesOf(real.fs, real.locks);
        for (const { id } of model.shards) {
          if (!before.has(id) || touched.has(id)) continue;
          expect(real.bytes.get(id)).toEqual(before.get(id));
        }
      },
      toString: () => `\n  ${said}`,
    };
  });
}
