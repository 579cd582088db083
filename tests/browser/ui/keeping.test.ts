import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { CompactionPlan, Library, Shard, Work } from '../../../src/lib/api';
import { ReadOnlyError } from '../../../src/lib/errors';
import { LongCall } from '../../../src/lib/ui/long-call.svelte';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { keepingStrings } from '../../../src/lib/ui/strings/keeping';
import CompactDialog from '../../../src/routes/shard/CompactDialog.svelte';
import PurgeDialog from '../../../src/routes/shard/PurgeDialog.svelte';
import RetentionForm from '../../../src/routes/shard/RetentionForm.svelte';

/** Stays until it is aborted, as an engine does. */
const untilAborted = <T>({ signal }: Work = {}): Promise<T> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

test('a call runs once at a time, is over when its callee stopped, and can run again', async () => {
  const call = new LongCall<string>();
  const first = call.run((work) => {
    work.onProgress({ stage: 'encode', done: 1, total: 4 });
    return untilAborted(work);
  });
  expect(call.fraction).toBe(0.25);
  expect(await call.run(() => Promise.resolve('second'))).toBeUndefined();
  expect(call.busy).toBe(true);
  call.cancel();
  expect(await first).toBeUndefined();
  expect(call.state).toEqual({ phase: 'cancelled' });
  expect(await call.run(() => Promise.resolve('again'))).toEqual({ value: 'again' });
  await call.run(() => Promise.reject(new Error('broken')));
  expect(call.state).toMatchObject({ phase: 'failed', error: { message: 'broken' } });
});

const words = keepingStrings.purge;

test('nothing is purged before the word is typed; then the report says what was done', async () => {
  const purge = vi.fn<Shard['purge']>(() =>
    Promise.resolve({
      chunks: 2,
      shards: 3,
      versions: 7,
      segments: 1,
      freedBytes: 4096,
      scanned: { bytes: 1_000_000, frames: 12 },
      found: [{ where: 'chunk c', message: 'Another chunk has the same words.' }],
    }),
  );
  const screen = await render(PurgeDialog, {
    shard: { purge },
    uuids: ['a', 'b'],
    onclose: vi.fn(),
  });
  const dialog = screen.getByRole('dialog', { name: 'Purge' });
  await expect.element(dialog).toHaveTextContent(words.outOfReach);
  const act = dialog.getByRole('button', { name: words.act, exact: true });
  await expect.element(act).toBeDisabled();
  await dialog.getByRole('textbox').fill('purg');
  await expect.element(act).toBeDisabled();
  await dialog.getByRole('textbox').fill('Purge');
  await act.click();
  expect(purge.mock.calls[0]?.[0]).toEqual(['a', 'b']);
  await expect.element(dialog).toHaveTextContent(words.rewritten(3, 7, 1));
  await expect.element(dialog).toHaveTextContent('Another chunk has the same words.');
});

test('a purge that other tabs are in the way of says so, and can be tried again', async () => {
  const purge = vi.fn<Shard['purge']>(() => Promise.reject(new ReadOnlyError('Tab “Notes”.')));
  const screen = await render(PurgeDialog, { shard: { purge }, uuids: ['a'], onclose: vi.fn() });
  await screen.getByRole('textbox').fill(words.word);
  const act = screen.getByRole('button', { name: words.act, exact: true });
  await act.click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('Tab “Notes”.');
  await expect.element(act).toBeEnabled();
});

const segment = { frames: 100, bytes: 50_000, textBytes: 90_000, wholeFrames: 50, partFrames: 20 };
const PLAN: CompactionPlan = {
  threshold: 0.2,
  segments: [
    { ...segment, id: 's1', deadTextBytes: 45_000, deadFrames: 30, rewrite: true },
    { ...segment, id: 's2', deadTextBytes: 0, deadFrames: 0, rewrite: false },
  ],
  overlays: { chunks: 3, textBytes: 900 },
  frames: { before: 200, after: 161 },
  bytes: { before: 100_000, after: 80_500 },
};

async function showCompact(part: Partial<Shard>, gc?: Library['gc']) {
  const planCompaction = vi.fn<Shard['planCompaction']>(() => Promise.resolve(PLAN));
  const shard = { planCompaction, ...part };
  const close = vi.fn();
  const screen = await render(CompactDialog, {
    library: { gc },
    open: () => Promise.resolve(shard),
    head: 'v1',
    close,
  });
  const dialog = screen.getByRole('dialog', { name: 'Compact' });
  await expect.element(dialog.getByRole('table')).toBeVisible();
  return { dialog, planCompaction, close };
}

test('compaction shows its dry run per segment, and says what frees the disk', async () => {
  const { dialog, planCompaction } = await showCompact({});
  const compact = keepingStrings.compact;
  await expect.element(dialog).toHaveTextContent(compact.onlyFreed);
  const rows = dialog
    .getByRole('row')
    .elements()
    .map((row) => row.textContent);
  expect(rows[1]).toContain(compact.rewrite);
  expect(rows[1]).toContain('50%');
  expect(rows[2]).toContain(compact.stay);
  expect(rows[3]).toContain(compact.totalFrames(200, 161));
  expect(rows[3]).toContain(compact.totalBytes(100_000, 80_500));
  await dialog.getByRole('slider').fill('35');
  await expect.poll(() => planCompaction.mock.lastCall).toEqual([{ threshold: 0.35 }]);
});

test('the three steps can be taken one after another', async () => {
  const compact = vi.fn<Shard['compact']>(() =>
    Promise.resolve({
      version: 'v2',
      frames: { before: 200, after: 160, copied: 100, encoded: 60 },
      bytes: { before: 100_000, after: 80_000 },
      seconds: 3,
    }),
  );
  const release = vi.fn<Shard['release']>(() => Promise.resolve({ released: 8 }));
  const gc = vi.fn<Library['gc']>(() =>
    Promise.resolve({ freedBytes: 50_000, waitingBytes: 700, waitingFor: ['Tab “Notes”'] }),
  );
  const { dialog } = await showCompact({ compact, release }, gc);
  await dialog.getByRole('button', { name: 'Compact' }).click();
  expect(compact.mock.calls[0]?.[0]?.threshold).toBe(0.2);
  const { compact: said, release: released, gc: freed } = keepingStrings;
  await expect.element(dialog.getByText(said.done(100_000, 80_000, 3))).toBeVisible();

  await dialog.getByRole('button', { name: released.open }).click();
  expect(release).not.toHaveBeenCalled();
  await expect.element(dialog).toHaveTextContent(released.note);
  await dialog.getByRole('spinbutton').fill('2');
  await dialog.getByRole('button', { name: released.act, exact: true }).click();
  await expect.element(dialog.getByText(released.done(8))).toBeVisible();
  expect(release).toHaveBeenCalledExactlyOnceWith({ keepLast: 2 });

  await dialog.getByRole('button', { name: freed.act }).click();
  await expect.element(dialog.getByText(freed.freed(50_000))).toBeVisible();
  await expect.element(dialog.getByText('Tab “Notes”')).toBeVisible();
});

test('a compaction shows how far it is and can be cancelled, which leaves the shard as it was', async () => {
  const compact = vi.fn<Shard['compact']>((options) => {
    options?.onProgress?.({ stage: 'verify', done: 30, total: 60 });
    return untilAborted(options);
  });
  const { dialog, close } = await showCompact({ compact });
  await dialog.getByRole('button', { name: 'Compact' }).click();
  await expect.element(dialog.getByRole('progressbar')).toHaveAttribute('value', '0.5');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect.element(dialog.getByText(keepingStrings.compact.cancelled)).toBeVisible();
  expect(close).not.toHaveBeenCalled();
});

test('retention says in words what will happen, and saves it in seconds and bytes', async () => {
  const retention = vi.fn<Shard['retention']>(() => Promise.reject(new Error('not here')));
  const app = {
    shards: { open: () => Promise.resolve({ retention }) },
    notices: new Notices(),
  };
  const said = keepingStrings.retention;
  const shard = { id: 's', due: 4 };
  const screen = await render(RetentionForm, { app, shard });
  await expect.element(screen.getByText(said.keepsAll)).toBeVisible();
  await expect.element(screen.getByText(said.due(4))).toBeVisible();
  await screen.getByRole('spinbutton', { name: said.days }).fill('30');
  await screen.getByRole('spinbutton', { name: said.megabytes }).fill('1.5');
  await screen.getByRole('combobox').selectOptions('least-used');
  await expect.element(screen.getByText(said.willExpire(30))).toBeVisible();
  await screen.getByRole('button', { name: said.save }).click();
  expect(retention).toHaveBeenCalledExactlyOnceWith({
    ttlSeconds: 2_592_000,
    maxBytes: 1_500_000,
    evict: 'least-used',
  });
  await expect.element(screen.getByRole('alert')).toHaveTextContent('not here');
});
