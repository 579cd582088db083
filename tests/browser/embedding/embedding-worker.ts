/** Loads a model and embeds in a worker, as the app does. */
import { loadSentenceModel } from '../../../src/lib/embedding/sentence-model';
import type { ModelFiles, SentenceModelSpec } from '../../../src/lib/embedding/model';

self.onmessage = ({ data }: MessageEvent<[SentenceModelSpec, ModelFiles, string[]]>) => {
  const [spec, files, texts] = data;
  void loadSentenceModel(spec, files)
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
