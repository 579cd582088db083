/**
 * What a page and its service worker say to each other. Types and names alone: it compiles for both
 * sides, and is the one file of this room that a page imports.
 */

/** Asked with a port, over which the answer comes. */
export type Ask =
  /** Answered with `Completeness`. */
  | { readonly kind: 'complete?' }
  /** Said to a worker that waits, once the person agreed. Not answered. */
  | { readonly kind: 'take-over' };

/** Whether everything that the app needs without a network is there. */
export interface Completeness {
  readonly complete: boolean;
}

/** Where shared files wait for a page, one response a file, under `SHARED_FOLDER` of the app's base. */
export const SHARED_CACHE = 'memreel-shared';
export const SHARED_FOLDER = 'shared/';

/** The header with a shared file's name, URI-encoded. */
export const NAME_HEADER = 'X-File-Name';
