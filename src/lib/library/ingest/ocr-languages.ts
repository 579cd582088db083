/**
 * The languages that pictures of text can be read in: those that the app serves, and those whose data
 * a person brought, which are kept in a file system of their own that all libraries of an origin
 * share. Reads no picture: it hands the extracting workers what that needs.
 */
import type { OcrLanguage } from '../../api';
import { CorruptError, InvalidError, NotFoundError } from '../../errors';
import type { Loan } from '../../rpc/pool';
import type { Caller } from '../../rpc/protocol';
import { PIECE_BYTES, type FileSystem } from '../../store/file-system';
import { checkOcrData } from '../../text/extract/ocr';
import { SERVED_OCR_LANGUAGES } from '../../text/extract/ocr-served';
import type { ExtractProtocol } from '../protocol';

/** Whether tesseract takes this data. @throws CorruptError where it does not */
type CheckData = (language: string, data: Blob, signal: AbortSignal) => Promise<void>;

/** Bytes of a file of data: the largest of tesseract's own have 60 MB. */
const LARGEST = 128 << 20;

/** As tesseract's files are called: `chi_sim_vert.traineddata`, `script` ones with capitals. */
const FILE_NAME = /^([a-z][a-z0-9_]{1,31})\.traineddata(?:\.gz)?$/i;

/** Milliseconds after which data that tesseract still looks at is given up. */
const PATIENCE = 60_000;

export class OcrLanguages {
  readonly #fs: FileSystem;
  readonly #check: CheckData;

  /** @param fs for this data alone */
  constructor(fs: FileSystem, check: CheckData = checkOcrData) {
    this.#fs = fs;
    this.#check = check;
  }

  /** One a language, by name; what a person brought stands in for what is served. */
  async list(): Promise<OcrLanguage[]> {
    const languages = new Map<string, OcrLanguage>();
    for (const { id, bytes } of SERVED_OCR_LANGUAGES) {
      languages.set(id, { id, name: nameOf(id), bytes, state: 'served' });
    }
    for (const path of await this.#fs.files()) {
      const [id = '', part] = path.split('/');
      if (part === 'whole') languages.set(id, keptLanguage(id));
    }
    return [...languages.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /**
   * Keeps a language's data, once tesseract took it.
   * @throws InvalidError for a file of another name; CorruptError where tesseract does not take it;
   *   QuotaError
   */
  async add(file: File, signal: AbortSignal): Promise<OcrLanguage> {
    const id = FILE_NAME.exec(file.name)?.[1];
    if (id === undefined) {
      throw new InvalidError(
        `${file.name} is not named after a language. Choose a file such as deu.traineddata or deu.traineddata.gz.`,
        { subject: file.name },
      );
    }
    if (file.size > LARGEST) {
      throw new InvalidError(`${file.name} is too large for the data of a language.`, {
        subject: file.name,
      });
    }
    await this.#checked(id, file, signal);
    await this.#keep(id, file, signal);
    return keptLanguage(id);
  }

  /**
   * The data of those languages that a person brought, as handles.
   * @throws NotFoundError for a language that is neither here nor served
   */
  async kept(languages: readonly string[]): Promise<ReadonlyMap<string, Blob>> {
    const kept = new Map<string, Blob>();
    for (const id of languages) {
      const data = await this.#whole(id);
      if (data) kept.set(id, data);
      else if (!SERVED_OCR_LANGUAGES.some((served) => served.id === id)) {
        throw new NotFoundError(
          `There is no data here for reading pictures in the language ${id}: add ${id}.traineddata first.`,
          { subject: id },
        );
      }
    }
    return kept;
  }

  async #checked(id: string, file: File, signal: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE);
    try {
      await this.#check(id, file, AbortSignal.any([signal, patience]));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CorruptError) && !patience.aborted) throw error;
      throw new CorruptError(
        `${file.name} is damaged, or is none of tesseract’s files for reading a language.`,
        { cause: error, subject: file.name },
      );
    }
  }

  /** Writes the data, and then that it is whole: a file has no other sign of its end. */
  async #keep(id: string, file: File, signal: AbortSignal): Promise<void> {
    await this.#fs.remove(pathOf(id, 'whole'));
    const out = await this.#fs.open(pathOf(id, 'data'), { create: true });
    try {
      out.truncate(0);
      for (let at = 0; at < file.size; at += PIECE_BYTES) {
        signal.throwIfAborted();
        const piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
        out.write(at, new Uint8Array(piece));
      }
      out.flush();
    } finally {
      out.close();
    }
    const mark = await this.#fs.open(pathOf(id, 'whole'), { create: true });
    mark.close();
  }

  async #whole(id: string): Promise<Blob | undefined> {
    const mark = await this.#fs.read(pathOf(id, 'whole'));
    return mark && this.#fs.read(pathOf(id, 'data'));
  }
}

/** Lends extracting workers that are given, with each document, the data that its pictures need. */
export function withOcrData(
  lend: () => Loan<ExtractProtocol>,
  languages: Pick<OcrLanguages, 'kept'>,
): () => Loan<ExtractProtocol> {
  return () => {
    const loan = lend();
    const call: Caller<ExtractProtocol>['call'] = async (method, args, options) => {
      if (!hasPictures(args)) return loan.call(method, args, options);
      const kept = await languages.kept(args.ocr.languages);
      return loan.call(method, { ...args, ocr: { ...args.ocr, kept } }, options);
    };
    return {
      call,
      close: () => {
        loan.close();
      },
      giveBack: () => {
        loan.giveBack();
      },
    };
  };
}

type Opening = ExtractProtocol['open']['args'];

function hasPictures<K extends keyof ExtractProtocol>(
  args: ExtractProtocol[K]['args'],
): args is Opening & { ocr: NonNullable<Opening['ocr']> } & ExtractProtocol[K]['args'] {
  return 'chunking' in args && args.ocr !== undefined;
}

const pathOf = (id: string, part: 'data' | 'whole'): string => `${id}/${part}`;

const keptLanguage = (id: string): OcrLanguage => ({
  ...{ id, name: nameOf(id) },
  ...{ bytes: 0, state: 'kept' },
});

/** What tesseract's names are in words: the language's code comes first, of ISO 639-2. */
function nameOf(id: string): string {
  const [code = id, ...rest] = id.split('_');
  const language = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });
  const name = /^[a-z]{2,3}$/.test(code) ? (language.of(code) ?? code) : code;
  return rest.length === 0 ? name : `${name} (${rest.join(', ')})`;
}
