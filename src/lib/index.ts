/** The front door: everything that an app or another page may use of Memreel. */
export type * from './api';
export { openLibrary } from './client';
export * from './errors';
