/** Versions, clones, merges and comparisons as a person drives them, with the real engine. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { expectSound, openApp, passages } from './memreel';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Fails with the elements that break a rule which axe knows, as the page stands now. */
async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).setLegacyMode().analyze();
  const broken = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
  expect.soft(broken, where).toEqual([]);
}

/** A shard of some passages whose first one is edited; gives its id and the edited chunk's UUID. */
async function editedShard(page: Page): Promise<{ id: string; uuid: string }> {
  return page.evaluate(async (given) => {
    const shard = await window.memreel?.create({ name: 'Wind tunnel' });
    if (!shard) throw new Error('The library is not open.');
    await shard.ingest([new File(['The flutter speed was 412 feet.'], 'flutter.txt')]);
    await shard.ingest([new File(given, 'passages.txt')]);
    const [chunk] = await shard.search('flutter speed 412 feet', { topK: 1 });
    await shard.edit(chunk?.uuid ?? '', 'The flutter speed was 421 feet, measured twice.', {
      message: 'fixed the flutter speed',
    });
    return { id: shard.id, uuid: chunk?.uuid ?? '' };
  }, passages(12));
}

const textOf = (page: Page, id: string, uuid: string): Promise<string | undefined> =>
  page.evaluate(
    async ([shard, chunk]) => (await (await window.memreel?.open(shard))?.chunk(chunk))?.text,
    [id, uuid] as const,
  );

test('history shows what an edit changed, and rolls it back and forth', async ({ page }) => {
  await openApp(page);
  const { id, uuid } = await editedShard(page);
  await page.goto(`/#/shard/${id}/history`);
  const list = page.getByRole('list', { name: 'History' });
  const items = list.locator('> li');
  await expect(items).toHaveCount(4);
  await expect(items.first()).toContainText('fixed the flutter speed');
  await expect(items.first()).toContainText('1 chunk edited');

  await list.getByRole('button', { name: 'fixed the flutter speed' }).click();
  await expect(items.first().locator('del').first()).toContainText('412');
  await expect(items.first().locator('ins').first()).toContainText('421');
  await page.getByRole('button', { name: 'Raw patch' }).click();
  await expect(items.first().locator('pre')).toContainText(`/chunks/${uuid}/text`);
  await expectAccessible(page, 'History with an opened version');

  await items.nth(1).getByRole('button').first().click();
  await items.nth(1).getByRole('button', { name: 'Tag…' }).click();
  await page.getByRole('dialog', { name: 'Tag' }).getByRole('textbox').fill('before');
  await page.getByRole('dialog').getByRole('button', { name: 'Tag', exact: true }).click();
  await expect(items.nth(1)).toContainText('before');

  await items.nth(1).getByRole('button', { name: 'Roll back' }).click();
  const dialog = page.getByRole('dialog', { name: 'Roll back' });
  await expect(dialog).toContainText('Nothing is lost');
  await expectAccessible(page, 'Roll back');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await expect(items).toHaveCount(5);
  expect(await textOf(page, id, uuid)).toBe('The flutter speed was 412 feet.');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(items).toHaveCount(6);
  expect(await textOf(page, id, uuid)).toContain('421 feet, measured twice');
  await expectSound(page);
});

test('a clone is edited on its own, compared, and merged back with a conflict', async ({
  page,
}) => {
  await openApp(page);
  const { id, uuid } = await editedShard(page);
  await page.goto('/#/');
  const rows = page.getByRole('list', { name: 'Shards' }).last().locator('> li');
  await rows.filter({ hasText: 'Wind tunnel' }).getByRole('button', { name: 'Clone' }).click();
  const clone = page.getByRole('dialog', { name: 'Clone' });
  await clone.getByRole('textbox').fill('Trial');
  await clone.getByRole('button', { name: 'Clone' }).click();
  await expect(rows.filter({ hasText: 'cloned from Wind tunnel' })).toContainText('Trial');

  await page.evaluate(
    async ([shard, chunk]) => {
      const trial = (await window.memreel?.shards())?.find(({ name }) => name === 'Trial');
      const opened = await window.memreel?.open(trial?.id ?? '');
      await opened?.edit(chunk, 'The flutter speed was 430 feet.');
      await opened?.insert(null, 'A note of the trial on quadruple winglets.');
      await (await window.memreel?.open(shard))?.edit(chunk, 'The flutter speed was 425 feet.');
    },
    [id, uuid] as const,
  );

  await page.goto(`/#/shard/${id}/compare`);
  await page.getByRole('combobox', { name: 'Right' }).selectOption('Trial');
  await page.getByRole('searchbox', { name: 'Search' }).fill('quadruple winglets');
  const right = page.getByRole('list', { name: 'Results, right' });
  await expect(right.locator('> li').first()).toContainText('winglets');
  await expect(right.locator('> li').first()).toContainText('new');
  await right.getByRole('checkbox').first().check();
  await page.getByRole('button', { name: 'Save this question' }).click();
  await page.getByRole('button', { name: 'Run all' }).click();
  await expect(page.getByText('won 1, lost 0')).toBeVisible();
  await expectAccessible(page, 'Compare');

  await page.goto(`/#/shard/${id}/history`);
  await page.getByRole('button', { name: 'Merge…' }).click();
  const merge = page.getByRole('dialog', { name: 'Merge' });
  await merge.getByRole('combobox').selectOption('Trial');
  await expect(merge.getByRole('list', { name: 'What would come' })).toContainText('winglets');
  await merge.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(merge.getByText('Conflict 1 of 1').first()).toBeVisible();
  await expect(merge).toContainText('425');
  await expectAccessible(page, 'Merge with a conflict');
  await merge.getByRole('radio', { name: 'Theirs' }).check();
  await merge.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(merge).toBeHidden();
  expect(await textOf(page, id, uuid)).toBe('The flutter speed was 430 feet.');
  await expectSound(page);
});

test('compaction, release and gc are three steps of one dialog, and free the disk', async ({
  page,
}) => {
  await openApp(page);
  const { id } = await editedShard(page);
  await page.evaluate(async (shard) => {
    const opened = await window.memreel?.open(shard);
    const chunks = (await opened?.chunks()) ?? [];
    await opened?.delete(chunks.slice(0, 8).map(({ uuid }) => uuid));
  }, id);
  await page.goto(`/#/shard/${id}/overview`);
  await page.getByRole('button', { name: 'Compact' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compact' });
  await expect(dialog.getByRole('table')).toContainText(/written anew|left out/);
  await expect(dialog).toContainText('Disk space is freed only when');
  await expectAccessible(page, 'Compact');
  await dialog.getByRole('button', { name: 'Compact' }).click();
  await expect(dialog).toContainText('Compacted in');
  await dialog.getByRole('button', { name: 'Release old versions…' }).click();
  await dialog.getByRole('spinbutton').fill('1');
  await dialog.getByRole('button', { name: 'Release', exact: true }).click();
  await expect(dialog).toContainText(/versions? (was|were) let go/);
  await dialog.getByRole('button', { name: 'Free space' }).click();
  await expect(dialog).toContainText(/\d.* freed\./);
  await expectSound(page);
  const left = await page.evaluate(
    async (shard) => (await (await window.memreel?.open(shard))?.chunks({ deleted: true }))?.length,
    id,
  );
  expect(left).toBeGreaterThan(0);
});

test('what is due is swept from the overview', async ({ page }) => {
  await openApp(page);
  const { id } = await editedShard(page);
  await page.goto(`/#/shard/${id}/overview`);
  await page.getByRole('spinbutton', { name: 'At most (MB of text)' }).fill('0.005');
  await expect(page.getByText(/the oldest chunks go until the rest fits/)).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved as a new version.')).toBeVisible();
  await page.getByRole('button', { name: 'Sweep' }).click();
  await expect(page.getByText(/^Swept: \d+ chunks? became tombstones?/)).toBeVisible();
  const bytes = await page.evaluate(
    async (shard) => (await (await window.memreel?.open(shard))?.stats())?.textBytes,
    id,
  );
  expect(bytes).toBeLessThanOrEqual(5000);
  await expectSound(page);
});
