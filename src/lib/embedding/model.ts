/**
 * The port to a model that turns text into vectors, and the data that describes models. Nothing here
 * loads or computes: registry.ts lists and loads, static-model.ts and sentence-model.ts compute.
 */

/** A passage is what is searched, a query is what it is searched with: some models tell them apart. */
export type TextKind = 'passage' | 'query';

export interface EmbeddingModel {
  readonly id: string;
  readonly dimensions: number;
  /**
   * Vectors of the texts: n × dimensions, row-major, each row L2-normalised, or zero where the model
   * knows nothing of the text. A text's vector does not depend on the texts it is given with.
   * The signal is obeyed between batches, with a turn of the event loop so that it can arrive.
   */
  embed(
    texts: readonly string[],
    kind: TextKind,
    options?: { signal?: AbortSignal },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Gives the memory back; the model embeds nothing afterwards. */
  dispose(): void;
}

/** A model's files by their path in its folder, such as `onnx/model_quantized.onnx`. */
export type ModelFiles = ReadonlyMap<string, Blob>;

/** One file that a model needs; a file with another digest is not this model. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

interface ModelFacts {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly dimensions: number;
  /** For people. */
  readonly languages: string;
  /** Scripts of the texts that it can know. */
  readonly scripts: 'Latin' | 'all';
  /** SPDX identifier, or what stands for one. */
  readonly licence: string;
  /** Where its licence and its sources stand; without a scheme, a path under `models/`. */
  readonly licenceUrl: string;
  /** Where it comes from, for people. */
  readonly origin: string;
  /** Bytes to bring before it can be used; 0 for what ships with the app. */
  readonly bytes: number;
}

/** A model that ships with the app: a table of word-piece vectors. */
export interface StaticModelSpec extends ModelFacts {
  readonly kind: 'static';
}

/** A transformer in ONNX whose token vectors are pooled into one per text. */
export interface SentenceModelSpec extends ModelFacts {
  readonly kind: 'sentence';
  /** Where a person can get it: repository on the Hugging Face hub, and its commit. */
  readonly hub: { readonly name: string; readonly revision: string };
  readonly files: readonly ModelFile[];
  /** The mean of the token vectors, or the first one. */
  readonly pooling: 'mean' | 'cls';
  /** Put before a text, as in the model's training. */
  readonly prefixes: { readonly passage: string; readonly query: string };
  /** Tokens of a text that are looked at; the rest is cut off. */
  readonly maxTokens: number;
}

export type ModelSpec = StaticModelSpec | SentenceModelSpec;
