/** A person edits chunks: by what they see, by keyboard, and in two tabs at once. */
import { expect, test, type Page } from '@playwright/test';
import { expectSound, openApp, passages } from './memreel';

/** A shard of a few passages, and its Chunks screen. */
async function openChunks(page: Page, texts: string[], name = 'Wind tunnel'): Promise<string> {
  await openApp(page);
  const id = await page.evaluate(
    async ({ texts, name }) => {
      const shard = await window.memreel?.create({ name });
      await shard?.ingest(texts.map((text, at) => new File([text], `p${String(at)}.txt`)));
      return shard?.id ?? '';
    },
    { texts, name },
  );
  await page.goto(`/#/shard/${id}/chunks`);
  await expect(rows(page)).toHaveCount(texts.length);
  return id;
}

const rows = (page: Page) => page.getByRole('list', { name: 'Chunks' }).getByRole('listitem');
const row = (page: Page, text: string | RegExp) => rows(page).filter({ hasText: text });
const open = (page: Page, text: string | RegExp) =>
  row(page, text).getByRole('button', { name: text }).click();
const field = (page: Page) => page.getByRole('textbox', { name: 'Text' });
const press = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).click();
const notices = (page: Page) => page.getByRole('region', { name: 'Notices' });

/** Whether a question finds a passage with these words in it. */
async function expectFound(
  page: Page,
  id: string,
  question: string,
  words: string,
  found: boolean,
) {
  const texts = await page.evaluate(
    async ({ id, question }) => {
      const shard = await window.memreel?.open(id);
      return (await shard?.search(question, { mode: 'lexical' }))?.map(({ text }) => text) ?? [];
    },
    { id, question },
  );
  expect(texts.some((text) => text.includes(words))).toBe(found);
}

test('a chunk is edited in place with its change shown, found at once, and undone', async ({
  page,
}) => {
  const id = await openChunks(page, [
    'The flutter speed was 412 feet per second.',
    'Lift is force.',
  ]);
  await open(page, /412/);
  await expect(field(page)).toBeFocused();
  await field(page).fill('The flutter speed was 421 feet per second, measured twice.');
  await expect(page.locator('del')).toContainText('412');
  await expect(page.locator('ins').first()).toContainText('421');
  await page.keyboard.press('Control+Enter');
  await expect(field(page)).toHaveCount(0);
  await expect(row(page, '421')).toContainText('edited');
  await expect(row(page, '421').getByRole('button')).toBeFocused();
  await expectFound(page, id, 'measured twice', '421', true);

  await page.reload();
  await expect(row(page, '421')).toHaveCount(1);
  // The open chunk is in the address, too.
  await open(page, /421/);
  await expect(page).toHaveURL(/open/);
  await page.reload();
  await expect(field(page)).toHaveValue(/421 feet/);
  await expectSound(page);
});

test('a wrong answer is one click away from its editor', async ({ page }) => {
  const id = await openChunks(page, ['The flutter speed was 412 feet per second.', 'Lift.']);
  await page.goto(`/#/shard/${id}/search?q=flutter%20speed`);
  const results = page.getByRole('list', { name: 'Results' });
  const answer = results.getByRole('listitem').filter({ hasText: '412' });
  await answer.getByRole('link', { name: 'Edit' }).click();
  await expect(field(page)).toHaveValue(/412 feet/);
});

test('undo and redo by their keys, from the notice, and not inside a text', async ({ page }) => {
  const id = await openChunks(page, ['One propeller.', 'Two wings.']);
  await row(page, 'Two').getByRole('button').focus();
  await page.keyboard.press('Delete');
  await expect(notices(page)).toContainText('Deleted 1 chunk.');
  await expect(row(page, 'Two')).toHaveCount(0);
  await expectFound(page, id, 'wings', 'Two', false);
  await page.keyboard.press('Control+z');
  await expect(row(page, 'Two')).toHaveCount(1);
  await expectFound(page, id, 'wings', 'Two', true);
  await page.keyboard.press('Control+Shift+z');
  await expect(row(page, 'Two')).toHaveCount(0);
  await notices(page).getByRole('button', { name: 'Undo' }).click();
  await expect(row(page, 'Two')).toHaveCount(1);

  await open(page, /One/);
  await field(page).pressSequentially('X');
  await page.keyboard.press('Control+z');
  await expect(field(page)).toHaveValue('One propeller.');
  await expect(row(page, 'Two')).toHaveCount(1);
  await expectSound(page);
});

test('split at the cursor, insert after, and join what was split', async ({ page }) => {
  await openChunks(page, ['Alpha part. Omega part.', 'Another document.']);
  await open(page, /Alpha/);
  await field(page).evaluate((area: HTMLTextAreaElement) => {
    area.setSelectionRange(11, 11);
  });
  await page.keyboard.press('ArrowRight'); // After "Alpha part. ".
  await press(page, 'Split at the cursor');
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).nth(1)).toContainText('Omega part.');

  await open(page, /Alpha/);
  await press(page, 'Insert after');
  await field(page).fill('A note of mine.');
  await press(page, 'Save');
  await expect(rows(page).nth(1)).toContainText('A note of mine.');
  await expect(rows(page).nth(1).getByRole('button')).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(rows(page)).toHaveCount(3);

  await row(page, 'Alpha').getByRole('button').focus();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByText('2 selected').first()).toBeVisible();
  await press(page, 'Join');
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText(/Alpha part\.\s*Omega part\./);
  await expectSound(page);
});

test('several at once: deleted, listed by their state, and restored', async ({ page }) => {
  const id = await openChunks(page, passages(6, 200));
  await page.getByRole('checkbox', { name: 'Select chunk 2', exact: true }).click();
  await page
    .getByRole('checkbox', { name: 'Select chunk 4', exact: true })
    .click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 selected').first()).toBeVisible();
  await press(page, 'Delete');
  await expect(rows(page)).toHaveCount(3);

  await page.getByText('Deleted', { exact: true }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).first()).toContainText('deleted');
  await expect(page).toHaveURL(/deleted/);
  await page.reload();
  await expect(rows(page)).toHaveCount(3);
  await open(page, /number1/);
  await press(page, 'Restore');
  await expect(rows(page)).toHaveCount(2);
  await expectFound(page, id, 'number1', 'number1', true);
  await expectFound(page, id, 'number2', 'number2', false);
});

test('unsaved text is asked about, kept over another screen, and never lost', async ({ page }) => {
  const id = await openChunks(page, ['One propeller.', 'Two wings.']);
  await open(page, /One/);
  await page.keyboard.press('Escape');
  await expect(field(page)).toHaveCount(0);
  await expect(row(page, 'One').getByRole('button')).toBeFocused();

  await page.keyboard.press('Enter');
  await field(page).fill('One turboprop.');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Discard changes' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(field(page)).toHaveValue('One turboprop.');
  await page.goto(`/#/shard/${id}/history`);
  await expect(page.getByRole('list', { name: 'History' })).toBeVisible();
  await page.goto(`/#/shard/${id}/chunks`);
  await expect(field(page)).toHaveValue('One turboprop.');
});

test('a change in another tab is shown beside what is typed, and either may stay', async ({
  page,
  context,
}) => {
  const id = await openChunks(page, ['One propeller.', 'Two wings.']);
  await open(page, /One/);
  await field(page).fill('Mine.');
  const other = await context.newPage();
  await other.goto(`/#/shard/${id}/chunks`);
  const saveThere = async (theirs: string): Promise<void> => {
    await open(other, /One|Mine/);
    await field(other).fill(theirs);
    await other.keyboard.press('Control+Enter');
    await expect(row(other, theirs)).toHaveCount(1);
  };
  const conflict = page.getByRole('region', { name: /changed somewhere else/ });

  await saveThere('Theirs.');
  await expect(conflict).toContainText('Theirs.');
  await expect(field(page)).toHaveValue('Mine.');
  await press(page, 'Save mine over it');
  await expect(row(page, 'Mine.')).toHaveCount(1);
  await expect(row(other, 'Mine.')).toHaveCount(1);

  await open(page, /Mine/);
  await field(page).fill('Mine again.');
  await saveThere('Theirs again.');
  await expect(conflict).toContainText('Theirs again.');
  await press(page, 'Take theirs');
  await expect(field(page)).toHaveValue('Theirs again.');
  await expect(conflict).toHaveCount(0);
  await expectSound(page);
});

test('Try on a clone opens the same list of a clone, which edits alone', async ({ page }) => {
  const id = await openChunks(page, ['One propeller.', 'Two wings.']);
  await page.getByRole('searchbox', { name: 'Search' }).fill('propeller');
  await expect(rows(page)).toHaveCount(1);
  await press(page, 'Try on a clone');
  await expect(page.getByText('Wind tunnel – trial').first()).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('propeller');
  await expect(page).not.toHaveURL(new RegExp(id));
  await open(page, /One/);
  await field(page).fill('One trial propeller.');
  await press(page, 'Save');
  await expect(row(page, 'trial')).toHaveCount(1);
  await page.goto(`/#/shard/${id}/chunks`);
  await expect(row(page, 'One propeller.')).toHaveCount(1);
  await expect(row(page, 'trial')).toHaveCount(0);
  await expectSound(page);
});
