/**
 * JSON Pointers (RFC 6901) in their string form: text to tokens and back. Pure syntax: what a pointer
 * finds in a document is json-patch.ts's affair.
 */
import { InvalidError } from '../errors';

/**
 * The reference tokens of a pointer; none for the whole document (`''`).
 * @throws InvalidError, `subject` the pointer, for text that is no pointer (RFC 6901, section 3)
 */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new InvalidError(`This is not a JSON Pointer: ${pointer}`, { subject: pointer });
  }
  const tokens = pointer.slice(1).split('/');
  if (!pointer.includes('~')) return tokens; // nearly all
  // ~1 before ~0, so that ~01 becomes ~1 and not a slash (section 4).
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of these tokens. */
export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
