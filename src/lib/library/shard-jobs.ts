/**
 * The long writes of a shard: compaction and reindexing. They work on the head as it is when they
 * begin; edits go on meanwhile, and what they changed is carried over before the commit.
 */
import type { CompactionReport, ReindexReport } from '../api';
import { InvalidError } from '../errors';
import type { CallContext } from '../rpc/protocol';
import { countsAfter } from '../shard/changes';
import { mergeDeltas, type Delta } from '../shard/delta';
import { selectVectorBytes } from '../search/combine-vectors';
import type { SegmentEntry } from '../shard/objects';
import type { Digest } from '../store/digest';
import { isPresent } from './catalogue';
import { deltaOf, sourcesOf } from './editing/changing';
import { commitVersion, type NewVersion } from './commit';
import { compactView } from './redraw/compaction';
import { changesBetween } from './editing/differences';
import type { FrameTexts } from './asking/frame-texts';
import type { WriteProtocol } from './library-protocol';
import { removed } from './names';
import { absent, reindexView } from './redraw/reindexing';
import type { ShardWriteContext } from './shard-writes';
import { carriedAll } from './editing/version-plans';
import { ShardView } from './view';

export interface ShardJobContext extends ShardWriteContext {
  readonly texts: FrameTexts;
}

/** All data of a version as a job wrote it anew. */
interface Rewritten {
  readonly segments: readonly SegmentEntry[];
  readonly delta: Delta | null;
  readonly model: string;
}

export class ShardJobs {
  readonly #context: ShardJobContext;

  constructor(context: ShardJobContext) {
    this.#context = context;
  }

  async compact(
    { id, threshold }: WriteProtocol['compact']['args'],
    { signal, progress }: CallContext<WriteProtocol['compact']>,
  ): Promise<CompactionReport> {
    const began = performance.now();
    const view = await this.#presentView(id);
    const made = await compactView(view, threshold, { ...this.#context, signal, progress });
    const seconds = (): number => (performance.now() - began) / 1000;
    if (!made) {
      const frames = view.segments.reduce((sum, segment) => sum + segment.frames, 0);
      const bytes = view.segments.reduce((sum, segment) => sum + segment.bytes.video, 0);
      return {
        version: null,
        frames: { before: frames, after: frames, copied: 0, encoded: 0 },
        bytes: { before: bytes, after: bytes },
        seconds: seconds(),
      };
    }
    signal.throwIfAborted();
    const { frames, bytes } = made;
    const message = `Compacted ${String(frames.before)} frames into ${String(frames.after)}`;
    const version = await this.#commit(
      view,
      { ...made, model: view.version.model },
      { operation: 'compact', message },
    );
    return { version, frames, bytes, seconds: seconds() };
  }

  async reindex(
    { id, model }: WriteProtocol['reindex']['args'],
    { signal, progress }: CallContext<WriteProtocol['reindex']>,
  ): Promise<ReindexReport> {
    const began = performance.now();
    const view = await this.#presentView(id);
    const { models } = this.#context;
    if (model !== undefined && !models.has(model)) {
      throw new InvalidError(`There is no model ${model}.`, { subject: 'model' });
    }
    if (model !== undefined && (await models.state(model)) === 'absent') {
      throw absent(model);
    }
    const made = await reindexView(
      view,
      { ...(model === undefined ? {} : { model }) },
      { ...this.#context, signal, progress },
    );
    signal.throwIfAborted();
    const now = model ?? view.version.model;
    const { chunks, deleted } = view.version.counts;
    const version =
      made &&
      (await this.#commit(
        view,
        { segments: made.segments, delta: made.delta, model: now },
        {
          operation: 'reindex',
          message: model === undefined ? 'Wrote the search data anew' : `Embedded with ${model}`,
        },
      ));
    return {
      version,
      model: now,
      chunks: chunks - deleted,
      embedded: made?.embedded ?? 0,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** A version of what was written, with what changed in the head since. */
  async #commit(
    view: ShardView,
    rewritten: Rewritten,
    named: Pick<NewVersion, 'operation' | 'message'>,
  ): Promise<string> {
    const { store, catalogue } = this.#context;
    const { version } = await this.#context.committing(async () => {
      const head = await this.#presentView(view.entry.id);
      const isSame = head.version.id === view.version.id;
      const { segments, delta } = isSame
        ? rewritten
        : await this.#carriedOver(view, head, rewritten);
      return commitVersion(store, catalogue, head.entry, {
        ...named,
        segments,
        deltas: [],
        delta,
        model: rewritten.model,
        patch: null,
        counts: countsAfter(head.version.counts, []),
      });
    });
    await this.#context.changed([view.entry.id], 'changed');
    return version.id;
  }

  /** The rewritten data with the changes that lie between a view and the present head. */
  async #carriedOver(
    view: ShardView,
    head: ShardView,
    { segments, delta, model }: Rewritten,
  ): Promise<{ segments: readonly SegmentEntry[]; delta: Delta | null }> {
    const { catalogue, past } = this.#context;
    if (head.version.model !== view.version.model) {
      throw new InvalidError('The shard got another model meanwhile. Try again.', {
        subject: head.version.model,
      });
    }
    const pages = await Promise.all(segments.map(({ page }) => catalogue.page(page)));
    const deltas = delta ? [{ digest: 'rewritten' as Digest, delta }] : [];
    const written = new ShardView(head.entry, head.version, { segments, pages, deltas });
    const changes = changesBetween(view, head);
    const wanted = changes.flatMap(({ after }) => after ?? []);
    const carried = await carriedAll(written, head, wanted, past);
    const records = new Map(wanted.map(({ uuid }, at) => [uuid, carried[at]]));
    const rows = changes.map(({ uuid }) => ({
      uuid,
      before: written.find(uuid) ?? null,
      after: records.get(uuid) ?? null,
    }));
    const sources = sourcesOf(head, changes);
    const top = await deltaOf(
      written,
      rows,
      [written, head],
      { restated: sources },
      model,
      this.#context,
    );
    const parts = [delta, top].filter((part) => part !== null);
    return {
      segments,
      delta: parts.length > 0 ? mergeDeltas(parts, selectVectorBytes) : null,
    };
  }

  async #presentView(id: string): Promise<ShardView> {
    const view = await this.#context.view(id);
    if (!isPresent(view.entry)) throw removed(view.entry);
    return view;
  }
}
