/**
 * Where larger models run in this browser. WebGPU is used for a model that gives the same vectors
 * there as in WASM, and gives them sooner: quantised models on graphics processors have answered
 * nonsense at full speed, and others run on the processor in the end. Loads nothing.
 */
import type { EmbeddingModel, TextKind } from './model';
import { selfTest, type GoldenVector } from './selftest';

/** What came of trying a model on WebGPU in this browser; the same until one of both is another. */
export interface DeviceTrial {
  /** Whether WebGPU is to be used for it. */
  readonly works: boolean;
  /** For people. */
  readonly detail: string;
}

/** Trials of one model, as they are remembered. */
export interface DeviceTrials {
  readonly known: DeviceTrial | undefined;
  /** Undefined where what is known holds no longer. */
  tell(trial: DeviceTrial | undefined): void;
}

/** More gain little on texts of some hundred tokens, and other workers want cores too. */
const THREADS = 4;

/** Threads share memory, which browsers allow pages that are isolated from all others. */
export function threadCount(): number {
  return crossOriginIsolated ? Math.max(1, Math.min(THREADS, navigator.hardwareConcurrency)) : 1;
}

/** How models run without WebGPU, for people. */
export function wasmDetail(): string {
  const threads = threadCount();
  return `WASM with SIMD, ${String(threads)} ${threads === 1 ? 'thread' : 'threads'}`;
}

/** What of WebGPU (W3C) is used here: whether there is something to run on. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/** Whether the browser names a graphics processor to run on. */
export async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  if (!gpu) return false;
  // A browser that refuses to say has none for us.
  return (await gpu.requestAdapter().catch(() => null)) !== null;
}

/** Short and long, of words and of none, of both kinds: what pooling, prefixes and padding get wrong. */
const TEXTS: readonly { readonly text: string; readonly kind: TextKind }[] = [
  { text: 'The slipstream of a propeller changes the lift of a wing.', kind: 'passage' },
  { text: 'How does one bake bread?', kind: 'query' },
  { text: '12.5 % – §7 (b)', kind: 'passage' },
  { text: 'Regen fiel die ganze Nacht auf die Hügel.', kind: 'passage' },
  { text: 'Rivers carry sand to the sea, and the sea carries it on. '.repeat(60), kind: 'passage' },
];

/**
 * Holds a model on WebGPU against the same model in WASM.
 * @param onGpu fails where it cannot be loaded: that is an answer, too
 */
export async function tryGpu(
  inWasm: EmbeddingModel,
  onGpu: () => Promise<EmbeddingModel>,
): Promise<DeviceTrial & { readonly model?: EmbeddingModel }> {
  const golden: GoldenVector[] = [];
  for (const { text, kind } of TEXTS) {
    golden.push({ text, kind, vector: [...(await inWasm.embed([text], kind))] });
  }
  let model: EmbeddingModel | undefined;
  try {
    model = await onGpu();
    const test = await selfTest(model, golden);
    const times = (await timeOf(inWasm)) / (await timeOf(model));
    const speed = times.toFixed(1);
    if (test.ok && times > 1) {
      return { works: true, detail: `WebGPU, ${speed} times as fast as WASM`, model };
    }
    model.dispose();
    const why = test.ok
      ? `WebGPU is ${speed} times as fast`
      : `WebGPU gives other vectors: cosine ${test.cosine.toFixed(3)}`;
    return { works: false, detail: `${wasmDetail()}; ${why}` };
  } catch (error) {
    model?.dispose();
    const why = error instanceof Error ? error.message : String(error);
    return { works: false, detail: `${wasmDetail()}; WebGPU fails: ${why}` };
  }
}

/** Milliseconds for the long text, once everything is warm: the self-test has seen it. */
async function timeOf(model: EmbeddingModel): Promise<number> {
  const { text, kind } = TEXTS.at(-1) ?? { text: '', kind: 'passage' };
  const began = performance.now();
  await model.embed([text, text], kind);
  return performance.now() - began;
}
