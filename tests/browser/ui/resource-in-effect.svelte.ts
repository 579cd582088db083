/** A resource that an effect refreshes, as components do. */
import { Resource } from '../../../src/lib/ui/resource.svelte';

export function refreshedInEffect(read: () => Promise<number>): {
  resource: Resource<number>;
  stop: () => void;
} {
  const resource = new Resource(read);
  const stop = $effect.root(() => {
    resource.refreshOn(() => undefined);
  });
  return { resource, stop };
}
