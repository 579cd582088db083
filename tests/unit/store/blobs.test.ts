/** Removing a blob while others put it or look for it: what is said to be there has to be there. */
import { expect, it } from 'vitest';
import { Blobs } from '../../../src/lib/store/blobs';
import { digestOf } from '../../../src/lib/store/digest';
import type { Digest } from '../../../src/lib/store/digest';
import { blobPath } from '../../../src/lib/store/layout';
import { MemoryFileSystem } from '../../../src/lib/store/memory';

/** Files whose reading, opening or removing ends only when the test says so. */
class GatedFileSystem extends MemoryFileSystem {
  gate: { of: 'read' | 'open' | 'remove'; until: Promise<void>; reached: () => void } | undefined;

  /** The next such call waits for `open`; `reached` resolves once it does. */
  close(of: 'read' | 'open' | 'remove'): { open: () => void; reached: Promise<void> } {
    let open = (): void => undefined;
    const until = new Promise<void>((resolve) => (open = resolve));
    const reached = new Promise<void>((resolve) => {
      this.gate = { of, until, reached: resolve };
    });
    return { open, reached };
  }

  async #wait(of: 'read' | 'open' | 'remove'): Promise<void> {
    const { gate } = this;
    if (gate?.of !== of) return;
    this.gate = undefined;
    gate.reached();
    await gate.until;
  }

  override async read(path: string) {
    const blob = await super.read(path);
    await this.#wait('read');
    return blob;
  }

  override async open(path: string, options: { create: boolean }) {
    await this.#wait('open');
    return super.open(path, options);
  }

  override async remove(path: string) {
    await this.#wait('remove');
    await super.remove(path);
  }
}

const bytes = new Uint8Array(100).fill(7);

async function stored(): Promise<{ fs: GatedFileSystem; blobs: Blobs; digest: Digest }> {
  const fs = new GatedFileSystem();
  const blobs = new Blobs(fs);
  return { fs, blobs, digest: await blobs.put(bytes) };
}

it('a put of what is just being removed waits, and writes it anew', async () => {
  const { fs, blobs, digest } = await stored();
  const gate = fs.close('remove');
  const removing = blobs.remove(digest);
  await gate.reached;
  const puts = new Set<Digest>();
  let put = false;
  const putting = blobs.put(bytes, puts).then(() => (put = true));
  // Long enough for all that a put does where nothing is removed.
  for (let i = 0; i < 5; i++) await new Blobs(new MemoryFileSystem()).put(bytes);
  expect(put).toBe(false);
  gate.open();
  expect(await removing).toBe(true);
  await putting;
  expect(await blobs.read(digest)).toEqual(bytes);
  expect([...puts]).toEqual([digest]);
});

it('what is just being put is not removed, and is noted before it is there', async () => {
  const fs = new GatedFileSystem();
  const blobs = new Blobs(fs);
  const puts = new Set<Digest>();
  const gate = fs.close('open');
  const putting = blobs.put(bytes, puts);
  await gate.reached;
  const digest = await digestOf(bytes);
  expect(puts.has(digest)).toBe(true);
  expect(await blobs.remove(digest)).toBe(false);
  gate.open();
  await putting;
  expect(await blobs.read(digest)).toEqual(bytes);
});

it('a look that began before a removal does not vouch for the blob after it', async () => {
  const { fs, digest } = await stored();
  const blobs = new Blobs(fs); // one that has not seen it yet
  const gate = fs.close('read');
  const looking = blobs.has(digest);
  await gate.reached;
  await blobs.remove(digest);
  gate.open();
  await looking;
  expect(await blobs.has(digest)).toBe(false);
  expect(await fs.read(blobPath(digest))).toBeUndefined();
});

it('a put that fails is not noted, unless it was before', async () => {
  const { fs, blobs, digest } = await stored();
  fs.open = () => Promise.reject(new Error('no'));
  const puts = new Set<Digest>([digest]);
  const other = Uint8Array.of(1);
  await expect(blobs.put(other, puts)).rejects.toThrow('no');
  await fs.remove(blobPath(digest));
  await expect(blobs.put(bytes, puts)).rejects.toThrow('no');
  expect([...puts]).toEqual([digest]);
});
