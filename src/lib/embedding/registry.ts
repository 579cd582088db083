/**
 * The models that Memreel knows, and how one is loaded. Loading never reaches another origin: the
 * built-in model is served with the app, and larger ones come as files that a person brought.
 */
import { NotFoundError, UnsupportedError } from '../errors';
import type { DeviceTrials } from './device';
import type { EmbeddingModel, ModelFile, ModelFiles, ModelSpec, SentenceModelSpec } from './model';
import { loadStaticModel } from './static-model';

/** The model that ships with the app. */
export const BUILT_IN = 'static-en';

/** Digests and sizes are of the 8-bit weights at the pinned revision. */
const MODELS: readonly ModelSpec[] = [
  {
    kind: 'static',
    id: BUILT_IN,
    name: 'Built-in English',
    dimensions: 128,
    languages: 'English',
    scripts: 'Latin',
    licence: 'MIT',
    licenceUrl: 'static-en/README.md',
    origin: 'Ships with Memreel; its sources are named in models/static-en/README.md',
    bytes: 0,
  },
  sentenceModel({
    id: 'all-MiniLM-L6-v2',
    name: 'MiniLM L6 v2',
    dimensions: 384,
    languages: 'English',
    scripts: 'Latin',
    licence: 'Apache-2.0',
    licenceUrl: 'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2',
    hub: {
      name: 'Xenova/all-MiniLM-L6-v2',
      revision: '751bff37182d3f1213fa05d7196b954e230abad9',
    },
    files: [
      file('config.json', 650, '7135149f7cffa1a573466c6e4d8423ed73b62fd2332c575bf738a0d033f70df7'),
      file(
        'tokenizer_config.json',
        366,
        '9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3',
      ),
      file(
        'tokenizer.json',
        711_661,
        'da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0',
      ),
      file(
        'onnx/model_quantized.onnx',
        22_972_370,
        'afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1',
      ),
    ],
    pooling: 'mean',
    prefixes: { passage: '', query: '' },
    maxTokens: 256, // what it was trained with; its tokeniser would take 512
  }),
  sentenceModel({
    id: 'bge-small-en-v1.5',
    name: 'BGE small English v1.5',
    dimensions: 384,
    languages: 'English',
    scripts: 'Latin',
    licence: 'MIT',
    licenceUrl: 'https://huggingface.co/BAAI/bge-small-en-v1.5',
    hub: {
      name: 'Xenova/bge-small-en-v1.5',
      revision: 'ea104dacec62c0de699686887e3f920caeb4f3e3',
    },
    files: [
      file('config.json', 683, 'fa73f90bf92c8cace1fbcb709626306f2bdbc9ea3e5b5f94b440df9b6aa56350'),
      file(
        'tokenizer_config.json',
        366,
        '9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3',
      ),
      file(
        'tokenizer.json',
        711_396,
        'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
      ),
      file(
        'onnx/model_quantized.onnx',
        34_014_426,
        '6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4',
      ),
    ],
    pooling: 'cls',
    prefixes: { passage: '', query: 'Represent this sentence for searching relevant passages: ' },
    maxTokens: 512,
  }),
  sentenceModel({
    id: 'multilingual-e5-small',
    name: 'Multilingual E5 small',
    dimensions: 384,
    languages: 'About 100 languages',
    scripts: 'all',
    licence: 'MIT',
    licenceUrl: 'https://huggingface.co/intfloat/multilingual-e5-small',
    hub: {
      name: 'Xenova/multilingual-e5-small',
      revision: '761b726dd34fb83930e26aab4e9ac3899aa1fa78',
    },
    files: [
      file('config.json', 658, 'cb99455288675345e1a4f411438d5d0adbba5fbd3a67ea4fb03c015433b996c1'),
      file(
        'tokenizer_config.json',
        443,
        'a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b',
      ),
      file(
        'tokenizer.json',
        17_082_730,
        '0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39',
      ),
      file(
        'onnx/model_quantized.onnx',
        118_308_185,
        'f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193',
      ),
    ],
    pooling: 'mean',
    prefixes: { passage: 'passage: ', query: 'query: ' },
    maxTokens: 512,
  }),
];

function file(path: string, bytes: number, sha256: string): ModelFile {
  return { path, bytes, sha256 };
}

function sentenceModel(
  facts: Omit<SentenceModelSpec, 'kind' | 'bytes' | 'origin'>,
): SentenceModelSpec {
  return {
    ...facts,
    kind: 'sentence',
    bytes: facts.files.reduce((sum, { bytes }) => sum + bytes, 0),
    origin: `huggingface.co/${facts.hub.name}`,
  };
}

/** All models, the built-in one first. */
export function modelRegistry(): readonly ModelSpec[] {
  return MODELS;
}

/** @throws UnsupportedError for an id that this version does not know */
export function modelSpec(id: string, models: readonly ModelSpec[] = MODELS): ModelSpec {
  const spec = models.find((model) => model.id === id);
  if (spec) return spec;
  throw new UnsupportedError(`This version of Memreel does not know the model ${id}.`, {
    subject: id,
  });
}

/**
 * @param options.assetsUrl where `models/<id>/` of the built-in model is served, on this origin
 * @param options.files those of a larger model, and its trials on WebGPU
 * @throws NotFoundError for a file that is not there; CorruptError for one that is not the pinned one
 * @throws UnsupportedError where this browser cannot run the model
 */
export async function loadModel(
  spec: ModelSpec,
  {
    assetsUrl,
    files,
    trials,
  }: { assetsUrl: string; files?: ModelFiles | undefined; trials?: DeviceTrials | undefined },
): Promise<EmbeddingModel> {
  if (spec.kind === 'static') return loadStaticModel(spec.id, assetsUrl);
  if (!files)
    throw new NotFoundError(`The model ${spec.name} is not here. Bring it in Settings.`, {
      subject: spec.id,
    });
  const { loadSentenceModel } = await import('./sentence-model');
  return loadSentenceModel(spec, files, trials);
}
