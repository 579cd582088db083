/**
 * The errors that a caller can act on, each a class with a stable `code`.
 * Anything else that is thrown is a bug. `rpc/` carries them over worker boundaries by their code.
 */

export type ErrorCode =
  | 'not-found'
  | 'quota'
  | 'corrupt'
  | 'unsupported'
  | 'conflict'
  | 'read-only'
  | 'worker-lost'
  | 'invalid'
  | 'password';

/** Base of all errors that Memreel throws on purpose. */
export abstract class MemreelError extends Error {
  abstract readonly code: ErrorCode;
  /** What the error is about: a path, a file name, a shard id or a chunk's UUID. */
  readonly subject: string | undefined;

  constructor(message: string, options?: ErrorOptions & { subject?: string | undefined }) {
    super(message, options);
    this.subject = options?.subject;
  }
}

/** The shard, version, chunk or file that was asked for is not there. */
export class NotFoundError extends MemreelError {
  override readonly name = 'NotFoundError';
  readonly code = 'not-found';
}

/** The disk, or the browser's share of it, is full. Nothing was lost. */
export class QuotaError extends MemreelError {
  override readonly name = 'QuotaError';
  readonly code = 'quota';
}

/** Stored or given bytes do not check: a digest, a checksum or a frame is wrong. */
export class CorruptError extends MemreelError {
  override readonly name = 'CorruptError';
  readonly code = 'corrupt';
}

/** This browser, or this build, cannot do what was asked. */
export class UnsupportedError extends MemreelError {
  override readonly name = 'UnsupportedError';
  readonly code = 'unsupported';
}

/** The same chunk was changed by someone else, or a patch's `test` failed. */
export class ConflictError extends MemreelError {
  override readonly name = 'ConflictError';
  readonly code = 'conflict';
}

/** The library, or this view of a shard, does not take writes. */
export class ReadOnlyError extends MemreelError {
  override readonly name = 'ReadOnlyError';
  readonly code = 'read-only';
}

/** A worker, or the tab that was writing, died before it answered. */
export class WorkerLostError extends MemreelError {
  override readonly name = 'WorkerLostError';
  readonly code = 'worker-lost';
}

/** A bad argument, patch or file; `subject` names it. */
export class InvalidError extends MemreelError {
  override readonly name = 'InvalidError';
  readonly code = 'invalid';
}

/** A file needs a password, or was given a wrong one. */
export class PasswordError extends MemreelError {
  override readonly name = 'PasswordError';
  readonly code = 'password';
}

const CLASSES = {
  'not-found': NotFoundError,
  quota: QuotaError,
  corrupt: CorruptError,
  unsupported: UnsupportedError,
  conflict: ConflictError,
  'read-only': ReadOnlyError,
  'worker-lost': WorkerLostError,
  invalid: InvalidError,
  password: PasswordError,
} as const satisfies Record<
  ErrorCode,
  new (message: string, options?: { subject?: string | undefined }) => MemreelError
>;

/** Makes the error of a code again, on the other side of a worker boundary. */
export function errorOfCode(code: ErrorCode, message: string, subject?: string): MemreelError {
  return new CLASSES[code](message, { subject });
}

/** The last branch of a `switch` over a union: the compiler proves that nothing reaches it. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
