/**
 * Containers that one extracting worker has open: archives, and messages with attachments. Each is
 * opened once for all that is read of it, as long as it is among the few used last. What is inside
 * is handed out as files; what they say is the extractors' matter.
 */
import { NotFoundError } from '../../errors';
import type { CallContext } from '../../rpc/protocol';
import type { Container, ExtractContext, Extractor, Member } from '../../text/document';
import { recogniseDocument, recogniseFile, type Recognised } from '../../text/extract';
import { Gate } from '../gate';
import type { DocumentRef, ExtractProtocol, MemberEntry } from '../protocol';

/** As many as a reader looks ahead, and some: a container of 10,000 members takes some megabytes. */
const KEPT = 8;

/** Documents that were identified and not opened yet; as many as a reader looks ahead. */
const IDENTIFIED = 8;

/** A container in the dropped file is opened, one in that is not: bombs are nested. */
const DEEPEST = 1;

const TOO_DEEP =
  'The files in it were not read: it lies in an archive that lies in another one. Unpack that and add this.';

type Call = CallContext<ExtractProtocol['identify' | 'open']>;

type Ref = DocumentRef & { assetsUrl: string };

/** A document's own file, and how many containers it lies in. */
interface Found {
  readonly file: File;
  readonly depth: number;
}

/** A document with text, and what reads it. */
interface Identified {
  readonly file: File;
  readonly extractor: Extractor;
}

interface Opened {
  readonly members: ReadonlyMap<string, Member>;
  readonly warnings: readonly string[];
  /** Unpacks one of its members; one after another, each on behalf of the call that wants it. */
  unpack(member: Member, call: Call): Promise<File>;
}

export class OpenContainers {
  /** The one used last comes last. */
  readonly #kept = new Map<string, Promise<Opened>>();
  readonly #identified = new Map<string, Identified>();

  /** The document's file, unpacked where it is inside another one. @throws NotFoundError */
  async find(ref: Ref, call: Call): Promise<Found> {
    const { file, member: path } = ref;
    if (path === undefined) return { file, depth: 0 };
    const outer = await this.#outer(ref, call);
    const direct = outer.members.get(path);
    if (direct) return { file: await outer.unpack(direct, call), depth: 1 };
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const holder = outer.members.get(path.slice(0, at));
      if (!holder) continue;
      const inner = await this.#inner(ref, outer, holder, call);
      const member = inner.members.get(path.slice(at + 1));
      if (member) return { file: await inner.unpack(member, call), depth: 2 };
    }
    throw new NotFoundError(`${file.name} has no file ${path} in it.`, { subject: path });
  }

  /** What is in a document that is a container, with the paths that `DocumentRef.member` takes. */
  async list(
    { ref, found, recognised }: { ref: Ref; found: Found; recognised: Recognised },
    call: Call,
  ): Promise<{ members: MemberEntry[]; warnings: string[] }> {
    const { extractor, container } = recognised;
    if (!container) return { members: [], warnings: [] };
    const { member: path } = ref;
    const open = (): Promise<Opened> => openContainer(found.file, container, ref, call);
    if (found.depth > DEEPEST) {
      // Of a message it has to be found out whether anything is attached.
      const isBare = extractor !== undefined && (await open()).members.size === 0;
      return { members: [], warnings: isBare ? [] : [TOO_DEEP] };
    }
    const key = keyOf(ref, path);
    const { members, warnings } = await this.#keep(key, open);
    // A message without attachments takes no place from an archive.
    if (members.size === 0 && key !== undefined) this.#kept.delete(key);
    const prefix = path === undefined ? '' : `${path}/`;
    return {
      members: [...members.values()].map(({ path: own, size }) => ({ path: prefix + own, size })),
      warnings: [...warnings],
    };
  }

  /** Keeps a document that was identified for the call that opens it; the oldest gives way. */
  keep(ref: Ref, document: Identified): void {
    const key = keyOf(ref, ref.member);
    if (key === undefined) return;
    this.#identified.set(key, document);
    dropOldest(this.#identified, IDENTIFIED);
  }

  /** A document to be read, as it was kept, else found and recognised. */
  async take(ref: Ref, call: Call): Promise<Identified> {
    const key = keyOf(ref, ref.member);
    const kept = key === undefined ? undefined : this.#identified.get(key);
    if (kept && key !== undefined) {
      this.#identified.delete(key);
      return kept;
    }
    const { file } = await this.find(ref, call);
    return { file, extractor: await recogniseDocument(file, ref.member ?? file.name) };
  }

  #outer(ref: Ref, call: Call): Promise<Opened> {
    return this.#keep(keyOf(ref, undefined), async () => {
      const { file } = ref;
      const { container } = await recogniseFile(file, file.name);
      if (!container) throw new NotFoundError(`${file.name} has no files in it.`);
      return openContainer(file, container, { ...ref, member: undefined }, call);
    });
  }

  #inner(ref: Ref, outer: Opened, holder: Member, call: Call): Promise<Opened> {
    return this.#keep(keyOf(ref, holder.path), async () => {
      const file = await outer.unpack(holder, call);
      const { container } = await recogniseFile(file, holder.path);
      if (!container) throw new NotFoundError(`${holder.path} has no files in it.`);
      return openContainer(file, container, { ...ref, member: holder.path }, call);
    });
  }

  #keep(key: string | undefined, open: () => Promise<Opened>): Promise<Opened> {
    if (key === undefined) return open();
    const opened = this.#kept.get(key) ?? open();
    this.#kept.delete(key);
    this.#kept.set(key, opened);
    dropOldest(this.#kept, KEPT);
    opened.catch(() => {
      if (this.#kept.get(key) === opened) this.#kept.delete(key);
    });
    return opened;
  }
}

/** Opens a container; whatever it asks and tells later goes through the call it then works for. */
async function openContainer(
  file: File,
  container: Container,
  { file: dropped, member, assetsUrl }: Ref,
  opening: Call,
): Promise<Opened> {
  let call = opening;
  const warnings: string[] = [];
  const context: ExtractContext = {
    name: member ?? dropped.name,
    assetsUrl,
    get signal() {
      return call.signal;
    },
    warn: (message) => warnings.push(message),
    password: () => call.question({ password: askedAs(dropped, member) }),
    // A sign of life: how far a document is read, its extractor says.
    progress: () => {
      call.progress(0);
    },
  };
  const members = await container.members(file, context);
  // One at a time, so that a question has one call to go through, which waits for the answer.
  const turn = new Gate(1);
  return {
    members: new Map(members.map((one) => [one.path, one])),
    warnings,
    async unpack(one, by) {
      const leave = await turn.enter();
      try {
        by.signal.throwIfAborted();
        call = by;
        return await one.open();
      } finally {
        leave();
      }
    },
  };
}

/** How a person is asked for the password of a document: its name, with the file that it is in. */
export function askedAs(file: File, member: string | undefined): string {
  return member === undefined ? file.name : `${file.name}/${member}`;
}

/** By what an open container or an identified document is found again: what names it counts too. */
function keyOf({ file, sha256 }: DocumentRef, path: string | undefined): string | undefined {
  return sha256 === undefined ? undefined : [sha256, file.name, path ?? ''].join('\n');
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
