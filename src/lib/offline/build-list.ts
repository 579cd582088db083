/**
 * What the build tells its service worker: the files that it was made of, and the headers that they
 * are served with. Types only; scripts/vite-service-worker.ts makes one.
 */

/** A file of the build. */
export interface BuildFile {
  /** Relative to the app's base. */
  readonly url: string;
  /** Changes with the bytes, and with the headers of what is kept with headers. */
  readonly revision: string;
  /** Subresource Integrity: what comes over the network is this file, whole. */
  readonly integrity: string;
}

export interface BuildList {
  /** Fetched when the worker is installed. */
  readonly precached: readonly BuildFile[];
  /** Kept from the first time that they are asked for. */
  readonly onFirstUse: readonly BuildFile[];
  /** Of every response; those of scripts/headers.mjs. */
  readonly headers: Readonly<Record<string, string>>;
}
