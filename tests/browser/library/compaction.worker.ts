/** An edited shard on OPFS with real codecs: sync access handles exist nowhere but in a worker. */
import type { ProfileName } from '../../../src/lib/api';
import { compactView } from '../../../src/lib/library/redraw/compaction';
import { startEngines } from '../../../src/lib/library/engines';
import { exportMp4 } from '../../../src/lib/library/exchange/export-mp4';
import { OpfsFileSystem } from '../../../src/lib/store/opfs';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { FrameTexts } from '../../../src/lib/library/asking/frame-texts';
import { EditedShard } from '../../unit/library/edited-shard';

export interface CompactedReport {
  /** Live texts as they should be, and as they were read out of the new video. */
  readonly said: readonly string[];
  readonly read: readonly string[];
  readonly frames: { before: number; after: number; copied: number; encoded: number } | undefined;
  /** Of the joined export. */
  readonly exported: { readonly frames: number; readonly configuration: boolean };
  readonly left: readonly string[];
}

async function compacted(profile: ProfileName, fs: OpfsFileSystem): Promise<CompactedReport> {
  const engines = startEngines();
  try {
    const shard = await EditedShard.of([50, 25], { engines, fs, profile, assetsUrl: '/' });
    const [first] = shard.view.segments;
    for (const record of shard.view.ordered()) {
      const isGone = record.at?.segment === first?.id && record.at?.frame === 0;
      if (isGone) await shard.remove(record);
    }
    await shard.edit(shard.at(60));
    await shard.insertAfter(70);
    const file = await exportMp4(shard.view, shard.context, {
      ...{ to: undefined, signal: shard.signal, progress: () => undefined },
    });
    const made = await compactView(shard.view, 0.05, shard.context);
    await shard.take({ segments: made?.segments ?? [], deltas: made?.delta ? [made.delta] : [] });
    const live = shard.view.ordered().filter(({ deleted }) => !deleted);
    const video = await openMp4(file ?? new Blob());
    const [segment] = shard.view.segments;
    const old = segment && (await openMp4(await shard.store.get(segment.video)));
    const report = {
      said: live.map(({ uuid }) => shard.said.get(uuid) ?? ''),
      read: await new FrameTexts(shard.store, engines.decode).read(shard.view, live),
      frames: made?.frames,
      exported: { frames: video.frames, configuration: video.codec === old?.codec },
      left: await fs.list('exports'),
    };
    await shard.store.close();
    return report;
  } finally {
    engines.close();
  }
}

onmessage = async (event: MessageEvent<ProfileName>) => {
  const directory = `compaction-test-${crypto.randomUUID()}`;
  try {
    const fs = await OpfsFileSystem.open(directory);
    postMessage({ report: await compacted(event.data, fs) });
  } catch (error) {
    postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(directory, { recursive: true });
    close();
  }
};
