/**
 * Counts the calls of this page that write, so that nothing reloads it in the middle of one. Knows
 * the library's calls by name; changes nothing about them.
 */
import type { Library, Shard } from '../api';

const LIBRARY_WORK: ReadonlySet<PropertyKey> = new Set<keyof Library>([
  ...(['create', 'import', 'exportAll', 'remove', 'restore', 'gc', 'downloadModel'] as const),
  ...(['addModel', 'removeModel', 'addOcrLanguage', 'repair'] as const),
]);
const SHARD_WORK: ReadonlySet<PropertyKey> = new Set<keyof Shard>([
  ...(['rename', 'ingest', 'edit', 'insert', 'split', 'join', 'delete', 'restore'] as const),
  ...(['apply', 'undo', 'redo', 'clone', 'rollback', 'tag', 'untag', 'merge', 'compact'] as const),
  ...(['reindex', 'retention', 'sweep', 'release', 'purge', 'export'] as const),
]);
/** Calls that give a shard. */
const SHARDS: ReadonlySet<PropertyKey> = new Set<keyof Library | keyof Shard>([
  ...(['create', 'open', 'import', 'clone'] as const),
]);

/** What this page's library is writing now. */
export class Work {
  /** Calls under way. */
  count = $state(0);

  /** The same library, whose writing calls are counted, and those of its shards. */
  watch(library: Library): Library {
    return this.#watched(library, LIBRARY_WORK);
  }

  #watched<T extends object>(target: T, work: ReadonlySet<PropertyKey>): T {
    return new Proxy(target, {
      get: (_, key) => {
        // The target itself is the receiver: its private fields are not the proxy's.
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          if (!(result instanceof Promise)) return result;
          const counted = work.has(key) ? this.#counted(result) : result;
          return SHARDS.has(key) ? counted.then((shard) => this.#shard(shard)) : counted;
        };
      },
    });
  }

  #shard(made: unknown): unknown {
    return typeof made === 'object' && made !== null ? this.#watched(made, SHARD_WORK) : made;
  }

  async #counted(call: Promise<unknown>): Promise<unknown> {
    this.count += 1;
    try {
      return await call;
    } finally {
      this.count -= 1;
    }
  }
}
