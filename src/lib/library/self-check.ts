/** Tries what this browser can do, each in the worker that would do it, and says what was seen. */
import type { SelfCheckItem, SelfCheckReport } from '../api';
import type { EngineParts } from './parts';
import { attempt } from './attempt';

export async function selfCheck({
  storageKind,
  fs,
  engines,
  assetsUrl,
}: EngineParts): Promise<SelfCheckReport> {
  const items: SelfCheckItem[] = [
    await attempt('storage', 'Private file system (OPFS)', async () => {
      if (storageKind === 'memory') return { state: 'missing', detail: 'Memory only' };
      const path = 'self-check';
      const written = crypto.getRandomValues(new Uint8Array(1 << 16));
      const file = await fs.open(path, { create: true });
      try {
        file.write(0, written);
        file.flush();
        const read = file.read(0, written.length);
        if (!written.every((byte, at) => byte === read[at]))
          throw new Error('Other bytes came back');
      } finally {
        file.close();
        await fs.remove(path);
      }
      return { state: 'works', detail: '64 KB written, flushed and read back' };
    }),
    await attempt('isolation', 'Cross-origin isolation', () =>
      Promise.resolve(
        crossOriginIsolated
          ? { state: 'works', detail: 'This page is isolated from all others' }
          : { state: 'missing', detail: 'Everything works without it' },
      ),
    ),
    ...(await engines.decode.call('selfCheck', null)),
    ...(await engines.embed.call('selfCheck', { assetsUrl })),
    ...(await engines.search.call('selfCheck', null)),
  ];
  const compact = items.find(({ id }) => id === 'compact');
  return { items, profile: compact?.state === 'works' ? 'compact' : 'universal' };
}
