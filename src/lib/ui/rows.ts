/** Which rows of a long list of equal heights are on the screen. Pure; all sizes in CSS pixels. */

export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
}

/**
 * The rows `[first, last)` that touch the viewport, with `overscan` more on either side, so that a
 * quick scroll does not show blanks.
 */
export function visibleRows(
  viewport: Viewport,
  rowHeight: number,
  count: number,
  overscan: number,
): [first: number, last: number] {
  const top = Math.max(0, viewport.scrollTop);
  const first = Math.floor(top / rowHeight) - overscan;
  const last = Math.ceil((top + viewport.height) / rowHeight) + overscan;
  const end = Math.min(count, Math.max(0, last));
  return [Math.min(end, Math.max(0, first)), end];
}
