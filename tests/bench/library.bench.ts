/**
 * The figures that the README quotes, measured on the built app through its public calls: sizes,
 * speeds, search, quality, first load, memory. The text is the Cranfield collection.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import type { Library, Progress } from '../../src/lib';
import { measureQuality } from './quality/quality';
import { readJudged } from './quality/cranfield';
import type { Measure, Scenario, ScenarioContext } from './scenario';

declare global {
  interface Window {
    memreel?: Library;
  }
}

/** Random chunks read one at a time, and questions asked one at a time. */
const READS = 200;
const QUESTIONS = 100;
/** Copies of the collection that make 20,000 chunks of it. */
const COPIES = 11;
/** Hits looked at for each judged question: enough for ten documents by their best chunk. */
const DEPTH = 40;

const firstLoad: Scenario = {
  name: 'first load',
  async run(page, { url }) {
    const client = await page.context().newCDPSession(page);
    await client.send('Network.enable');
    await client.send('Network.setCacheDisabled', { cacheDisabled: true });
    const began = performance.now();
    await page.goto(url);
    await page.waitForFunction(() => window.memreel !== undefined);
    const open = performance.now() - began;
    const seen = await page.evaluate(() => {
      const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const bytes = (ending: RegExp): number =>
        entries
          .filter(({ name }) => ending.test(new URL(name).pathname))
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
      const [paint] = performance.getEntriesByName('first-contentful-paint');
      return { scripts: bytes(/\.js$/), all: bytes(/./), paint: paint?.startTime ?? NaN };
    });
    return [
      {
        what: 'scripts, compressed, the library’s worker included',
        value: seen.scripts / 1000,
        unit: 'kB',
      },
      { what: 'everything, compressed', value: seen.all / 1000, unit: 'kB' },
      { what: 'first contentful paint', value: seen.paint, unit: 'ms' },
      { what: 'library open', value: open, unit: 'ms' },
    ];
  },
};

function profileScenario(profile: 'compact' | 'universal'): Scenario {
  return {
    name: profile,
    async run(page, context) {
      const texts = abstracts(context);
      await warmUp(page, profile);
      const ingested = await ingest(page, profile, texts.join('\n\n'));
      return [
        ...sizesOf(ingested),
        ...speedsOf(ingested),
        ...(await readRandomFrames(page, ingested.id)),
        ...(await search(page, ingested.id)),
        ...(await peakMemory(page)),
      ];
    },
  };
}

const large: Scenario = {
  name: '20,000 chunks',
  async run(page, context) {
    const texts = abstracts(context);
    const copies = Array.from({ length: COPIES }, (_, copy) =>
      texts.map((text, at) => `Report ${String(copy * texts.length + at)}. ${text}`).join('\n\n'),
    );
    await warmUp(page, 'compact');
    const ingested = await ingest(page, 'compact', copies.join('\n\n'));
    return [
      ...speedsOf(ingested),
      ...(await search(page, ingested.id)),
      ...(await peakMemory(page)),
    ];
  },
};

/** Four times the text in one file that no script holds: the memory of it has to be the same. */
const memory: Scenario = {
  name: 'memory',
  async run(page, context) {
    await warmUp(page, 'compact');
    const measures: Measure[] = [];
    for (const copies of [COPIES, 4 * COPIES]) {
      const megabytes = await page.evaluate(
        async ([text, count]) => {
          const parts = Array.from({ length: count }, () => new Blob([text, '\n\n']));
          const file = new File(parts, 'cranfield.txt');
          const shard = await window.memreel?.create({ name: 'Cranfield' });
          await shard?.ingest([file]);
          return file.size / 1e6;
        },
        [abstracts(context).join('\n\n'), copies] as const,
      );
      const [peak] = await peakMemory(page);
      if (peak) measures.push({ ...peak, what: `peak memory, ${megabytes.toFixed(0)} MB of text` });
    }
    return measures;
  },
};

const quality: Scenario = {
  name: 'quality',
  async run(page, { shared }) {
    const documents = readFileSync(path.join(shared, 'corpora/cranfield/documents.jsonl'), 'utf8');
    const ids = documents
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    const models = await page.evaluate(async () => {
      const all = (await window.memreel?.models()) ?? [];
      return all.filter(({ state }) => state === 'ready').map(({ id }) => id);
    });
    const judged = readJudged();
    const measures: Measure[] = [];
    for (const model of models) {
      const id = await page.evaluate(
        async ([text, used]) => {
          const shard = await window.memreel?.create({ name: used, model: used });
          await shard?.ingest([new File([text], 'documents.jsonl')]);
          return shard?.id ?? '';
        },
        [documents, model] as const,
      );
      const about = models.length > 1 ? `${model}, ` : '';
      measures.push(...(await modesOf(page, id, { ids, judged, about })));
    }
    return measures;
  },
};

/** What each mode finds of the judged questions. */
async function modesOf(
  page: Page,
  id: string,
  {
    ids,
    judged,
    about,
  }: { ids: readonly string[]; judged: ReturnType<typeof readJudged>; about: string },
): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const mode of ['lexical', 'semantic', 'hybrid'] as const) {
    const lines = await page.evaluate(
      async ([shardId, questions, asked, topK]) => {
        const shard = await window.memreel?.open(shardId);
        const found: number[][] = [];
        for (const question of questions) {
          const hits = (await shard?.search(question, { mode: asked, topK })) ?? [];
          found.push(hits.map(({ place }) => place?.line ?? 0));
        }
        return found;
      },
      [id, judged.map(({ question }) => question), mode, DEPTH] as const,
    );
    const ranked = lines.map((hits) => [...new Set(hits.map((line) => ids[line - 1] ?? ''))]);
    const answers = new Map(judged.map(({ question }, at) => [question, ranked[at] ?? []]));
    const { ndcg, recall } = await measureQuality(
      (question) => answers.get(question) ?? [],
      judged,
    );
    measures.push({ what: `${about}${mode} nDCG@10`, value: ndcg, unit: '' });
    measures.push({ what: `${about}${mode} recall@10`, value: recall, unit: '' });
  }
  return measures;
}

/** How fast the built-in model embeds, in one worker: its own self-check, the best of three. */
const embedding: Scenario = {
  name: 'embedding',
  async run(page) {
    const rate = await page.evaluate(async () => {
      let best = 0;
      for (let round = 0; round < 3; round++) {
        const report = await window.memreel?.selfCheck();
        const item = report?.items.find(({ id }) => id === 'model');
        best = Math.max(best, Number(/^\d+/u.exec(item?.detail ?? '')?.[0] ?? NaN));
      }
      return best;
    });
    return [{ what: 'built-in model, chunks of 1 KB', value: rate, unit: 'a second' }];
  },
};

export const scenarios: readonly Scenario[] = [
  firstLoad,
  profileScenario('compact'),
  profileScenario('universal'),
  large,
  memory,
  quality,
  embedding,
];

function abstracts({ shared }: ScenarioContext): string[] {
  const file = path.join(shared, 'corpora/cranfield/documents.jsonl');
  if (!existsSync(file)) throw new Error(`The benchmark’s text is not here: ${file}`);
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { title, text } = JSON.parse(line) as { title: string; text: string };
      return `${title}\n${text}`;
    });
}

/** Starts the engines, so that what is measured is work and not loading. */
async function warmUp(page: Page, profile: 'compact' | 'universal'): Promise<void> {
  await page.evaluate(async (wanted) => {
    const shard = await window.memreel?.create({ name: 'Warm-up', profile: wanted });
    const text = 'A sentence about the warming up of engines, of no other use. '.repeat(2000);
    await shard?.ingest([new File([text], 'warm-up.txt')]);
    await shard?.search('warming up');
  }, profile);
}

interface Ingested {
  id: string;
  seconds: number;
  bytes: number;
  /** Seconds from a stage’s first progress to its last. */
  stages: Partial<Record<Progress['stage'], number>>;
  stats: Awaited<ReturnType<NonNullable<Awaited<ReturnType<Library['open']>>>['stats']>>;
  longestTask: number;
}

async function ingest(
  page: Page,
  profile: 'compact' | 'universal',
  text: string,
): Promise<Ingested> {
  return page.evaluate(
    async ([wanted, given]) => {
      const shard = await window.memreel?.create({ name: 'Cranfield', profile: wanted });
      if (!shard) throw new Error('The library is not open.');
      const file = new File([given], 'cranfield.txt');
      // Making the file of one string is the benchmark's own work.
      await new Promise((resolve) => setTimeout(resolve));
      let longestTask = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
      }).observe({ type: 'longtask' });
      const first = new Map<string, number>();
      const last = new Map<string, number>();
      const began = performance.now();
      await shard.ingest([file], {
        onProgress: ({ stage }) => {
          const now = performance.now();
          if (!first.has(stage)) first.set(stage, now);
          last.set(stage, now);
        },
      });
      const seconds = (performance.now() - began) / 1000;
      const stages = Object.fromEntries(
        [...first].map(([stage, from]) => [stage, ((last.get(stage) ?? from) - from) / 1000]),
      );
      const stats = await shard.stats();
      return { id: shard.id, seconds, bytes: file.size, stages, stats, longestTask };
    },
    [profile, text] as const,
  );
}

function sizesOf({ stats }: Ingested): Measure[] {
  const { textBytes, payload, frames } = stats;
  const capacity = payload.text + payload.metadata + payload.unfilled;
  const ratio = (what: string, bytes: number): Measure => ({
    what: `${what} ÷ text`,
    value: bytes / textBytes,
    unit: '',
  });
  return [
    { what: 'text', value: textBytes / 1e6, unit: 'MB' },
    ratio('gzip', stats.gzipBytes),
    ratio('video', stats.videoBytes),
    ratio('video for text', (stats.videoBytes * payload.text) / capacity),
    ratio('video for metadata', (stats.videoBytes * payload.metadata) / capacity),
    ratio('video for unfilled bytes', (stats.videoBytes * payload.unfilled) / capacity),
    ratio('index', stats.indexBytes),
    ratio('words', stats.wordBytes),
    ratio('vectors', stats.vectorBytes),
    { what: 'bytes a frame', value: stats.videoBytes / frames, unit: 'bytes' },
  ];
}

function speedsOf({ bytes, seconds, stages, stats, longestTask }: Ingested): Measure[] {
  const rate = (stage: Progress['stage']): Measure[] => {
    const took = stages[stage] ?? 0;
    return took > 0
      ? [{ what: `… while ${stage} ran`, value: bytes / 1e6 / took, unit: 'MB/s' }]
      : [];
  };
  return [
    { what: 'ingest, end to end', value: bytes / 1e6 / seconds, unit: 'MB/s' },
    ...rate('extract'),
    ...rate('encode'),
    ...rate('verify'),
    { what: 'frames, end to end', value: stats.frames / seconds, unit: 'frames/s' },
    { what: 'chunks', value: stats.chunks, unit: '' },
    { what: 'longest task of the page', value: longestTask, unit: 'ms' },
  ];
}

/** One frame at a time, none twice: sample, decode, symbol, payload, text, digest. */
async function readRandomFrames(page: Page, id: string): Promise<Measure[]> {
  const times = await page
    .evaluate(
      async ([shardId, count]) => {
        const shard = await window.memreel?.open(shardId);
        const chunks = (await shard?.chunks({ limit: 10_000 })) ?? [];
        // What was listed is in the cache of frames: a library opened anew has none.
        const uuids = new Map(chunks.map((chunk) => [chunk.frame?.index ?? -1, chunk.uuid]));
        const order = [...uuids.values()].sort((a, b) => (a < b ? -1 : 1)); // UUIDs are hashes
        sessionStorage.setItem('uuids', JSON.stringify(order.slice(0, count)));
      },
      [id, READS] as const,
    )
    .then(async () => {
      await page.reload();
      await page.waitForFunction(() => window.memreel !== undefined);
      return page.evaluate(async (shardId) => {
        const shard = await window.memreel?.open(shardId);
        const uuids = JSON.parse(sessionStorage.getItem('uuids') ?? '[]') as string[];
        const took: number[] = [];
        for (const uuid of uuids) {
          const began = performance.now();
          await shard?.chunk(uuid);
          took.push(performance.now() - began);
        }
        return took.slice(10); // the first ones start the decoder
      }, id);
    });
  return percentiles('random frame to text', times);
}

async function search(page: Page, id: string): Promise<Measure[]> {
  const questions = readJudged()
    .slice(0, QUESTIONS)
    .map(({ question }) => question);
  const times = await page.evaluate(
    async ([shardId, asked]) => {
      const shard = await window.memreel?.open(shardId);
      await shard?.search('warming up');
      const took: number[] = [];
      for (const question of asked) {
        const began = performance.now();
        await shard?.search(question);
        took.push(performance.now() - began);
      }
      return took;
    },
    [id, questions] as const,
  );
  return percentiles('search, ten hits read from the video', times);
}

/** The most memory that any renderer took, workers included; where the system tells. */
async function peakMemory(page: Page): Promise<Measure[]> {
  const browser = page.context().browser();
  if (!browser || process.platform !== 'linux') return [];
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(id)}/status`, 'utf8')))
    .map((match) => Number(match?.[1] ?? 0) / 1024);
  return [{ what: 'peak memory of the renderer', value: Math.max(...peaks), unit: 'MiB' }];
}

function percentiles(what: string, times: number[]): Measure[] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return [
    { what: `${what}, p50`, value: at(0.5), unit: 'ms' },
    { what: `${what}, p95`, value: at(0.95), unit: 'ms' },
  ];
}
