/** How a step of the model is made: what it draws, what it does here and there, and what follows. */
import fc from 'fast-check';
import { agree, type RealLibrary } from './model-laws';
import type { ModelLibrary } from './model-state';

/** A step that can be taken now; undefined where there is nothing that it could work on. */
export type Plan = { readonly says: string; run(real: RealLibrary): Promise<void> } | undefined;

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
        await planned.run(real);
        await agree(model, real);
      },
      toString: () => `\n  ${said}`,
    };
  });
}
