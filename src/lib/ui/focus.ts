/** Moves the keyboard's focus between a screen's search box and its results. */

/** To the one search box of the screen, if it has one. */
export function focusSearchBox(): void {
  document.querySelector<HTMLInputElement>('[data-search-box]')?.focus();
}

/** To a result by its place, or to the last one where there are fewer. */
export function focusResult(index: number): void {
  const items = document.querySelectorAll<HTMLElement>('[data-results] > li');
  const item = items[Math.min(index, items.length - 1)];
  item?.focus({ preventScroll: true });
  item?.scrollIntoView({ block: 'nearest' });
}
