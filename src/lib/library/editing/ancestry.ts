/** Who descends from whom among the versions of one lineage, from the logs of its shards alone. */
import type { VersionId } from '../../shard/ids';
import type { LoggedVersion, ShardEntry } from '../../shard/objects';
import type { Catalogue } from '../catalogue';

/** Where a version is logged: in which shard's line. */
interface Logged {
  readonly entry: ShardEntry;
  readonly link: LoggedVersion;
}

export class Ancestry {
  readonly #parents = new Map<VersionId, Set<VersionId>>();
  readonly #logged = new Map<VersionId, Logged>();

  /** Reads the logs of all shards of a lineage, removed ones too. */
  static async of(catalogue: Catalogue, lineage: ShardEntry['lineage']): Promise<Ancestry> {
    const ancestry = new Ancestry();
    for (const entry of await catalogue.entries()) {
      if (entry.lineage === lineage) await ancestry.#add(catalogue, entry);
    }
    return ancestry;
  }

  async #add(catalogue: Catalogue, entry: ShardEntry): Promise<void> {
    let newer: VersionId | undefined;
    for await (const link of catalogue.line(entry)) {
      const { id, merged } = link;
      const known = this.#logged.get(id);
      // One line may have let go what another one keeps.
      if (!known || (known.link.skeleton && !link.skeleton)) this.#logged.set(id, { entry, link });
      const parents = this.#parents.get(id) ?? new Set();
      if (merged) parents.add(merged);
      this.#parents.set(id, parents);
      if (newer) this.#parents.get(newer)?.add(id);
      newer = id;
    }
  }

  /** Where a version, or its skeleton, is to be found. */
  find(id: VersionId): Logged | undefined {
    return this.#logged.get(id);
  }

  /** A version and all that it descends from, nearest first. */
  ancestors(id: VersionId): Set<VersionId> {
    const found = new Set([id]);
    for (const one of found) for (const parent of this.#parents.get(one) ?? []) found.add(parent);
    return found;
  }

  /**
   * The nearest common ancestors: those from which no other common one descends, the nearest to `b`
   * first. One as a rule, several of lines that merged crosswise, none of lines that never met. What
   * went with a shard is none: nobody knows any more what it said.
   */
  mergeBases(a: VersionId, b: VersionId): VersionId[] {
    const ofA = this.ancestors(a);
    const common = [...this.ancestors(b)].filter((id) => ofA.has(id) && this.#logged.has(id));
    const passed = new Set(common.flatMap((id) => [...(this.#parents.get(id) ?? [])]));
    return common.filter((id) => !passed.has(id));
  }
}
