/**
 * The language data for reading pictures of text that the app serves itself, each fetched from its
 * own origin when it is first used. What a person brought is not known here.
 */
import english from '@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz?url';

export interface ServedOcrLanguage {
  /** As tesseract names it. */
  readonly id: string;
  /** Bytes on the way. */
  readonly bytes: number;
  readonly url: string;
}

export const SERVED_OCR_LANGUAGES: readonly ServedOcrLanguage[] = [
  { id: 'eng', bytes: 2_952_873, url: english },
];
