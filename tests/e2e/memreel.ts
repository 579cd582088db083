/** What the end-to-end tests of the library share: a page with an open library, and texts. */
import { expect, type Page } from '@playwright/test';
import type { Library } from '../../src/lib';

declare global {
  interface Window {
    memreel?: Library;
  }
}

/** Opens the app and waits until its library is open. */
export async function openApp(page: Page): Promise<void> {
  await page.goto('/');
  await libraryOpen(page);
}

export async function libraryOpen(page: Page): Promise<void> {
  await page.waitForFunction(() => window.memreel !== undefined);
}

/** Passages of plain English, each of about `length` characters, the same for a number. */
export function passages(count: number, length = 900): string[] {
  const words = 'wing lift flow panel flutter heat shock layer speed blade wake jet duct'.split(
    ' ',
  );
  return Array.from({ length: count }, (_, at) => {
    let text = `Passage number${String(at)} is about`;
    for (let word = at; text.length < length; word += 1 + (at % 5)) {
      text += ` ${words[word % words.length] ?? ''} ${String((word * 37) % 101)}`;
    }
    return `${text}.\n`;
  });
}

/** Fails with the page's own words when a check of the store finds anything. */
export async function expectSound(page: Page): Promise<void> {
  const report = await page.evaluate(() => window.memreel?.check({ deep: true }));
  expect(report).toMatchObject({ ok: true, problems: [] });
}
