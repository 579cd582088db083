/** The searching worker's work: search data of segments, views of versions over them, and questions. */
import { analyserFor } from '../search/analyse';
import { buildPostings, Postings } from '../search/postings';
import { marks } from '../search/highlight';
import { ShardSearch, type SegmentData } from '../search/shard-search';
import { quantise, Vectors } from '../search/vectors';
import { Transferred, type Handlers } from '../rpc/protocol';
import type { SearchProtocol } from './protocol';
import { searchSelfCheck } from './search-self-check';

export function searchHandlers(): Handlers<SearchProtocol> {
  const segments = new Map<string, SegmentData>();
  const views = new Map<string, ShardSearch>();

  return {
    build({ texts, language, vectors, dimensions }) {
      const postings = buildPostings(texts, analyserFor(language));
      const quantised = vectors ? quantise(vectors, dimensions) : null;
      return Promise.resolve(
        new Transferred({ postings, vectors: quantised }, [
          postings.buffer,
          ...(quantised ? [quantised.buffer] : []),
        ]),
      );
    },

    load({ id, postings, vectors }) {
      segments.set(id, {
        id,
        postings: Postings.open(postings),
        vectors: vectors ? Vectors.open(vectors) : null,
      });
      return Promise.resolve();
    },

    unload({ views: old, segments: unused }) {
      for (const key of old) views.delete(key);
      for (const id of unused) segments.delete(id);
      return Promise.resolve();
    },

    view({ key, language, segments: shown }) {
      const data = shown.map(({ id, live }) => {
        const segment = segments.get(id);
        if (!segment) throw new Error(`The search data of segment ${id} is not loaded.`);
        return { ...segment, live };
      });
      views.set(key, new ShardSearch(data, analyserFor(language)));
      return Promise.resolve();
    },

    query({ key, text, vector, topK, mode, allow }) {
      const view = views.get(key);
      if (!view) throw new Error(`There is no view ${key}.`);
      return Promise.resolve(view.query({ text, vector, topK, mode, ...(allow ? { allow } : {}) }));
    },

    selfCheck: () => searchSelfCheck(),

    marks({ texts, query, language }) {
      const analyser = analyserFor(language);
      return Promise.resolve(texts.map((text) => marks(text, query, analyser)));
    },
  };
}
