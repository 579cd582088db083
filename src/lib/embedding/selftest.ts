/**
 * Holds a loaded model against vectors that it is known to give: a model can load, answer at full speed
 * and be nonsense (quantised models on WebGPU have been).
 */
import type { EmbeddingModel, TextKind } from './model';

/** Below this cosine a model is not the one it says it is. Rounding alone stays above 0.999. */
export const LEAST_COSINE = 0.99;

export interface GoldenVector {
  readonly text: string;
  readonly kind?: TextKind;
  /** L2-normalised. */
  readonly vector: readonly number[];
}

export interface SelfTest {
  readonly ok: boolean;
  /** The least cosine between a golden vector and the model's; NaN counts as −1. */
  readonly cosine: number;
  /** The text that it was seen at. */
  readonly text: string;
}

/** @param golden at least one; an empty list proves nothing and throws */
export async function selfTest(
  model: EmbeddingModel,
  golden: readonly GoldenVector[],
): Promise<SelfTest> {
  let least: { cosine: number; text: string } | undefined;
  for (const { text, kind, vector } of golden) {
    const found = await model.embed([text], kind ?? 'passage');
    const dot = vector.reduce((sum, value, index) => sum + value * (found[index] ?? NaN), 0);
    const cosine = found.length === vector.length && !Number.isNaN(dot) ? dot : -1;
    if (least === undefined || cosine < least.cosine) least = { cosine, text };
  }
  if (least === undefined) throw new Error('A self-test needs golden vectors.');
  return { ok: least.cosine >= LEAST_COSINE, ...least };
}
