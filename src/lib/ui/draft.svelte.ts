/** Documents that were dropped, pasted or picked, and the choices for them, before they are added. */
import type { ChunkingOptions, IngestOptions, ProfileName } from '../api';
import { withoutRepeats } from './dropped';

export type SizeUnit = NonNullable<ChunkingOptions['unit']>;

/** The bounds that `ChunkingOptions` documents. */
export const CHUNK_SIZES = {
  characters: { least: 100, most: 8000, usual: 1000 },
  tokens: { least: 20, most: 2000, usual: 200 },
} as const;

/** Characters of the chunk before. */
export const MOST_OVERLAP = 1000;

/** A hundred years: what is to expire later is kept. */
export const MOST_DAYS = 36_500;

const SECONDS_A_DAY = 86_400;

/** What an `ingest` of these documents is told. */
export type DraftOptions = Pick<IngestOptions, 'chunking' | 'ttlSeconds' | 'ocr'>;

/** Waits for the person to say where the documents go. */
export class Draft {
  files: File[] = $state.raw([]);
  /** The shard that gets them; null makes a new one. */
  shard: string | null = $state(null);
  /** The new shard's name as typed; empty takes the suggested one. */
  name = $state('');
  profile: 'auto' | ProfileName = $state('auto');
  /** Of a new shard. */
  language: 'en' | 'und' = $state('en');
  unit: SizeUnit = $state('characters');
  /** As typed for each unit; null where the field is empty. */
  sizes: Record<SizeUnit, number | null> = $state({
    characters: CHUNK_SIZES.characters.usual,
    tokens: CHUNK_SIZES.tokens.usual,
  });
  overlap: number | null = $state(0);
  /** Days until the chunks expire; null keeps them. */
  days: number | null = $state(null);
  /** Languages that pictures of text are read in; none are read where it is empty. */
  ocr: string[] = $state.raw([]);
  /** The document whose cuts are shown. */
  shown: File | null = $state.raw(null);

  readonly bytes = $derived(this.files.reduce((sum, file) => sum + file.size, 0));

  /** A name made from the documents: the only one's, or the first one's and how many more. */
  get suggestedName(): string {
    const first = this.files[0]?.name.replace(/^.*\//u, '').replace(/\.[^.]{1,8}$/u, '') ?? '';
    const plain = first.replaceAll(/[-_]+/gu, ' ').trim();
    return plain === '' ? '' : plain.charAt(0).toUpperCase() + plain.slice(1);
  }

  get size(): number | null {
    return this.sizes[this.unit];
  }

  /** Null while what was typed is not possible. */
  get chunking(): ChunkingOptions | null {
    const { unit, size, overlap } = this;
    const { least, most, usual } = CHUNK_SIZES[unit];
    if (!isWhole(size, least, most) || !isWhole(overlap ?? 0, 0, MOST_OVERLAP)) return null;
    return {
      ...(size === usual ? {} : { size }),
      ...(unit === 'characters' ? {} : { unit }),
      ...(overlap ? { overlap } : {}),
    };
  }

  get options(): DraftOptions {
    const { chunking, days, ocr } = this;
    return {
      ...(chunking ? { chunking } : {}),
      ...(days === null ? {} : { ttlSeconds: days * SECONDS_A_DAY }),
      ...(ocr.length > 0 ? { ocr: { languages: [...ocr] } } : {}),
    };
  }

  get valid(): boolean {
    const { files, chunking, days } = this;
    return files.length > 0 && chunking !== null && isWhole(days ?? 1, 1, MOST_DAYS);
  }

  put(files: readonly File[]): void {
    this.files = withoutRepeats([...this.files, ...files]);
  }

  take(file: File): void {
    this.files = this.files.filter((one) => one !== file);
    if (this.shown === file) this.shown = null;
  }

  clear(): void {
    this.files = [];
    this.shown = null;
    this.name = '';
    this.shard = null;
  }
}

function isWhole(number: number | null, least: number, most: number): number is number {
  return Number.isInteger(number) && number !== null && number >= least && number <= most;
}
