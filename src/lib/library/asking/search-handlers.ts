/** The searching worker's work: search data of segments and deltas, views of versions, questions. */
import { InvalidError } from '../../errors';
import { analyserFor } from '../../search/analyse';
import { combinePostings } from '../../search/combine-postings';
import { combineVectors } from '../../search/combine-vectors';
import { LEADS } from '../../search/feedback';
import { buildPostings, Postings } from '../../search/postings';
import { marks } from '../../search/highlight';
import type { Ranked, SegmentData } from '../../search/shard-search';
import { quantise, Vectors } from '../../search/vectors';
import { Transferred, type Handlers } from '../../rpc/protocol';
import type { SearchProtocol } from '../protocol';
import { searchSelfCheck } from './search-self-check';
import { SearchViews } from './search-views';

export function searchHandlers(views = new SearchViews()): Handlers<SearchProtocol> {
  return {
    async build({ texts, language, vectors, dimensions }) {
      const postings = buildPostings(texts, analyserFor(language));
      return searchData(postings, vectors ? quantise(vectors, dimensions) : null);
    },

    async combine({ parts, picks, language }) {
      const units = parts.map((part, at) => {
        const postings =
          'texts' in part ? buildPostings(part.texts, analyserFor(language)) : part.postings;
        return searchUnit(`part ${at}`, postings, part.vectors);
      });
      const postings = units.map((unit) => unit.postings);
      const vectors = units.map((unit) => unit.vectors);
      return searchData(combinePostings(postings, picks), combineVectors(vectors, picks));
    },

    async load({ id, postings, vectors }) {
      views.load(searchUnit(id, postings, vectors));
    },

    async loadTexts({ id, texts, language, vectors }) {
      views.loadDelta(searchUnit(id, buildPostings(texts, analyserFor(language)), vectors));
    },

    async unload({ views: old, segments }) {
      views.unload(old, segments);
    },

    async view(view) {
      views.set(view);
    },

    async query({ key, learn = false, alike = false, ...asked }, { question }) {
      const view = views.get(key);
      const answer = async (): Promise<readonly Ranked[]> => {
        if (!learn) return view.query(asked);
        // What is learnt must not depend on how many hits are wanted.
        const first = { ...asked, topK: Math.max(asked.topK, LEADS) };
        const ranked = view.query(first);
        const leads = view.leads(first, ranked);
        if (leads.length === 0) return ranked.slice(0, asked.topK);
        return view.query({ ...asked, learnFrom: await question(leads) });
      };
      const ranked = await answer();
      return alike ? view.withLookalikes(ranked) : [...ranked];
    },

    async marks({ texts, query, language }) {
      const analyser = analyserFor(language);
      return texts.map((text) => marks(text, query, analyser));
    },

    selfCheck: () => searchSelfCheck(),
  };
}

/**
 * Opens packed search data.
 * @throws CorruptError where bytes do not check, InvalidError where there is not a vector a row
 */
function searchUnit(
  id: string,
  postingsBytes: Uint8Array,
  vectorBytes: Uint8Array | null,
): SegmentData {
  // They come from the store, which holds every object against its digest.
  const postings = Postings.open(postingsBytes, { isWhole: true });
  const vectors = vectorBytes ? Vectors.open(vectorBytes) : null;
  if (vectors !== null && vectors.rows !== postings.rows)
    throw new InvalidError(`${vectors.rows} vectors are not of ${postings.rows} texts.`, {
      subject: id,
    });
  return { id, postings, vectors };
}

function searchData(
  postings: Uint8Array<ArrayBuffer>,
  vectors: Uint8Array<ArrayBuffer> | null,
): Transferred<{ postings: Uint8Array; vectors: Uint8Array | null }> {
  const buffers = vectors ? [postings.buffer, vectors.buffer] : [postings.buffer];
  return new Transferred({ postings, vectors }, buffers);
}
