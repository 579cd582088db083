/** What a library stands on: its files, locks, workers and other tabs. Types only. */
import type { LibraryChange } from '../api';
import type { FileSystem } from '../store/file-system';
import type { Locks } from '../store/locks';
import type { Cache } from './cache';
import type { Engines } from './engines';
import type { Models } from './models/models';
import type { OcrLanguages } from './ingest/ocr-languages';
import type { Peers } from './peers';

export interface EngineParts {
  readonly name: string;
  readonly storageKind: 'opfs' | 'memory';
  readonly assetsUrl: string;
  readonly fs: FileSystem;
  readonly locks: Locks;
  readonly engines: Engines;
  readonly models: Models;
  readonly ocr: OcrLanguages;
  /** Absent where nothing outlives the tab. */
  readonly cache: Cache | undefined;
  /** Makes the channel to other tabs; absent where there can be none. */
  readonly peers: ((onChange: (change: Omit<LibraryChange, 'from'>) => void) => Peers) | undefined;
}
