/**
 * Looks at everything that is stored, from the disk alone: what both HEADs and both journals reach,
 * whether each object is there and matches its digest, and which files nobody reaches.
 */
import type { Progress } from '../api';
import { CorruptError } from '../errors';
import type { Blobs } from './blobs';
import { digestOf, isDigest } from './digest';
import type { Digest } from './digest';
import type { FileSystem } from './file-system';
import { blobPath, BLOBS, STAGING } from './layout';
import type { Reference } from './layout';
import { baseOf, readHeads, recover, replay } from './recover';
import { walk } from './walk';
import type { Graph } from './walk';

export interface Finding {
  /** `missing`, `corrupt`, `unreadable`, `older-head`; in notes `stray`, `newer-head`, `skipped`. */
  readonly code: string;
  /** A path in the library's directory. */
  readonly where: string;
  /** For people. */
  readonly message: string;
}

export interface StoreReport {
  problems: Finding[];
  /** What is worth knowing and harms nothing. */
  notes: Finding[];
  /** Objects that were read and verified, in files or in the journals. */
  blobs: number;
  bytes: number;
}

export interface CheckOptions {
  /** Looked at before each object. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** What the walk starts from. */
interface Survey {
  starts: Reference[];
  roots: Set<Digest>;
  inline: Map<Digest, Uint8Array>;
}

export async function check(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  { signal, onProgress }: CheckOptions,
): Promise<StoreReport> {
  const report: StoreReport = { problems: [], notes: [], blobs: 0, bytes: 0 };
  const stored = await listBlobs(fs);
  const { starts, roots, inline } = await survey(fs, blobs, graph, report);
  const reached = new Set<Digest>(roots);
  const verified = new Set<Digest>(roots);
  const problem = (code: string, digest: Digest, message: string): void => {
    report.problems.push({ code, where: blobPath(digest), message });
  };

  const enter = async ({ kind, digest }: Reference): Promise<Uint8Array | undefined> => {
    signal?.throwIfAborted();
    reached.add(digest);
    const carried = inline.get(digest);
    const blob = carried ? undefined : await blobs.get(digest);
    if (!carried && !blob) {
      problem('missing', digest, `An object (${kind}) is not there.`);
      return undefined;
    }
    if (!verified.has(digest)) {
      const intact = carried
        ? (await digestOf(carried)) === digest
        : blob !== undefined && (await blobs.verifies(digest, blob));
      if (!intact) {
        problem('corrupt', digest, `An object (${kind}) has changed.`);
        return undefined;
      }
      verified.add(digest);
      report.blobs++;
      report.bytes += carried?.byteLength ?? blob?.size ?? 0;
      onProgress?.({ stage: 'check', done: report.blobs, total: stored.length + inline.size });
    }
    if (graph.leaves.has(kind)) return undefined;
    return carried ?? (blob && new Uint8Array(await blob.arrayBuffer()));
  };
  await walk(
    starts,
    (kind, bytes) => {
      try {
        return graph.references(kind, bytes);
      } catch (error) {
        const message = `An object (${kind}) cannot be read: ${String(error)}`;
        report.problems.push({ code: 'unreadable', where: kind, message });
        return [];
      }
    },
    enter,
  );

  for (const path of stored) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (isDigest(name) && reached.has(name)) continue;
    report.notes.push({ code: 'stray', where: path, message: 'Nothing refers to this file.' });
  }
  return report;
}

/**
 * Every digest that a HEAD or a journal reaches: what must be kept.
 * @throws CorruptError when an object is missing or has changed: nobody knows then what it reaches
 */
export async function reachable(fs: FileSystem, blobs: Blobs, graph: Graph): Promise<Set<Digest>> {
  const { starts, roots, inline } = await survey(fs, blobs, graph, undefined);
  const reached = new Set<Digest>(roots);
  await walk(starts, graph.references, async ({ kind, digest }) => {
    reached.add(digest);
    if (graph.leaves.has(kind)) return undefined;
    const bytes = inline.get(digest) ?? (await blobs.read(digest));
    if (bytes) return bytes;
    const subject = blobPath(digest);
    throw new CorruptError(`An object (${kind}) is not there.`, { subject });
  });
  return reached;
}

async function survey(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  report: StoreReport | undefined,
): Promise<Survey> {
  const found: Survey = { starts: [], roots: new Set(), inline: new Map() };
  const heads = await readHeads(fs);
  const current = await recover(fs, blobs, graph);
  const states = current ? [current] : [];
  for (const head of heads) {
    if (head.generation === current?.base.generation) continue;
    const base = await baseOf(head, fs, blobs);
    if (base) {
      states.push(await replay(fs, blobs, graph, base, heads, 'older-head'));
    } else if (current && head.generation > current.base.generation) {
      const message =
        'The newest root did not reach the disk; the older one and its journal serve.';
      report?.notes.push({ code: 'newer-head', where: 'head', message });
    } else {
      const message = 'The older HEAD leads nowhere: there is nothing to fall back on.';
      report?.problems.push({ code: 'older-head', where: 'head', message });
    }
  }
  for (const state of states) {
    found.starts.push(...state.base.entries.values(), ...state.history);
    if (state.base.root) found.roots.add(state.base.root);
    for (const [digest, bytes] of state.inline) found.inline.set(digest, bytes);
  }
  for (const sequence of current?.skipped ?? []) {
    const message = 'A commit needs files that did not reach the disk before a power loss.';
    report?.notes.push({ code: 'skipped', where: `commit ${sequence}`, message });
  }
  return found;
}

async function listBlobs(fs: FileSystem): Promise<string[]> {
  const paths: string[] = [];
  for (const directory of await fs.list(BLOBS)) {
    for (const name of await fs.list(`${BLOBS}/${directory}`)) {
      paths.push(`${BLOBS}/${directory}/${name}`);
    }
  }
  for (const name of await fs.list(STAGING)) paths.push(`${STAGING}/${name}`);
  return paths;
}
