/** The documents of a shard: one can be taken out, and comes back. Over the real library in memory. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { openLibrary, type Library } from '../../../src/lib';
import { AppState } from '../../../src/lib/ui/app.svelte';
import { Router } from '../../../src/lib/ui/router.svelte';
import { addingStrings as words } from '../../../src/lib/ui/strings/adding';
import SourceTable from '../../../src/routes/shard/SourceTable.svelte';

let library: Library;

beforeEach(async () => {
  library = await openLibrary({ name: 'source-table', storage: 'memory', assetsUrl: '/' });
});
afterEach(async () => {
  await library.close();
});

test('a source is removed by its name, the others stay, and undo brings it back', async () => {
  const shard = await library.create({ name: 'Notes' });
  await shard.ingest([new File(['Wings lift.'], 'a.txt'), new File(['Cakes rise.'], 'b.txt')]);
  const app = new AppState(library, new Router(window));
  const screen = await render(SourceTable, {
    ...{ app, shard: await shard.info(), sources: await shard.sources() },
  });
  await expect.element(screen.getByText(words.sourcesNote)).toBeVisible();
  await screen.getByRole('button', { name: words.removeSourceNamed('a.txt') }).click();
  await expect
    .poll(async () => (await shard.chunks()).map(({ text }) => text))
    .toEqual(['Cakes rise.']);
  await expect.poll(() => app.notices.list.length).toBe(1);
  const [notice] = app.notices.list;
  expect(notice?.text).toBe(words.removedSource('a.txt'));
  notice?.action?.run();
  await expect.poll(async () => (await shard.chunks()).length).toBe(2);
});
