/** The callee's half of a typed call: runs the handlers and answers. Knows nothing of what they do. */
import { fromWire, toWire } from './wire-error';
import {
  Transferred,
  type CallContext,
  type Caller,
  type Endpoint,
  type Handlers,
  type Procedure,
  type Protocol,
  type Request,
  type Response,
} from './protocol';

interface Answer {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

interface Running {
  readonly abort: AbortController;
  readonly answers: Map<number, Answer>;
}

type AnyHandler = (args: unknown, context: CallContext<Procedure>) => Promise<unknown>;

/** Serves `handlers` to whoever calls through `endpoint`. */
export function serve<P extends Protocol<P>>(endpoint: Endpoint, handlers: Handlers<P>): void {
  const running = new Map<number, Running>();
  const table = handlers as Record<PropertyKey, AnyHandler | undefined>;

  const send = (response: Response, transfer: Transferable[] = []): void => {
    endpoint.postMessage(response, transfer);
  };

  const run = async (id: number, method: PropertyKey, args: unknown): Promise<void> => {
    const call: Running = { abort: new AbortController(), answers: new Map() };
    running.set(id, call);
    let questions = 0;
    const context: CallContext<Procedure> = {
      signal: call.abort.signal,
      progress: (progress: unknown) => {
        send({ id, kind: 'progress', progress });
      },
      question: (ask: unknown) =>
        new Promise<never>((resolve, reject) => {
          const question = ++questions;
          call.answers.set(question, { resolve, reject });
          send({ id, kind: 'question', question, ask });
        }),
    };
    try {
      const handler = table[method];
      if (!handler) throw new Error(`There is no procedure ${String(method)}.`);
      const reply = await handler(args, context);
      if (reply instanceof Transferred)
        send({ id, kind: 'reply', reply: reply.value }, reply.transfer);
      else send({ id, kind: 'reply', reply });
    } catch (error) {
      send({ id, kind: 'error', error: toWire(error) });
    } finally {
      running.delete(id);
    }
  };

  endpoint.addEventListener('message', (event) => {
    const request = event.data as Request;
    switch (request.kind) {
      case 'call':
        void run(request.id, request.method, request.args);
        return;
      case 'abort':
        running.get(request.id)?.abort.abort();
        return;
      case 'answer': {
        const answer = running.get(request.id)?.answers.get(request.question);
        if (request.error) answer?.reject(fromWire(request.error));
        else answer?.resolve(request.answer);
        return;
      }
    }
  });
}

/** Serves in the same thread: the caller's view of handlers that need no worker. Nothing is cloned. */
export function callDirectly<P extends Protocol<P>>(handlers: Handlers<P>): Caller<P> {
  return {
    async call(method, args, options = {}) {
      const signal = options.signal ?? new AbortController().signal;
      signal.throwIfAborted();
      const reply = await handlers[method](args, {
        signal,
        progress: (progress) => options.onProgress?.(progress),
        question: (ask) =>
          options.onQuestion?.(ask) ?? Promise.reject(new Error('Nobody answers questions here.')),
      });
      return reply instanceof Transferred ? reply.value : reply;
    },
    close: () => undefined,
  };
}
