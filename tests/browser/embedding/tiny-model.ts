/** A real sentence model of a few kilobytes, and its files as a person would hand them in. */
import type { ModelFiles, SentenceModelSpec } from '../../../src/lib/embedding/model';
import tiny from '../../fixtures/embedding/tiny-sentence.json';

/** Where the test server plays a hub. */
export const HUB = '/tests/fixtures/embedding/hub';

const REVISION = '0'.repeat(40);

export const tinySpec: SentenceModelSpec = {
  kind: 'sentence',
  id: 'tiny-sentence',
  name: 'Tiny',
  dimensions: tiny.dimensions,
  languages: 'English',
  scripts: 'Latin',
  licence: 'MIT',
  licenceUrl: 'https://example.org/tiny',
  origin: 'tests',
  bytes: tiny.files.reduce((sum, { bytes }) => sum + bytes, 0),
  hub: { name: 'tests/tiny-sentence', revision: REVISION },
  files: tiny.files,
  pooling: 'mean',
  prefixes: { passage: 'passage: ', query: 'query: ' },
  maxTokens: 12,
};

/** Those of the fixture, by path. */
export async function tinyFiles(): Promise<ModelFiles> {
  const files = tiny.files.map(async ({ path }): Promise<[string, Blob]> => {
    const response = await fetch(`${HUB}/tests/tiny-sentence/resolve/${REVISION}/${path}`);
    return [path, await response.blob()];
  });
  return new Map(await Promise.all(files));
}
