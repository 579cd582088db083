/**
 * A sentence transformer, run by transformers.js over ONNX Runtime, in WASM or on WebGPU. The only
 * module that touches transformers.js: import it lazily. transformers.js reads what is handed to it
 * here and nothing else; only ONNX Runtime's own two files are fetched, from our origin.
 *
 * After a failed run the runtime's queue stays broken: throw the worker away. Its memory never shrinks.
 */
import { AutoModel, AutoTokenizer, env, Tensor } from '@xenova/transformers';
import { CorruptError, UnsupportedError } from '../errors';
import { hasGpu, threadCount, tryGpu, type DeviceTrials } from './device';
import type { EmbeddingModel, ModelFiles, SentenceModelSpec, TextKind } from './model';
import { readModelFiles } from './model-files';
import { ORT_ASSETS } from './ort-assets';
import { poolInto } from './pooling';
import { turnEventLoop } from './turn';

/** Where transformers.js believes its models to be. */
const SHELF = '/models/';

/** The contents of the models that are loading, by `<name>/<path>`. */
const shelf = new Map<string, Uint8Array<ArrayBuffer>>();
let loads = 0;

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = SHELF;
env.useBrowserCache = false;
env.useWasmCache = false; // it would run the runtime from a blob: address, against our CSP
env.fetch = (address) => {
  const content = shelf.get(String(address).slice(SHELF.length));
  return Promise.resolve(content ? new Response(content) : new Response(null, { status: 404 }));
};

/** The build of ONNX Runtime that this worker has loaded: there is no second one beside it. */
let runtime: 'wasm' | 'webgpu' | undefined;

/**
 * Counts the tokens of a text as the model's own tokeniser makes them.
 * @throws NotFoundError, CorruptError, UnsupportedError
 */
export async function loadSentenceTokenCounter(
  spec: SentenceModelSpec,
  files: ModelFiles,
): Promise<(text: string) => number> {
  // The weights are over a hundred times as large, and say nothing about tokens.
  const own = spec.files.filter(({ path }) => !path.endsWith('.onnx'));
  const contents = await readModelFiles({ ...spec, files: own }, files);
  const name = `${spec.id}.${++loads}`; // transformers.js keeps what it read by name
  for (const [path, content] of contents) shelf.set(`${name}/${path}`, content);
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
    return (text) => tokenizer.encode(text, { add_special_tokens: false }).length;
  } catch (cause) {
    throw new UnsupportedError(`This browser cannot run the tokeniser of ${spec.name}.`, {
      subject: spec.id,
      cause,
    });
  } finally {
    for (const path of contents.keys()) shelf.delete(`${name}/${path}`);
  }
}

/**
 * @param trials what came of an earlier trial of the model on WebGPU, and who is told of a new one
 * @throws NotFoundError, CorruptError, UnsupportedError
 */
export async function loadSentenceModel(
  spec: SentenceModelSpec,
  files: ModelFiles,
  trials: DeviceTrials = { known: undefined, tell: () => undefined },
): Promise<EmbeddingModel> {
  const { known, tell } = trials;
  const wasm = env.backends.onnx.wasm;
  if (!wasm) throw new UnsupportedError('This browser cannot run ONNX models.');
  runtime ??= known?.works !== false && (await hasGpu()) ? 'webgpu' : 'wasm';
  wasm.wasmPaths = ORT_ASSETS[runtime];
  wasm.numThreads = threadCount();
  const contents = await readModelFiles(spec, files);
  const name = `${spec.id}.${++loads}`; // transformers.js keeps what it read by name
  for (const [path, content] of contents) shelf.set(`${name}/${path}`, content);
  const loadOn = async (device: 'wasm' | 'webgpu'): Promise<EmbeddingModel> => {
    const options = { local_files_only: true, device, dtype: 'q8' } as const;
    const tokenizer = await AutoTokenizer.from_pretrained(name, options);
    return new SentenceModel(spec, tokenizer, await AutoModel.from_pretrained(name, options));
  };
  try {
    if (runtime === 'webgpu' && known?.works) return await loadOn('webgpu');
    const inWasm = await loadOn('wasm');
    if (runtime === 'wasm' || known) return inWasm;
    const { model, ...trial } = await tryGpu(inWasm, () => loadOn('webgpu'));
    tell(trial);
    if (!model) return inWasm;
    inWasm.dispose();
    return model;
  } catch (cause) {
    // It worked once: the next load tries both again.
    if (known?.works) tell(undefined);
    throw new UnsupportedError(`This browser cannot run the model ${spec.name}.`, {
      subject: spec.id,
      cause,
    });
  } finally {
    for (const path of contents.keys()) shelf.delete(`${name}/${path}`);
  }
}

type Tokenizer = Awaited<ReturnType<typeof AutoTokenizer.from_pretrained>>;
type Transformer = Awaited<ReturnType<typeof AutoModel.from_pretrained>>;

class SentenceModel implements EmbeddingModel {
  readonly id: string;
  readonly dimensions: number;
  readonly #spec: SentenceModelSpec;
  readonly #tokenizer: Tokenizer;
  readonly #model: Transformer;

  constructor(spec: SentenceModelSpec, tokenizer: Tokenizer, model: Transformer) {
    this.id = spec.id;
    this.dimensions = spec.dimensions;
    this.#spec = spec;
    this.#tokenizer = tokenizer;
    this.#model = model;
  }

  /**
   * One text at a time: 8-bit models scale their activations by all that is in a batch, so that a
   * text's vector would depend on its neighbours, and one core gains little from batches.
   */
  async embed(
    texts: readonly string[],
    kind: TextKind,
    options?: { signal?: AbortSignal },
  ): Promise<Float32Array<ArrayBuffer>> {
    const vectors = new Float32Array(texts.length * this.dimensions);
    for (const [index, text] of texts.entries()) {
      if (index > 0) await turnEventLoop();
      options?.signal?.throwIfAborted();
      const hidden = await this.#run(this.#spec.prefixes[kind] + text);
      poolInto(hidden, this.dimensions, this.#spec.pooling, vectors, index * this.dimensions);
    }
    return vectors;
  }

  /** The text's token vectors, tokens × dimensions. */
  async #run(text: string): Promise<Float32Array> {
    const inputs = cutInputs(this.#tokenizer(text), this.#spec.maxTokens);
    const { last_hidden_state: hidden } = (await this.#model(inputs)) as {
      last_hidden_state?: unknown;
    };
    if (
      !(hidden instanceof Tensor) ||
      !(hidden.data instanceof Float32Array) ||
      hidden.dims[2] !== this.dimensions
    )
      throw new CorruptError(`The model ${this.id} gives no vectors of ${this.dimensions}.`);
    return hidden.data;
  }

  dispose(): void {
    void this.#model.dispose();
  }
}

/**
 * The first tokens and the closing one: transformers.js's own truncation cuts the closing token off,
 * which the models never saw in training.
 */
function cutInputs(inputs: object, maxTokens: number): Record<string, Tensor> {
  const cut: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(inputs)) {
    if (!(tensor instanceof Tensor)) throw new Error(`The tokeniser gives no tensor as ${name}.`);
    const data: unknown = tensor.data;
    if (!(data instanceof BigInt64Array)) throw new Error(`The tensor ${name} is not of int64.`);
    const kept = BigInt64Array.of(...data.subarray(0, maxTokens - 1), ...data.subarray(-1));
    cut[name] = data.length <= maxTokens ? tensor : new Tensor('int64', kept, [1, maxTokens]);
  }
  return cut;
}
