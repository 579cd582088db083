/** What may be inside one dropped file, and how its bytes are shared out for progress. Pure. */
import type { MemberEntry } from '../protocol';

/** Members of a dropped file, those of archives in it included. */
const MOST_MEMBERS = 10_000;

/** Unpacked bytes of all of them: an archive says so of each member, and may not exceed it. */
const MOST_BYTES = 4 * 2 ** 30;

/** Counts what containers hold: each is bounded by itself, and all in one dropped file together. */
export class InsideBudget {
  #members = 0;
  #bytes = 0;

  /** Takes the members of one container, or says why none of them is read. */
  take(members: readonly { readonly size: number }[]): string | undefined {
    const bytes = members.reduce((sum, { size }) => sum + size, 0);
    if (this.#members + members.length > MOST_MEMBERS) {
      return `The ${String(members.length)} files in it were not read: more than ${MOST_MEMBERS.toLocaleString('en')} files in one are too many.`;
    }
    if (this.#bytes + bytes > MOST_BYTES) {
      return 'The files in it were not read: unpacked, all files in one may have 4 GiB.';
    }
    this.#members += members.length;
    this.#bytes += bytes;
    return undefined;
  }
}

/**
 * How the share that a document has of its dropped file's bytes is divided between its own text and
 * its members: by size, as far as the container says.
 */
export function shareOf(
  { size, share }: { readonly size: number; readonly share: number },
  members: readonly MemberEntry[],
  isText: boolean,
): { own: number; ofBytes(bytes: number): number } {
  const inside = members.reduce((sum, member) => sum + member.size, 0);
  const text = isText ? Math.max(0, size - inside) : 0;
  const all = text + inside;
  if (all === 0) return { own: isText ? share : 0, ofBytes: () => 0 };
  return { own: (share * text) / all, ofBytes: (bytes) => (share * bytes) / all };
}
