/** Every kind of document that can be read has a name for people. */
import { expect, test } from 'vitest';
import { EXTRACTORS } from '../../../src/lib/text/extract';
import { searchStrings } from '../../../src/lib/ui/strings/search';

test.each(
  EXTRACTORS.map(({ type }) => type).filter((type) => type !== 'application/x-ole-storage'),
)('%s has a name', (type) => {
  expect(searchStrings.kind(type)).not.toBe(type);
});
