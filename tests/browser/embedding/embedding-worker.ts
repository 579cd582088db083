/** Loads a model and embeds in a worker, as the app does. */
import { loadSentenceModel } from '../../../src/lib/embedding/sentence-model';
import type { SentenceModelSpec } from '../../../src/lib/embedding/model';

self.onmessage = ({ data }: MessageEvent<[SentenceModelSpec, string, string[]]>) => {
  const [spec, assetsUrl, texts] = data;
  void loadSentenceModel(spec, { assetsUrl })
    .then((model) => model.embed(texts, 'passage'))
    .then(
      (vectors) => {
        self.postMessage(vectors);
      },
      (error: unknown) => {
        self.postMessage(String(error));
      },
    );
};
