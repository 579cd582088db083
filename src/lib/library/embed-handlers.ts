/** The embedding worker's work: texts into vectors, with the models kept once they are loaded. */
import { loadModel, modelRegistry } from '../embedding/registry';
import type { ModelInfo } from '../api';
import type { EmbeddingModel, ModelSpec } from '../embedding/model';
import { Transferred, type Handlers } from '../rpc/protocol';
import { embeddingSelfCheck } from './embedding-self-check';
import type { EmbedProtocol } from './protocol';

export function embedHandlers(): Handlers<EmbedProtocol> {
  const models = new Map<string, Promise<EmbeddingModel>>();
  const modelOf = (id: string, assetsUrl: string): Promise<EmbeddingModel> => {
    const known = models.get(id);
    if (known) return known;
    const loading = loadModel(id, { assetsUrl });
    models.set(id, loading);
    // One that failed to load is tried anew at the next call.
    loading.catch(() => models.delete(id));
    return loading;
  };

  return {
    async embed({ model: id, texts, kind, assetsUrl }, { signal }) {
      const model = await modelOf(id, assetsUrl);
      const vectors = await model.embed(texts, kind, { signal });
      return new Transferred({ vectors, dimensions: model.dimensions }, [vectors.buffer]);
    },
    models: () => Promise.resolve(modelRegistry().map(infoOf)),
    selfCheck: ({ assetsUrl }) => embeddingSelfCheck(assetsUrl),
  };
}

function infoOf({
  id,
  name,
  bytes,
  dimensions,
  languages,
  licence,
  origin,
  kind,
}: ModelSpec): ModelInfo {
  const state = kind === 'static' ? 'ready' : 'absent';
  return { id, name, bytes, dimensions, languages, licence, origin, state };
}
