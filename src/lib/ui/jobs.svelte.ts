/** Adding documents, as work that people watch: one job at a time, the others wait their turn. */
import type { IngestedFile, IngestOptions, IngestReport, Progress, Shard } from '../api';
import type { DraftOptions } from './draft.svelte';
import { UnreadFiles } from './unread-files';

export type JobPhase = 'waiting' | 'running' | 'cancelling' | 'done' | 'cancelled' | 'failed';

export type FileState =
  | { phase: 'waiting' }
  | { phase: 'reading' }
  | { phase: 'read' }
  | { phase: 'added'; report: IngestedFile }
  | { phase: 'failed'; report: IngestedFile };

export interface JobFile {
  readonly name: string;
  readonly bytes: number;
  state: FileState;
}

/** Where the documents go: a shard is opened or made only when the job's turn comes. */
/** What a job needs of a shard. */
export type JobShard = Pick<Shard, 'id' | 'name' | 'ingest'>;

export interface JobTarget {
  readonly name: string;
  /** The shard's id; null where it is made when the job begins. */
  readonly id: string | null;
  /** Opens or makes the shard. */
  open(): Promise<JobShard>;
  /** Takes back a shard that `open` made, where nothing came into it. */
  discard(shard: JobShard): Promise<void>;
}

/** The share of a job that lies in reading the documents; the rest is the last frames' way. */
const READING_SHARE = 0.9;

/** Seconds before a time left is worth saying. */
const SETTLING_SECONDS = 2;

/** One `ingest`. */
export class IngestJob {
  phase: JobPhase = $state('waiting');
  stage: Progress['stage'] | null = $state(null);
  files: JobFile[] = $state([]);
  shard: JobShard | null = $state.raw(null);
  report: IngestReport | null = $state.raw(null);
  error: unknown = $state.raw(null);
  /** The file whose password is asked for, and where the answer goes. */
  locked: { file: string; answer: (password: string | undefined) => void } | null =
    $state.raw(null);
  /** 0 to 1; never goes back. Reading gates all later stages, so it leads. */
  fraction = $state(0);
  /** Bytes of input read per second, over the whole job. */
  rate = $state(0);
  /** Whether a person has put it away. */
  dismissed = $state(false);
  readonly #unread: UnreadFiles;
  #begun = 0;
  #seconds = $state(0);
  readonly #abort = new AbortController();
  readonly #now: () => number;

  constructor(
    readonly id: number,
    readonly target: JobTarget,
    readonly input: readonly File[],
    readonly options: DraftOptions,
    now: () => number,
  ) {
    this.#now = now;
    this.files = input.map(({ name, size }) => ({
      name,
      bytes: size,
      state: { phase: 'waiting' },
    }));
    this.#unread = new UnreadFiles(input.map(({ name }) => name));
  }

  get busy(): boolean {
    return this.phase === 'waiting' || this.phase === 'running' || this.phase === 'cancelling';
  }

  /** Seconds that are left at this pace; null while it is too early to say. */
  get secondsLeft(): number | null {
    if (this.phase !== 'running' || this.#seconds < SETTLING_SECONDS) return null;
    if (this.fraction < 0.03) return null;
    return (this.#seconds * (1 - this.fraction)) / this.fraction;
  }

  /** Stops it; the shard stays as it was. A job that has ended stays as it ended. */
  cancel(): void {
    if (!this.busy) return;
    this.phase = this.phase === 'waiting' ? 'cancelled' : 'cancelling';
    this.locked?.answer(undefined);
    this.#abort.abort(new DOMException('Cancelled', 'AbortError'));
  }

  /** Does the work; never rejects: how it ended is in `phase`. */
  async run(): Promise<void> {
    if (this.phase !== 'waiting') return;
    this.phase = 'running';
    this.#begun = this.#now();
    try {
      this.shard = await this.target.open();
      const options: IngestOptions = {
        signal: this.#abort.signal,
        ...this.options,
        onProgress: (progress) => {
          this.#follow(progress);
        },
        password: (file) => this.#askPassword(file),
      };
      this.#finish(await this.shard.ingest(this.input, options));
      if (this.report?.version === null) await this.#discard();
    } catch (error) {
      await this.#stop(error);
    }
  }

  #follow(progress: Progress): void {
    const { stage, done, total, file, state } = progress;
    this.stage = stage;
    this.#seconds = (this.#now() - this.#begun) / 1000;
    if (stage === 'extract') {
      if (this.#seconds > 0) this.rate = done / this.#seconds;
      if (total > 0) this.#reach((READING_SHARE * done) / total);
      if (file !== undefined && state) this.#mark(file, state);
    } else if (this.fraction >= READING_SHARE && total > 0) {
      this.#reach(READING_SHARE + ((1 - READING_SHARE) * done) / total);
    }
  }

  #reach(fraction: number): void {
    // The last step of progress is the commit's: only the report says "all".
    this.fraction = Math.max(this.fraction, Math.min(0.99, fraction));
  }

  #mark(name: string, state: NonNullable<Progress['state']>): void {
    const at = this.#unread.first(name);
    const file = at === undefined ? undefined : this.files[at];
    if (!file) return;
    const phase = state === 'reading' ? 'reading' : 'read';
    if (file.state.phase === phase) return;
    // A failed file waits for the report, which says why.
    file.state = { phase };
    if (phase === 'read') this.#unread.take(name);
  }

  #finish(report: IngestReport): void {
    this.report = report;
    report.files.forEach((one, index) => {
      const file = this.files[index];
      if (file) file.state = { phase: one.error ? 'failed' : 'added', report: one };
    });
    this.fraction = 1;
    this.phase = 'done';
  }

  async #stop(error: unknown): Promise<void> {
    const cancelled = this.#abort.signal.aborted;
    try {
      await this.#discard();
    } catch (second) {
      error = new AggregateError([error, second], 'The unused shard could not be taken back', {
        cause: error,
      });
      this.error = error;
      this.phase = 'failed';
      return;
    }
    this.error = cancelled ? null : error;
    this.phase = cancelled ? 'cancelled' : 'failed';
  }

  async #discard(): Promise<void> {
    const { shard } = this;
    this.shard = null;
    if (shard) await this.target.discard(shard);
  }

  #askPassword(file: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.locked = {
        file,
        answer: (password) => {
          this.locked = null;
          resolve(password);
        },
      };
    });
  }
}

/** All jobs of this tab, the newest first. */
export class Jobs {
  list: IngestJob[] = $state.raw([]);
  #count = 0;
  #queue: Promise<void> = Promise.resolve();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get busy(): boolean {
    return this.list.some((job) => job.busy);
  }

  /** What is not put away yet. */
  get open(): IngestJob[] {
    return this.list.filter((job) => !job.dismissed);
  }

  /** The job that works or waits for a shard, if there is one. */
  of(shard: string): IngestJob | undefined {
    return this.list.find((job) => job.busy && (job.shard?.id ?? job.target.id) === shard);
  }

  /** Queues documents; resolves with the job when it has ended, however it did. */
  add(
    target: JobTarget,
    files: readonly File[],
    options: DraftOptions = {},
  ): { job: IngestJob; ended: Promise<void> } {
    this.#count += 1;
    const job = new IngestJob(this.#count, target, files, options, this.#now);
    this.list = [job, ...this.list];
    const ended = this.#queue.then(() => job.run());
    this.#queue = ended;
    return { job, ended };
  }

  /** Puts a job that has ended away. */
  dismiss(job: IngestJob): void {
    if (job.busy) return;
    job.dismissed = true;
    this.list = this.list.filter((one) => one !== job);
  }
}
