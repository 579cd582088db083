/**
 * A library in memory over real workers, with a model of memvid's name. What it embeds means nothing:
 * 384 numbers that follow from a text's characters. Everything else is real.
 */
import type { EmbedProtocol } from '../../../src/lib/library/protocol';
import { modelSpec } from '../../../src/lib/embedding/registry';
import { startEngines } from '../../../src/lib/library/engines';
import { LibraryEngine } from '../../../src/lib/library/library-engine';
import type { LibraryProtocol } from '../../../src/lib/library/library-protocol';
import { Models } from '../../../src/lib/library/models/models';
import { OcrLanguages } from '../../../src/lib/library/ingest/ocr-languages';
import type { Caller, Handlers } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';

export type Calls = Caller<Omit<LibraryProtocol, 'open'>>;

export const MINILM = 'all-MiniLM-L6-v2';
const DIMENSIONS = 384;

export interface MiniLmLibrary {
  readonly calls: Calls;
  readonly fs: MemoryFileSystem;
  close(): Promise<void>;
}

export async function minilmLibrary(): Promise<MiniLmLibrary> {
  const assetsUrl = new URL('/', location.href).href;
  const builtIn = modelSpec('static-en');
  const specs = [builtIn, { ...builtIn, id: MINILM, dimensions: DIMENSIONS }];
  const fs = new MemoryFileSystem();
  const locks = new MemoryLocks();
  const models = new Models({ fs, locks, assetsUrl, hubUrl: assetsUrl, specs });
  const started = startEngines();
  const engines = { ...started, embed: callDirectly(embedHandlers(started.embed)) };
  const engine = await LibraryEngine.open({
    ...{ name: 'memvid-test', storageKind: 'memory', assetsUrl, fs, locks, engines, models },
    ...{ ocr: new OcrLanguages(fs), cache: undefined, peers: undefined },
  });
  const calls = callDirectly(engine.handlers());
  return {
    calls,
    fs,
    async close() {
      await calls.call('close', null);
      started.close();
    },
  };
}

function embedHandlers(real: Caller<EmbedProtocol>): Handlers<EmbedProtocol> {
  return {
    async embed(args) {
      if (args.model !== MINILM) return real.call('embed', args);
      const vectors = new Float32Array(args.texts.length * DIMENSIONS);
      for (const [row, text] of args.texts.entries()) {
        vectors.set(vectorOf(text), row * DIMENSIONS);
      }
      return { vectors, dimensions: DIMENSIONS };
    },
    selfCheck: () => Promise.resolve([]),
  };
}

/** Of length 1. */
export function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (let at = 0; at < text.length; at++) {
    const place = (at * 31 + text.charCodeAt(at) * 7) % DIMENSIONS;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
