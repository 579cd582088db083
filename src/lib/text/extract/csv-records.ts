/**
 * Records of delimited text (RFC 4180) from pieces that may end anywhere, and the delimiter that a
 * text is parted by. Every character is looked at once. Not the format: that is `csv.ts`.
 *
 * More forgiving than the RFC where files are not: spaces may stand before a quote, and a field may
 * go on after its closing quote (`"so" they say`). There papaparse takes all up to the next quote
 * before a delimiter as one field, over any number of records; and its parser for pieces is not
 * public.
 */

/** What fields are parted by, the likeliest first. */
const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Where the next character stands. */
type State =
  /** At the start of a field, perhaps after spaces. */
  | 'start'
  | 'plain'
  | 'quoted'
  /** After a quote in a quoted field: its end, or the first half of a quote. */
  | 'quote';

/** Takes text whose lines end in `\n` alone. Holds at most one record. */
export class RecordReader {
  readonly #delimiter: number;
  #state: State = 'start';
  #field = '';
  #record: string[] = [];
  #units = 0;
  #parted = false;

  constructor(delimiter: Delimiter) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** UTF-16 units of the record that is not ended yet. */
  get held(): number {
    return this.#units + this.#field.length;
  }

  /** Whether a quote is open. */
  get quoted(): boolean {
    return this.#state === 'quoted';
  }

  /** Whether any record had more than one field. */
  get parted(): boolean {
    return this.#parted;
  }

  /** The records that end in this piece. A blank line is a record of one empty field. */
  *read(piece: string): Generator<string[]> {
    const delimiter = this.#delimiter;
    let from = 0;
    let state = this.#state;
    for (let at = 0; at < piece.length; at++) {
      if (state === 'quoted') {
        const quote = piece.indexOf('"', at);
        if (quote < 0) break;
        this.#field += piece.slice(from, quote);
        at = quote;
        from = quote + 1;
        state = 'quote';
        continue;
      }
      const unit = piece.charCodeAt(at);
      if (unit === delimiter || unit === NEWLINE) {
        this.#end(piece.slice(from, at));
        from = at + 1;
        state = 'start';
        if (unit === NEWLINE) yield this.#take();
      } else if (unit === QUOTE && state === 'start') {
        this.#field = '';
        from = at + 1;
        state = 'quoted';
      } else if (unit === QUOTE && state === 'quote') {
        // Two quotes are one, and stand at the start of what goes on.
        from = at;
        state = 'quoted';
      } else if (unit !== SPACE || state !== 'start') {
        state = 'plain';
      }
    }
    this.#field += piece.slice(from);
    this.#state = state;
  }

  /** The last record, where the text does not end in a line end. */
  finish(): string[] | undefined {
    if (this.#record.length === 0 && this.#field === '' && this.#state === 'start') {
      return undefined;
    }
    this.#end('');
    this.#state = 'start';
    return this.#take();
  }

  #end(rest: string): void {
    const field = this.#field + rest;
    this.#units += field.length + 1;
    this.#record.push(field);
    this.#field = '';
  }

  #take(): string[] {
    const record = this.#record;
    this.#record = [];
    this.#units = 0;
    this.#parted ||= record.length > 1;
    return record;
  }
}

/** Records of a sample: more would not change the verdict. */
const SAMPLE_RECORDS = 100;

/** How a text is parted. */
export interface Delimiting {
  readonly delimiter: Delimiter;
  /** Fields that most records have: 2 or more. */
  readonly fields: number;
  /** Of the records looked at, those that have as many: 0 … 1. */
  readonly share: number;
  /** Records looked at, without blank ones. */
  readonly records: number;
}

/**
 * The delimiter by which most records have the same number of fields; undefined where none parts
 * them.
 *
 * @param whole false where the sample's last record may be cut
 */
export function findDelimiter(sample: string, whole: boolean): Delimiting | undefined {
  let best: Delimiting | undefined;
  for (const delimiter of DELIMITERS) {
    if (!sample.includes(delimiter)) continue;
    const found = measure(sample, delimiter, whole);
    if (found === undefined) continue;
    if (best === undefined || found.share > best.share) best = found;
    else if (found.share === best.share && found.fields > best.fields) best = found;
  }
  return best;
}

function measure(sample: string, delimiter: Delimiter, whole: boolean): Delimiting | undefined {
  const reader = new RecordReader(delimiter);
  const counts = new Map<number, number>();
  let records = 0;
  const count = (record: readonly string[]): void => {
    if (record.length === 1 && record[0]?.trim() === '') return;
    records++;
    counts.set(record.length, (counts.get(record.length) ?? 0) + 1);
  };
  for (const record of reader.read(sample)) {
    count(record);
    if (records >= SAMPLE_RECORDS) break;
  }
  // A sample that is one cut record still says what it is parted by.
  const last = records < SAMPLE_RECORDS && (whole || records === 0) ? reader.finish() : undefined;
  if (last !== undefined) count(last);
  let fields = 1;
  let most = 0;
  for (const [length, times] of counts) {
    if (length > 1 && times > most) [fields, most] = [length, times];
  }
  return most === 0 ? undefined : { delimiter, fields, share: most / records, records };
}
