/** What an export takes and what it makes, whatever its format. Types only. */
import type { ExportOptions, Progress } from '../../api';
import type { FileSystem } from '../../store/file-system';
import type { Catalogue } from '../catalogue';
import type { LiveVideoContext } from './live-video';

/** What an export needs of the library. */
export interface ExportParts extends Pick<LiveVideoContext, 'engines' | 'store' | 'texts'> {
  readonly fs: FileSystem;
  readonly catalogue: Catalogue;
}

export interface ExportContext extends ExportParts {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

export type Wanted = Pick<ExportOptions, 'format' | 'include' | 'password'>;

/** A file on its way out. `close` lets go of what was drawn for it. */
export interface Outgoing {
  readonly stream: ReadableStream<Uint8Array>;
  readonly extension: string;
  readonly type: string;
  close(): Promise<void>;
}
