/**
 * The caller's half of a typed call. Knows nothing of what is called.
 * A call settles exactly once: with the reply, with the callee's error, with `signal.reason` after
 * an abort that the callee obeyed, or with WorkerLostError when the callee died.
 */
import { WorkerLostError } from '../errors';
import type {
  Caller,
  CallOptions,
  Endpoint,
  Procedure,
  Protocol,
  Request,
  Response,
} from './protocol';
import { fromWire, toWire } from './wire-error';

interface Pending {
  resolve(reply: unknown): void;
  reject(reason: Error): void;
  progress(progress: unknown): void;
  question(ask: unknown): Promise<unknown>;
  signal: AbortSignal | undefined;
}

export class Client<P extends Protocol<P>> implements Caller<P> {
  readonly #endpoint: Endpoint;
  readonly #end: () => void;
  readonly #pending = new Map<number, Pending>();
  readonly #listener = (event: MessageEvent<unknown>): void => {
    this.#receive(event.data as Response);
  };
  #next = 1;
  #lost: WorkerLostError | undefined;

  /** @param end what ends the callee, such as `worker.terminate` */
  constructor(endpoint: Endpoint, end: () => void) {
    this.#endpoint = endpoint;
    this.#end = end;
    endpoint.addEventListener('message', this.#listener);
  }

  /** True once nothing can be called any more. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  call<K extends keyof P>(
    method: K,
    args: P[K]['args'],
    options: CallOptions<P[K]> = {},
  ): Promise<P[K]['reply']> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#next++;
    return new Promise<unknown>((resolve, reject) => {
      const abort = (): void => {
        this.#send({ id, kind: 'abort' });
      };
      const settled = (): void => {
        signal?.removeEventListener('abort', abort);
      };
      this.#pending.set(id, {
        resolve: (reply) => {
          settled();
          resolve(reply);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
        // The protocol types both ends; between them everything is `unknown`.
        progress: (progress) =>
          (options.onProgress as ((p: unknown) => void) | undefined)?.(progress),
        question: askedOf(options),
        signal,
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.#send({ id, kind: 'call', method, args }, options.transfer);
    });
  }

  close(): void {
    this.lose(new WorkerLostError('The worker was closed before it answered.'));
  }

  /** Rejects everything under way: the callee is gone. */
  lose(error: WorkerLostError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#endpoint.removeEventListener('message', this.#listener);
    this.#end();
    for (const pending of this.#pending.values()) {
      pending.reject(reasonOf(pending, error));
    }
    this.#pending.clear();
  }

  #send(request: Request, transfer: Transferable[] = []): void {
    this.#endpoint.postMessage(request, transfer);
  }

  #receive(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (!pending) return; // another client's answer on a shared channel
    switch (response.kind) {
      case 'progress':
        pending.progress(response.progress);
        return;
      case 'question':
        void this.#answer(response.id, response.question, pending.question(response.ask));
        return;
      case 'reply':
        this.#pending.delete(response.id);
        pending.resolve(response.reply);
        return;
      case 'error':
        this.#pending.delete(response.id);
        pending.reject(reasonOf(pending, fromWire(response.error)));
        return;
    }
  }

  async #answer(id: number, question: number, answer: Promise<unknown>): Promise<void> {
    try {
      this.#send({ id, kind: 'answer', question, answer: await answer });
    } catch (error) {
      this.#send({ id, kind: 'answer', question, error: toWire(error) });
    }
  }
}

/** What a call rejects with: after an abort its reason, of whatever type, as `fetch` does. */
function reasonOf({ signal }: Pending, error: Error): Error {
  return signal?.aborted ? (signal.reason as Error) : error;
}

function askedOf<C extends Procedure>(options: CallOptions<C>): (ask: unknown) => Promise<unknown> {
  const answer = options.onQuestion as ((ask: unknown) => Promise<unknown>) | undefined;
  return answer ?? (() => Promise.resolve(undefined));
}

/** Calls a dedicated worker. Its death, or a message that cannot be read, rejects its calls. */
export function wrapWorker<P extends Protocol<P>>(worker: Worker): Client<P> {
  const client = new Client<P>(worker, () => {
    worker.terminate();
  });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    client.lose(new WorkerLostError(event.message || 'A worker failed to start.'));
  });
  worker.addEventListener('messageerror', () => {
    client.lose(new WorkerLostError('A message of a worker could not be read.'));
  });
  return client;
}
