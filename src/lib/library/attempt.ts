/** One item of the self-check: runs it, times it, and turns a failure into its words. */
import type { SelfCheckItem } from '../api';

export async function attempt(
  id: string,
  name: string,
  work: () => Promise<Pick<SelfCheckItem, 'state' | 'detail'>>,
): Promise<SelfCheckItem> {
  const began = performance.now();
  try {
    const found = await work();
    return { id, name, ...found, milliseconds: performance.now() - began };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { id, name, state: 'failed', detail, milliseconds: performance.now() - began };
  }
}
