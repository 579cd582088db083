/** Locks within one process keep the promises of Web Locks that the store relies on. */
import { describe, expect, it } from 'vitest';
import { holdLock, MemoryLocks, tryLock } from '../../../src/lib/store/locks';

const { signal } = new AbortController();

describe('memory locks', () => {
  it('give an exclusive lock to one at a time, in order', async () => {
    const locks = new MemoryLocks();
    const order: number[] = [];
    const turns = [1, 2, 3].map((turn) =>
      locks.request('l', {}, async () => {
        order.push(turn);
        await Promise.resolve();
        order.push(-turn);
      }),
    );
    await Promise.all(turns);
    expect(order).toEqual([1, -1, 2, -2, 3, -3]);
  });

  it('share a shared lock, and keep an exclusive one waiting for all of them', async () => {
    const locks = new MemoryLocks();
    const one = await holdLock(locks, 'l', 'shared', signal);
    const two = await holdLock(locks, 'l', 'shared', signal);
    let got = false;
    const third = holdLock(locks, 'l', 'exclusive', signal).then((release) => {
      got = true;
      return release;
    });
    const busy = await locks.request('l', { ifAvailable: true }, (lock) => Promise.resolve(lock));
    expect(busy).toBeNull();
    void one();
    await locks.request('other', {}, () => Promise.resolve());
    expect(got).toBe(false);
    void two();
    await (
      await third
    )();
    await locks.request('l', {}, () => Promise.resolve());
    const free = await locks.request('l', { ifAvailable: true }, (lock) => Promise.resolve(lock));
    expect(free).not.toBeNull();
  });

  it('let a waiting one give up without harm to those behind it', async () => {
    const locks = new MemoryLocks();
    const release = await holdLock(locks, 'l', 'shared', signal);
    const stop = new AbortController();
    const waiting = holdLock(locks, 'l', 'exclusive', stop.signal);
    const behind = holdLock(locks, 'l', 'shared', signal);
    stop.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await (
      await behind
    )();
    await release();
  });

  it('are free again after the holder has thrown', async () => {
    const locks = new MemoryLocks();
    const failing = locks.request('l', {}, () => Promise.reject(new Error('over')));
    await expect(failing).rejects.toThrow('over');
    await (
      await holdLock(locks, 'l', 'exclusive', signal)
    )();
  });

  it('tell who holds what, a row a holder', async () => {
    const locks = new MemoryLocks();
    const names = async () => (await locks.query()).held.map(({ name }) => name).sort();
    const one = await holdLock(locks, 'l', 'shared');
    const two = await holdLock(locks, 'l', 'shared');
    const three = await holdLock(locks, 'm', 'exclusive');
    expect(await names()).toEqual(['l', 'l', 'm']);
    await Promise.all([one(), three()]);
    expect(await names()).toEqual(['l']);
    await two();
    expect(await names()).toEqual([]);
  });

  it('are taken at once or not at all, and free as soon as letting go resolves', async () => {
    const locks = new MemoryLocks();
    const shared = await holdLock(locks, 'l', 'shared');
    expect(await tryLock(locks, 'l')).toBeNull();
    await shared();
    const alone = await tryLock(locks, 'l');
    expect(await tryLock(locks, 'l')).toBeNull();
    await alone?.();
    await (
      await tryLock(locks, 'l')
    )?.();
    expect((await locks.query()).held).toEqual([]);
  });
});
