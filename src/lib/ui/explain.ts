/** Turns anything that was thrown into words: what happened, what is safe, what to do next. */
import { strings, type Explanation } from './strings';

const CODES: Readonly<Record<string, Explanation | undefined>> = strings.error.codes;

/** The words for an error, and its own message, which is for those who report it. */
export function explain(error: unknown): Explanation & { detail: string } {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const explanation = CODES[code] ?? strings.error.unknown;
  return { ...explanation, detail: error instanceof Error ? error.message : String(error) };
}
