/**
 * Counts the tokens that a model makes of a text, with its tokeniser alone: no weights are loaded,
 * and nothing is embedded.
 */
import { UnsupportedError } from '../errors';
import { fetchModelFile } from './model-files';
import type { ModelFiles, ModelSpec } from './model';
import { WordPieces } from './word-pieces';

/** Tokens of a text, without those that a model puts around each. */
export type TokenCounter = (text: string) => number;

/**
 * @param source.assetsUrl where `models/<id>/` of the built-in model is served, on this origin
 * @param source.files those of a larger model
 * @throws UnsupportedError where a larger model is not here
 * @throws NotFoundError, CorruptError for a file that is missing, or not the pinned one
 */
export async function loadTokenCounter(
  spec: ModelSpec,
  { assetsUrl, files }: { assetsUrl: string; files?: ModelFiles | undefined },
): Promise<TokenCounter> {
  if (spec.kind === 'static') {
    const vocabulary = await fetchModelFile(assetsUrl, spec.id, 'vocab.txt');
    const pieces = new WordPieces(await vocabulary.text());
    return (text) => pieces.tokens(text).length;
  }
  if (!files)
    throw new UnsupportedError(
      `The tokens of the model ${spec.name} cannot be counted: it is not here. Bring it in Settings, or count characters.`,
      { subject: spec.id },
    );
  const { loadSentenceTokenCounter } = await import('./sentence-model');
  return loadSentenceTokenCounter(spec, files);
}
