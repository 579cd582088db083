/** Documents that were dropped, pasted or picked, and the choices for them, before they are added. */
import type { ChunkingOptions, ProfileName } from '../api';

/** The bounds that `ChunkingOptions` documents, in characters. */
export const CHUNK_SIZES = { least: 100, most: 8000, usual: 1000 } as const;

/** Waits for the person to say where the documents go. */
export class Draft {
  files: File[] = $state.raw([]);
  /** The shard that gets them; null makes a new one. */
  shard: string | null = $state(null);
  /** The new shard's name as typed; empty takes the suggested one. */
  name = $state('');
  profile: 'auto' | ProfileName = $state('auto');
  chunkSize: number = $state(CHUNK_SIZES.usual);

  /** A name made from the documents: the only one's, or the first one's and how many more. */
  get suggestedName(): string {
    const first = this.files[0]?.name.replace(/^.*\//u, '').replace(/\.[^.]{1,8}$/u, '') ?? '';
    const plain = first.replaceAll(/[-_]+/gu, ' ').trim();
    return plain === '' ? '' : plain.charAt(0).toUpperCase() + plain.slice(1);
  }

  get bytes(): number {
    return this.files.reduce((sum, file) => sum + file.size, 0);
  }

  get chunking(): ChunkingOptions {
    return this.chunkSize === CHUNK_SIZES.usual ? {} : { size: this.chunkSize };
  }

  get valid(): boolean {
    const { least, most } = CHUNK_SIZES;
    const size = this.chunkSize;
    return this.files.length > 0 && Number.isInteger(size) && size >= least && size <= most;
  }

  put(files: readonly File[]): void {
    this.files = [...this.files, ...files];
  }

  take(file: File): void {
    this.files = this.files.filter((one) => one !== file);
  }

  clear(): void {
    this.files = [];
    this.name = '';
    this.shard = null;
  }
}
