/** Errors over a worker boundary: by code, so that `instanceof` holds on the other side. */
import { errorOfCode, MemreelError } from '../errors';
import type { WireError } from './protocol';

export function toWire(error: unknown): WireError {
  if (error instanceof MemreelError) {
    const { code, name, message, subject, stack } = error;
    return {
      code,
      name,
      message,
      ...(subject === undefined ? {} : { subject }),
      ...(stack === undefined ? {} : { stack }),
    };
  }
  if (error instanceof Error) {
    const { name, message, stack } = error;
    return { name, message, ...(stack === undefined ? {} : { stack }) };
  }
  return { name: 'Error', message: String(error) };
}

export function fromWire(wire: WireError): Error {
  if (wire.code !== undefined) return errorOfCode(wire.code, wire.message, wire.subject);
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
