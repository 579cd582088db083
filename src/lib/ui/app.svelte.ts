/** What the screens share: the library and the state around it, and the few acts that join them. */
import type { Library, ShardInfo } from '../api';
import { Draft, type DraftOptions } from './draft.svelte';
import { explain } from './explain';
import { Importing, meaningOf } from './importing.svelte';
import { summaryOf } from './job-summary';
import { Jobs, type IngestJob, type JobTarget } from './jobs.svelte';
import { ModelShelf } from './models.svelte';
import { Notices } from './notices.svelte';
import { Preferences } from './preferences.svelte';
import { shardRoute } from './route';
import type { Router } from './router.svelte';
import { fetchSamples } from './samples';
import { Shards } from './shards.svelte';
import { Stills } from './stills';
import { strings } from './strings';

/** Made once, by the shell. */
export class AppState {
  readonly shards: Shards;
  readonly stills: Stills;
  readonly models: ModelShelf;
  readonly importing: Importing;
  readonly jobs = new Jobs();
  #askedToKeep = false;
  readonly notices = new Notices();
  readonly preferences = new Preferences();
  readonly draft = new Draft();
  /** True while the sample documents are fetched. */
  fetching = $state(false);

  constructor(
    readonly library: Library,
    readonly router: Router,
  ) {
    this.shards = new Shards(library);
    this.stills = new Stills(this.shards);
    this.models = new ModelShelf(library);
    this.importing = new Importing(library);
  }

  /** Takes what was dropped or pasted: on the library's screen it may be a shard. */
  async take(files: readonly File[], shard: string | null): Promise<void> {
    if (this.importing.isOpen) this.importing.put(files);
    else if (this.router.route.screen !== 'library') this.stage(files, shard);
    else {
      const meaning = await meaningOf(files);
      if (meaning === 'documents') this.stage(files, shard);
      else this.importing.open(files, { isUnclear: meaning === 'unclear' });
    }
  }

  /** Takes documents in, and goes to where they are looked at before they are added. */
  stage(files: readonly File[], shard: string | null): void {
    if (files.length === 0) return;
    if (this.draft.files.length === 0) this.draft.shard = shard;
    this.draft.put(files);
    if (this.router.route.screen !== 'add') this.router.go({ screen: 'add', shard });
  }

  /** Starts adding what was staged. */
  addDraft(): void {
    const { draft } = this;
    const name = draft.name.trim() || draft.suggestedName || strings.library.samplesName;
    const target = draft.shard === null ? this.#newShard(name, draft) : this.#existing(draft.shard);
    this.#start(target, draft.files, draft.options);
    draft.clear();
  }

  /** Adds the sample documents and asks them the first question. */
  async trySamples(): Promise<void> {
    const name = strings.library.samplesName;
    this.fetching = true;
    try {
      const { files, question } = await fetchSamples(document.baseURI);
      const known = this.shards.live.find((shard) => shard.name === name && shard.chunks > 0);
      const id = known?.id ?? (await this.#addSamples(name, files));
      const route = shardRoute(id, 'search');
      this.router.go(route.screen === 'search' ? { ...route, query: question } : route);
    } catch (error) {
      this.notices.show(`${strings.library.samplesFailed} ${explain(error).detail}`, {
        tone: 'bad',
      });
    } finally {
      this.fetching = false;
    }
  }

  async #addSamples(name: string, files: readonly File[]): Promise<string> {
    const made = await this.library.create({ name });
    this.#start(
      {
        name,
        id: made.id,
        open: () => Promise.resolve(made),
        discard: ({ id }) => this.library.remove(id),
      },
      files,
    );
    return made.id;
  }

  #start(target: JobTarget, files: readonly File[], options: DraftOptions = {}): void {
    const { job, ended } = this.jobs.add(target, files, options);
    void ended.then(() => {
      this.#tell(job);
      this.#keep(job);
    });
  }

  /** Asks the browser to keep what now is there; once a visit, and Settings shows its answer. */
  #keep({ report }: IngestJob): void {
    if (this.#askedToKeep || !report?.version) return;
    this.#askedToKeep = true;
    // A browser that refuses or fails to answer leaves the state that Settings shows.
    this.library.persist().catch(() => undefined);
  }

  #tell(job: IngestJob): void {
    const { report, shard } = job;
    if (job.phase === 'cancelled') this.notices.say(strings.job.cancelled);
    else if (job.phase === 'failed') this.notices.say(explain(job.error).what);
    else if (report) {
      const words = summaryOf(report);
      const { route } = this.router;
      const here = route.screen !== 'add' && 'shard' in route && route.shard === shard?.id;
      const smooth = report.files.every((file) => !file.error && file.warnings.length === 0);
      // Whoever looks at the shard already needs no card that leads there.
      if (here && smooth) {
        this.jobs.dismiss(job);
        this.notices.show(words);
      } else this.notices.say(words);
    }
  }

  #newShard(name: string, { profile, language }: Draft): JobTarget {
    return {
      name,
      id: null,
      open: () => this.library.create({ name, profile, language }),
      discard: (shard) => this.library.remove(shard.id),
    };
  }

  #existing(id: string): JobTarget {
    return {
      name: this.shards.find(id)?.name ?? id,
      id,
      open: () => this.shards.open(id),
      discard: () => Promise.resolve(),
    };
  }

  /** Removes a shard, with the way back at hand. */
  async remove({ id, name }: ShardInfo): Promise<void> {
    await this.#act(async () => {
      await this.library.remove(id);
      this.notices.show(strings.library.removed(name), {
        action: { label: strings.app.undo, run: () => void this.restore({ id, name }) },
      });
    });
  }

  async restore({ id, name }: Pick<ShardInfo, 'id' | 'name'>): Promise<void> {
    await this.#act(async () => {
      await this.library.restore(id);
      this.notices.show(strings.library.restored(name));
    });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#act(async () => {
      const shard = await this.shards.open(id);
      await shard.rename(name);
      this.notices.show(strings.library.renamed(name));
    });
  }

  /** Does something small; where it fails, says so in a corner. */
  async #act(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const { what, safe, detail } = explain(error);
      this.notices.show(`${what} ${safe} (${detail})`, { tone: 'bad' });
    }
  }
}
