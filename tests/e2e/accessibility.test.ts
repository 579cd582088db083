/** Every screen against WCAG 2.2 A and AA as far as axe can tell, wide and narrow, light and dark. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { openApp, passages } from './memreel';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const SCHEMES = ['light', 'dark'] as const;

/** Fails, with the elements and the rules they break, for each size and scheme that breaks one. */
async function expectAccessible(
  page: Page,
  screen: string,
  ready: () => Promise<void>,
): Promise<void> {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      // Without motion, so that no colour is measured on its way to another.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ready();
      const axe = new AxeBuilder({ page }).withTags(RULES);
      // Within this page: the other way opens a page for each run, for frames of other origins.
      const { violations, passes } = await axe.setLegacyMode().analyze();
      const where = `${screen}, ${String(size.width)} px wide, ${colorScheme}`;
      const broken = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
      );
      expect.soft(broken, where).toEqual([]);
      expect(
        passes.map(({ id }) => id),
        `what axe looked at: ${where}`,
      ).toContain('color-contrast');
    }
  }
}

test('no screen breaks a rule of WCAG that axe knows', async ({ page }) => {
  await openApp(page);
  const main = page.getByRole('main');
  const heading = (name: string) => main.getByRole('heading', { name });
  const still = () => main.getByRole('button', { name: /^Show frame/ }).first();

  await expectAccessible(page, 'Library, empty', async () => {
    await expect(heading('Drop documents')).toBeVisible();
  });

  const id = await page.evaluate(async (given) => {
    const shard = await window.memreel?.create({ name: 'Wind tunnel' });
    await shard?.ingest([new File(given, 'passages.txt')]);
    return shard?.id ?? '';
  }, passages(6));

  const screens: [name: string, address: string, ready: () => Promise<void>][] = [
    [
      'Library',
      '#/',
      async () => expect(main.getByRole('link', { name: 'Wind tunnel' })).toBeVisible(),
    ],
    [
      'Search',
      `#/shard/${id}/search?q=panel%20flutter`,
      // The answer's pictures come last.
      async () => expect(still()).toBeEnabled(),
    ],
    [
      'Chunks',
      `#/shard/${id}/chunks`,
      async () => expect(main.getByRole('button', { name: /frame \d/ }).first()).toBeVisible(),
    ],
    [
      'History',
      `#/shard/${id}/history`,
      async () => expect(heading('Added passages.txt')).toBeVisible(),
    ],
    [
      'Compare',
      `#/shard/${id}/compare?q=panel%20flutter`,
      async () => expect(main.getByRole('searchbox')).toBeVisible(),
    ],
    ['Overview', `#/shard/${id}/overview`, async () => expect(still()).toBeEnabled()],
    [
      'Settings',
      '#/settings',
      async () => {
        await expect(main.getByRole('list', { name: 'Models' })).toBeVisible();
        await expect(main.getByRole('table')).toBeVisible();
      },
    ],
    [
      'Add',
      '#/add',
      async () => expect(main.getByRole('button', { name: 'Choose files' })).toBeVisible(),
    ],
  ];
  for (const [name, address, ready] of screens) {
    await page.goto(`/${address}`);
    await expectAccessible(page, name, ready);
  }

  await page.goto(`/#/shard/${id}/overview`);
  await main.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /deleted text/ }).check();
  await dialog.getByLabel('Password (optional)').fill('secret');
  await dialog.getByLabel('The same password again').fill('secrets');
  await expectAccessible(page, 'Export', async () => {
    await expect(dialog.getByText('The two passwords differ.')).toBeVisible();
  });
  await page.keyboard.press('Escape');
  await page.goto('/#/');
  const imported = page.waitForEvent('filechooser');
  await main.getByRole('button', { name: 'Import' }).click();
  await (
    await imported
  ).setFiles([
    {
      name: 'sealed.zip.age',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('age-encryption.org/v1\n'),
    },
  ]);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expectAccessible(page, 'Import', async () => {
    await expect(dialog.getByLabel('Password')).toBeVisible();
  });
  await page.keyboard.press('Escape');
  await page.goto('/#/add');

  const chooser = page.waitForEvent('filechooser');
  await main.getByRole('button', { name: 'Choose files' }).click();
  await (
    await chooser
  ).setFiles([{ name: 'wing.txt', mimeType: 'text/plain', buffer: Buffer.from('Lift.') }]);
  await main.getByText('Options', { exact: true }).click();
  await main.getByRole('button', { name: 'Show cuts of wing.txt' }).click();
  await expect(main.getByRole('region', { name: 'Cuts of wing.txt' })).toContainText('Lift.');
  await expectAccessible(page, 'Add, with a document', async () => {
    await expect(main.getByRole('spinbutton', { name: 'Chunk size' })).toBeVisible();
  });
});
