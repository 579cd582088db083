/** The models as the screens list them, and those that are being brought, whatever screen is open. */
import type { Library, ModelInfo, Work } from '../api';
import { SvelteMap } from 'svelte/reactivity';
import { LongCall } from './long-call.svelte';
import { Resource } from './resource.svelte';

/** Seconds before a pace is worth saying. */
const STEADY = 2;

/** One model on its way. */
export class ModelJob {
  readonly call = new LongCall<ModelInfo>();
  readonly kind: 'download' | 'copy';
  /** Bytes a second; 0 while it is too early to say. */
  rate = $state(0);
  #began = 0;
  #from: number | undefined;

  constructor(kind: 'download' | 'copy') {
    this.kind = kind;
  }

  /** Seconds that are left at this pace; null while it is too early to say. */
  get secondsLeft(): number | null {
    const { progress } = this.call;
    return progress && this.rate > 0 ? (progress.total - progress.done) / this.rate : null;
  }

  /** Never rejects: how it ended is in `call`. */
  async run(act: (work: Work) => Promise<ModelInfo>): Promise<{ value: ModelInfo } | undefined> {
    return this.call.run((work) =>
      act({
        ...work,
        onProgress: (step) => {
          this.#measure(step.done);
          work.onProgress(step);
        },
      }),
    );
  }

  /** What was here before counts for no pace. */
  #measure(done: number): void {
    const now = performance.now();
    if (this.#from === undefined) {
      this.#from = done;
      this.#began = now;
    }
    const seconds = (now - this.#began) / 1000;
    if (seconds >= STEADY) this.rate = Math.max(0, done - this.#from) / seconds;
  }
}

type ModelCalls = Pick<Library, 'models' | 'downloadModel' | 'addModel' | 'removeModel'>;

export class ModelShelf {
  readonly listing: Resource<ModelInfo[]>;
  readonly #library: ModelCalls;
  readonly #jobs = new SvelteMap<string, ModelJob>();

  constructor(library: ModelCalls) {
    this.#library = library;
    this.listing = new Resource(() => library.models());
  }

  /** The newest try to bring a model, under way or ended. */
  job(id: string): ModelJob | undefined {
    return this.#jobs.get(id);
  }

  get busy(): boolean {
    return [...this.#jobs.values()].some(({ call }) => call.busy);
  }

  /** Resolves with the model once it is ready; undefined where it was paused or failed. */
  download(id: string): Promise<ModelInfo | undefined> {
    return this.#bring(id, 'download', (work) => this.#library.downloadModel(id, work));
  }

  add(id: string, files: readonly File[]): Promise<ModelInfo | undefined> {
    return this.#bring(id, 'copy', (work) => this.#library.addModel(id, files, work));
  }

  async remove(id: string): Promise<void> {
    await this.#library.removeModel(id);
    this.#jobs.delete(id);
    await this.listing.refresh();
  }

  async #bring(
    id: string,
    kind: ModelJob['kind'],
    act: (work: Work) => Promise<ModelInfo>,
  ): Promise<ModelInfo | undefined> {
    if (this.#jobs.get(id)?.call.busy) return undefined;
    const job = new ModelJob(kind);
    this.#jobs.set(id, job);
    const made = await job.run(act);
    await this.listing.refresh();
    return made?.value;
  }
}
