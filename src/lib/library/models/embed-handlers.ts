/** The embedding worker's work: texts into vectors, with the models kept once they are loaded. */
import type { EmbeddingModel, ModelSpec } from '../../embedding/model';
import type { DeviceTrial } from '../../embedding/device';
import { loadModel, modelSpec } from '../../embedding/registry';
import { Transferred, type Handlers } from '../../rpc/protocol';
import { embeddingSelfCheck } from './embedding-self-check';
import type { EmbedProtocol } from '../protocol';

export function embedHandlers(): Handlers<EmbedProtocol> {
  const models = new Map<string, Promise<EmbeddingModel>>();
  const loaded = (
    spec: ModelSpec,
    source: Parameters<typeof loadModel>[1],
  ): Promise<EmbeddingModel> => {
    const known = models.get(spec.id);
    if (known) return known;
    const loading = loadModel(spec, source);
    models.set(spec.id, loading);
    // One that failed to load is tried anew at the next call.
    loading.catch(() => models.delete(spec.id));
    return loading;
  };

  return {
    async embed({ model: id, texts, kind, assetsUrl, brought, trial }, { signal, progress }) {
      const spec = brought?.spec ?? modelSpec(id);
      const trials = {
        known: trial,
        tell: (found: DeviceTrial | undefined) => {
          progress({ trial: found });
        },
      };
      const model = await loaded(spec, { assetsUrl, files: brought?.files, trials });
      const vectors = await model.embed(texts, kind, { signal });
      return new Transferred({ vectors, dimensions: model.dimensions }, [vectors.buffer]);
    },
    selfCheck: ({ assetsUrl }) => embeddingSelfCheck(assetsUrl),
  };
}
