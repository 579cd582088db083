import { MessageChannel, type MessagePort as NodePort } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { InvalidError, NotFoundError, WorkerLostError } from '../../../src/lib/errors';
import { Client } from '../../../src/lib/rpc/client';
import { LendingPool, WorkerPool } from '../../../src/lib/rpc/pool';
import { Transferred, type Endpoint, type Handlers } from '../../../src/lib/rpc/protocol';
import { callDirectly, serve } from '../../../src/lib/rpc/server';

interface Arithmetic {
  add: { args: { a: number; b: number }; reply: number };
  count: { args: { to: number }; reply: number; progress: number };
  ask: { args: null; reply: string; question: { ask: string; answer: string } };
  wait: { args: null; reply: void };
  fail: { args: { how: 'invalid' | 'bug' }; reply: void };
  buffer: { args: ArrayBuffer; reply: ArrayBuffer };
  die: { args: null; reply: void };
}

const handlers: Handlers<Arithmetic> = {
  add: ({ a, b }) => Promise.resolve(a + b),
  count: ({ to }, { progress }) => {
    for (let at = 1; at <= to; at++) progress(at);
    return Promise.resolve(to);
  },
  ask: async (_, { question }) => `${await question('who?')}!`,
  wait: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    }),
  fail: ({ how }) =>
    Promise.reject(
      how === 'bug' ? new RangeError('oh') : new InvalidError('no', { subject: 'a.txt' }),
    ),
  buffer: (given) => Promise.resolve(new Transferred(given, [given])),
  die: () => new Promise(() => undefined),
};

const ports: NodePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** Real message ports: structured clone and transfer are the platform's own. */
function connected(): Client<Arithmetic> {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serve(endpointOf(port2), handlers);
  return new Client<Arithmetic>(endpointOf(port1), () => {
    port1.close();
  });
}

function endpointOf(port: NodePort): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => {
      port.postMessage(message, transfer as ArrayBuffer[]);
    },
    addEventListener: (_, listener) => {
      const told = (data: unknown): void => {
        listener(new MessageEvent('message', { data }));
      };
      listeners.set(listener, told);
      port.on('message', told);
    },
    removeEventListener: (_, listener) => {
      const told = listeners.get(listener);
      if (told) port.off('message', told);
    },
  };
}

describe('a call', () => {
  test('comes back with its reply, many at a time', async () => {
    const client = connected();
    const sums = [1, 2, 3].map((a) => client.call('add', { a, b: 10 }));
    expect(await Promise.all(sums)).toEqual([11, 12, 13]);
  });

  test('tells its progress before its reply', async () => {
    const seen: number[] = [];
    await connected().call('count', { to: 3 }, { onProgress: (at) => seen.push(at) });
    expect(seen).toEqual([1, 2, 3]);
  });

  test('may ask the caller in the middle', async () => {
    const onQuestion = (ask: string): Promise<string> => Promise.resolve(`you asked ${ask}`);
    expect(await connected().call('ask', null, { onQuestion })).toBe('you asked who?!');
  });

  test('rejects with what the caller’s answer threw', async () => {
    const onQuestion = (): Promise<string> => Promise.reject(new NotFoundError('nobody'));
    await expect(connected().call('ask', null, { onQuestion })).rejects.toThrow('nobody');
  });

  test('keeps an error’s class, code and subject', async () => {
    const error = await connected()
      .call('fail', { how: 'invalid' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidError);
    expect(error).toMatchObject({ code: 'invalid', subject: 'a.txt', message: 'no' });
  });

  test('keeps a bug’s name', async () => {
    await expect(connected().call('fail', { how: 'bug' })).rejects.toMatchObject({
      name: 'RangeError',
      message: 'oh',
    });
  });

  test('moves buffers both ways', async () => {
    const buffer = new ArrayBuffer(8);
    const reply = await connected().call('buffer', buffer, { transfer: [buffer] });
    expect(buffer.byteLength).toBe(0);
    expect(reply.byteLength).toBe(8);
  });

  test('aborted in the middle rejects with the caller’s reason', async () => {
    const abort = new AbortController();
    const waiting = connected().call('wait', null, { signal: abort.signal });
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('aborted before it began never reaches the callee', async () => {
    const reason = new Error('never');
    const call = connected().call('add', { a: 1, b: 1 }, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });

  test('rejects when the callee is lost, and so does every later one', async () => {
    const client = connected();
    const dying = client.call('die', null);
    client.lose(new WorkerLostError('gone'));
    await expect(dying).rejects.toThrow(WorkerLostError);
    await expect(client.call('add', { a: 1, b: 1 })).rejects.toThrow(WorkerLostError);
  });

  test('is the same without a boundary', async () => {
    const direct = callDirectly(handlers);
    expect(await direct.call('add', { a: 1, b: 2 })).toBe(3);
    expect((await direct.call('buffer', new ArrayBuffer(4))).byteLength).toBe(4);
    await expect(direct.call('fail', { how: 'invalid' })).rejects.toThrow(InvalidError);
  });
});

describe('a pool', () => {
  test('starts no more than its size, and reuses what is free', async () => {
    let started = 0;
    const pool = new WorkerPool<Arithmetic>(() => (started++, connected()), { size: 2 });
    const sums = await Promise.all([1, 2, 3, 4, 5].map((a) => pool.call('add', { a, b: 0 })));
    expect(sums).toEqual([1, 2, 3, 4, 5]);
    await pool.call('add', { a: 1, b: 1 });
    expect(started).toBe(2);
  });

  test('replaces a worker that died, and goes on', async () => {
    const clients: Client<Arithmetic>[] = [];
    const pool = new WorkerPool<Arithmetic>(
      () => {
        const client = connected();
        clients.push(client);
        return client;
      },
      { size: 1 },
    );
    const dying = pool.call('die', null);
    const next = pool.call('add', { a: 2, b: 3 });
    await Promise.resolve(); // the first call has taken its worker
    clients[0]?.lose(new WorkerLostError('crashed'));
    await expect(dying).rejects.toThrow('crashed');
    expect(await next).toBe(5);
    expect(clients).toHaveLength(2);
  });

  test('ends workers that were idle for a while, and starts new ones after', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const clients: Client<Arithmetic>[] = [];
      const start = (): Client<Arithmetic> => {
        const client = connected();
        clients.push(client);
        return client;
      };
      const pool = new WorkerPool<Arithmetic>(start, { size: 1, idle: 1000 });
      await pool.call('add', { a: 1, b: 1 });
      vi.advanceTimersByTime(999);
      expect(clients[0]?.lost).toBe(false);
      vi.advanceTimersByTime(1);
      expect(clients[0]?.lost).toBe(true);
      expect(await pool.call('add', { a: 2, b: 2 })).toBe(4);
      expect(clients).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('closed takes no more calls, and rejects those that wait', async () => {
    const pool = new WorkerPool<Arithmetic>(connected, { size: 1 });
    const running = pool.call('die', null);
    const waiting = pool.call('add', { a: 1, b: 1 });
    pool.close();
    await expect(running).rejects.toThrow(WorkerLostError);
    await expect(waiting).rejects.toThrow(WorkerLostError);
    await expect(pool.call('add', { a: 1, b: 1 })).rejects.toThrow(WorkerLostError);
  });
});

describe('a pool that is warmed', () => {
  test('has started what it was told to, but no more than its size, and uses it', async () => {
    let started = 0;
    const pool = new WorkerPool<Arithmetic>(() => (started++, connected()), { size: 3 });
    pool.warm(2);
    expect(started).toBe(2);
    pool.warm(9);
    expect(started).toBe(3);
    await Promise.all([1, 2, 3, 4].map((a) => pool.call('add', { a, b: 0 })));
    pool.warm(3);
    expect(started).toBe(3);
  });

  test('ends what nobody used, and starts nothing once closed', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const clients: Client<Arithmetic>[] = [];
      const start = (): Client<Arithmetic> => {
        const client = connected();
        clients.push(client);
        return client;
      };
      const pool = new WorkerPool<Arithmetic>(start, { size: 2, idle: 1000 });
      pool.warm(2);
      vi.advanceTimersByTime(1000);
      expect(clients.map(({ lost }) => lost)).toEqual([true, true]);
      pool.close();
      pool.warm(2);
      expect(clients).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a lending pool', () => {
  function lending(): { pool: LendingPool<Arithmetic>; clients: Client<Arithmetic>[] } {
    const clients: Client<Arithmetic>[] = [];
    const start = (): Client<Arithmetic> => {
      const client = connected();
      clients.push(client);
      return client;
    };
    return { pool: new LendingPool<Arithmetic>(start, { idle: 1000 }), clients };
  }

  test('lends each worker to one at a time, and again once it was given back', async () => {
    const { pool, clients } = lending();
    const first = pool.lend();
    const second = pool.lend();
    expect(clients).toHaveLength(2);
    expect(await first.call('add', { a: 1, b: 2 })).toBe(3);
    first.giveBack();
    first.giveBack(); // once is enough
    const third = pool.lend();
    const fourth = pool.lend();
    expect(clients).toHaveLength(3);
    expect(await third.call('add', { a: 2, b: 2 })).toBe(4);
    for (const loan of [second, third, fourth]) loan.giveBack();
  });

  test('lends nothing that was closed or lost', () => {
    const { pool, clients } = lending();
    pool.lend().close();
    expect(clients[0]?.lost).toBe(true);
    const loan = pool.lend();
    clients[1]?.lose(new WorkerLostError('crashed'));
    loan.giveBack();
    pool.lend();
    expect(clients).toHaveLength(3);
  });

  test('ends those that nobody asked for again, and leaves lent ones alone', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { pool, clients } = lending();
      const kept = pool.lend();
      pool.lend().giveBack();
      vi.advanceTimersByTime(999);
      expect(clients[1]?.lost).toBe(false);
      vi.advanceTimersByTime(1);
      expect(clients.map(({ lost }) => lost)).toEqual([false, true]);
      kept.giveBack();
    } finally {
      vi.useRealTimers();
    }
  });

  test('closed ends all of them, and lends no more', async () => {
    const { pool, clients } = lending();
    const dying = pool.lend().call('die', null);
    pool.lend().giveBack();
    pool.close();
    await expect(dying).rejects.toThrow(WorkerLostError);
    expect(clients.map(({ lost }) => lost)).toEqual([true, true]);
    expect(() => pool.lend()).toThrow(WorkerLostError);
  });
});
