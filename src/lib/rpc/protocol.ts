/**
 * What crosses the boundary between a page, its workers and its other tabs: types only.
 * A protocol is an interface whose members are `Procedure`s; arguments, replies, progress and
 * questions of every call derive from it.
 */
import type { ErrorCode } from '../errors';

/** One call of a protocol. All four travel by structured clone. */
export interface Procedure {
  args: unknown;
  reply: unknown;
  /** What the callee tells while it works. */
  progress?: unknown;
  /** What the callee may ask the caller in the middle, such as a password. */
  question?: { ask: unknown; answer: unknown };
}

export type Protocol<P> = { [K in keyof P]: Procedure };

type ProgressOf<C extends Procedure> = C extends { progress: infer T } ? T : never;
type AskOf<C extends Procedure> = C extends { question: { ask: infer T } } ? T : never;
type AnswerOf<C extends Procedure> = C extends { question: { answer: infer T } } ? T : never;

/** What a caller may add to a call. */
export interface CallOptions<C extends Procedure> {
  /** Aborting stops the callee; the call rejects with `signal.reason` once it has stopped. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ProgressOf<C>) => void) | undefined;
  onQuestion?: ((ask: AskOf<C>) => Promise<AnswerOf<C>>) | undefined;
  /** Buffers of `args` that move instead of being copied. */
  transfer?: Transferable[];
}

/** What a callee is given beside the arguments. */
export interface CallContext<C extends Procedure> {
  readonly signal: AbortSignal;
  progress(progress: ProgressOf<C>): void;
  question(ask: AskOf<C>): Promise<AnswerOf<C>>;
}

/** A reply whose buffers move to the caller instead of being copied. */
export class Transferred<T> {
  constructor(
    readonly value: T,
    readonly transfer: Transferable[],
  ) {}
}

/** The callee's side: one function a procedure. */
export type Handlers<P extends Protocol<P>> = {
  [K in keyof P]: (
    args: P[K]['args'],
    context: CallContext<P[K]>,
  ) => Promise<P[K]['reply'] | Transferred<P[K]['reply']>>;
};

/** The caller's side: a worker, a pool of workers, another tab, or the engine itself. */
export interface Caller<P extends Protocol<P>> {
  call<K extends keyof P>(
    method: K,
    args: P[K]['args'],
    options?: CallOptions<P[K]>,
  ): Promise<P[K]['reply']>;
  /** Ends what is behind it; calls under way reject with WorkerLostError. */
  close(): void;
}

/** An error as it travels. */
export interface WireError {
  code?: ErrorCode;
  name: string;
  message: string;
  subject?: string;
  stack?: string;
}

export type Request =
  | { id: number; kind: 'call'; method: PropertyKey; args: unknown }
  | { id: number; kind: 'abort' }
  | { id: number; kind: 'answer'; question: number; answer?: unknown; error?: WireError };

export type Response =
  | { id: number; kind: 'reply'; reply: unknown }
  | { id: number; kind: 'error'; error: WireError }
  | { id: number; kind: 'progress'; progress: unknown }
  | { id: number; kind: 'question'; question: number; ask: unknown };

/** What both sides talk through: a Worker, its global scope, or a MessagePort. */
export interface Endpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}
