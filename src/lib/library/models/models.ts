/**
 * The models of a library: which there are, which are here, and how one is brought or let go. Makes
 * no vectors: it hands the embedding worker what that needs, and says where a model is not here.
 */
import type { ModelInfo, Progress } from '../../api';
import { InvalidError, NotFoundError, ReadOnlyError } from '../../errors';
import type { DeviceTrial } from '../../embedding/device';
import type { ModelFile, ModelSpec, SentenceModelSpec } from '../../embedding/model';
import { modelRegistry } from '../../embedding/registry';
import type { Caller } from '../../rpc/protocol';
import { callDirectly } from '../../rpc/server';
import type { FileSystem } from '../../store/file-system';
import { tryLock, type Locks } from '../../store/locks';
import { fetchFromHub, hubAddress } from './models-hub';
import { openHanded, type HandedFile } from './models-handed';
import { KeptModels, type BringFile } from './models-kept';
import type { BroughtModel, EmbedProtocol } from '../protocol';

export type ModelState = 'ready' | 'absent';

export interface ModelParts {
  /** For models alone. */
  readonly fs: FileSystem;
  readonly locks: Locks;
  /** Where `models/` of the built-in one is served. */
  readonly assetsUrl: string;
  readonly hubUrl: string;
  /** What came of trying models on WebGPU; best effort, they are tried again without it. */
  readonly trials?: Trials | undefined;
  /** Those that there are; the registry's without it. */
  readonly specs?: readonly ModelSpec[];
}

/** What may be forgotten at any time. */
export interface Trials {
  find(key: string): Promise<DeviceTrial | undefined>;
  keep(key: string, trial: DeviceTrial | undefined): Promise<void>;
}

/** How bringing a model is watched and stopped. */
interface Bringing {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

/** Steps of progress of one model. */
const STEPS = 500;

export class Models {
  readonly #parts: ModelParts;
  readonly #specs: readonly ModelSpec[];
  readonly #kept: KeptModels;

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.#specs = parts.specs ?? modelRegistry();
    this.#kept = new KeptModels(parts.fs);
  }

  list(): Promise<ModelInfo[]> {
    return Promise.all(this.#specs.map((spec) => this.#info(spec)));
  }

  /** Whether there is such a model, here or not. */
  has(id: string): boolean {
    return this.#specs.some((spec) => spec.id === id);
  }

  /** Whether texts can be embedded with it now; one that this version does not know is absent. */
  async state(id: string): Promise<ModelState> {
    const spec = this.#specs.find((one) => one.id === id);
    if (spec?.kind === 'static') return 'ready';
    return spec && (await this.#kept.files(spec)) ? 'ready' : 'absent';
  }

  /** Embeds as `embed` does, with the files of larger models; null where a model is not here. */
  embedder(embed: Caller<EmbedProtocol>): Caller<EmbedProtocol> {
    return callDirectly<EmbedProtocol>({
      embed: async (args, { signal }) => {
        const spec = this.#specs.find(({ id }) => id === args.model);
        if (spec?.kind === 'static') return embed.call('embed', args, { signal });
        const brought = await this.brought(args.model);
        if (!brought) return null;
        const { trials } = this.#parts;
        const key = keyOf(brought.spec);
        const trial = await trials?.find(key);
        return embed.call(
          'embed',
          { ...args, brought, trial },
          { signal, onProgress: (told) => void trials?.keep(key, told.trial) },
        );
      },
      selfCheck: (args, { signal }) => embed.call('selfCheck', args, { signal }),
    });
  }

  /** What a larger model is made of; undefined where it is not here, and for the one that ships. */
  async brought(id: string): Promise<BroughtModel | undefined> {
    const spec = this.#specs.find((one) => one.id === id);
    const files = spec?.kind === 'sentence' ? await this.#kept.files(spec) : undefined;
    return spec?.kind === 'sentence' && files ? { spec, files } : undefined;
  }

  /** Brings a model from the hub. @throws as `Library.downloadModel` */
  download(id: string, bringing: Bringing): Promise<ModelInfo> {
    return this.#bring(id, 'download', bringing, (spec, keep) =>
      keep((file) => (from) => {
        const address = hubAddress(this.#parts.hubUrl, spec, file);
        return fetchFromHub(address, from, bringing.signal);
      }),
    );
  }

  /** Brings a model from files that a person chose. @throws as `Library.addModel` */
  add(id: string, files: readonly HandedFile[], bringing: Bringing): Promise<ModelInfo> {
    return this.#bring(id, 'copy', bringing, async (spec, keep) => {
      const handed = await openHanded(spec, files);
      try {
        await keep((file) => handed.bring(file));
      } finally {
        await handed.close();
      }
    });
  }

  /** Lets a model's files go. @throws InvalidError for the one that ships with the app */
  async remove(id: string): Promise<void> {
    const spec = this.#spec(id);
    if (spec.kind === 'static') {
      throw new InvalidError(`The model ${spec.name} ships with the app.`, { subject: id });
    }
    await this.#alone(spec, () => this.#kept.remove(spec));
  }

  async #bring(
    id: string,
    stage: 'download' | 'copy',
    { signal, progress }: Bringing,
    act: (
      spec: SentenceModelSpec,
      keep: (bringing: (file: ModelFile) => BringFile) => Promise<void>,
    ) => Promise<void>,
  ): Promise<ModelInfo> {
    const spec = this.#spec(id);
    if (spec.kind === 'static') return this.#info(spec);
    await this.#alone(spec, () =>
      act(spec, async (bringing) => {
        const meter = new Meter(spec, (file, done) => {
          progress({ stage, done, total: spec.bytes, file });
        });
        for (const file of spec.files) {
          const told = meter.of(file);
          await this.#kept.keep(spec, file, bringing(file), { signal, told });
        }
      }),
    );
    return this.#info(spec);
  }

  /** One tab at a time writes the files of a model. */
  async #alone<T>({ id, name }: SentenceModelSpec, work: () => Promise<T>): Promise<T> {
    const release = await tryLock(this.#parts.locks, `memreel.models/${id}`);
    if (!release) {
      throw new ReadOnlyError(
        `The model ${name} is being brought already, perhaps in another tab.`,
        {
          subject: id,
        },
      );
    }
    try {
      return await work();
    } finally {
      await release();
    }
  }

  #spec(id: string): ModelSpec {
    const spec = this.#specs.find((one) => one.id === id);
    if (spec) return spec;
    throw new NotFoundError(`There is no model ${id}.`, { subject: id });
  }

  async #info(spec: ModelSpec): Promise<ModelInfo> {
    const { id, name, bytes, dimensions, languages, licence, licenceUrl, origin } = spec;
    const facts = { id, name, bytes, dimensions, languages, licence, origin };
    if (spec.kind === 'static') {
      const address = new URL(`models/${licenceUrl}`, this.#parts.assetsUrl).href;
      return { ...facts, licenceUrl: address, state: 'ready', keptBytes: 0 };
    }
    const keptBytes = await this.#kept.bytes(spec);
    const isReady = (await this.#kept.files(spec)) !== undefined;
    const state = isReady ? 'ready' : keptBytes > 0 ? 'partial' : 'absent';
    const trial = isReady ? await this.#parts.trials?.find(keyOf(spec)) : undefined;
    const device = trial ? { device: trial.detail } : {};
    return { ...facts, licenceUrl, state, keptBytes, ...device };
  }
}

const keyOf = ({ id, hub }: SentenceModelSpec): string => `${id} ${hub.revision}`;

/** Adds up what is here of each file, and tells it in steps. */
class Meter {
  readonly #here = new Map<ModelFile, number>();
  readonly #step: number;
  readonly #tell: (file: string, done: number) => void;
  #told = -1;
  #file: ModelFile | undefined;

  constructor({ bytes }: SentenceModelSpec, tell: (file: string, done: number) => void) {
    this.#step = bytes / STEPS;
    this.#tell = tell;
  }

  of(file: ModelFile): (bytes: number) => void {
    return (bytes) => {
      this.#here.set(file, bytes);
      const done = [...this.#here.values()].reduce((sum, one) => sum + one, 0);
      const isStep = file !== this.#file || bytes === file.bytes;
      if (!isStep && Math.abs(done - this.#told) < this.#step) return;
      this.#file = file;
      this.#told = done;
      this.#tell(file.path, done);
    };
  }
}
