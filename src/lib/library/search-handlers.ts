/** The searching worker's work: search data of segments, views of versions over them, and questions. */
import { analyserFor } from '../search/analyse';
import { buildPostings, Postings } from '../search/postings';
import { marks } from '../search/highlight';
import { quantise, Vectors } from '../search/vectors';
import { Transferred, type Handlers } from '../rpc/protocol';
import type { SearchProtocol } from './protocol';
import { searchSelfCheck } from './search-self-check';
import { SearchViews } from './search-views';

export function searchHandlers(views = new SearchViews()): Handlers<SearchProtocol> {
  return {
    build({ texts, language, vectors, dimensions }) {
      const postings = buildPostings(texts, analyserFor(language));
      const quantised = vectors ? quantise(vectors, dimensions) : null;
      const buffers = quantised ? [postings.buffer, quantised.buffer] : [postings.buffer];
      return Promise.resolve(new Transferred({ postings, vectors: quantised }, buffers));
    },

    async load({ id, postings, vectors }) {
      views.load({
        id,
        postings: Postings.open(postings),
        vectors: vectors ? Vectors.open(vectors) : null,
      });
    },

    async unload({ views: old, segments }) {
      views.unload(old, segments);
    },

    async view(view) {
      views.set(view);
    },

    async query({ key, text, vector, topK, mode, allow }) {
      return views.get(key).query({ text, vector, topK, mode, ...(allow ? { allow } : {}) });
    },

    async marks({ texts, query, language }) {
      const analyser = analyserFor(language);
      return texts.map((text) => marks(text, query, analyser));
    },

    selfCheck: () => searchSelfCheck(),
  };
}
