/** An edited shard over memory and the engines that Node has. */
import { EditedShard } from './edited-shard';
import { enginesInNode, type NodeEngines, type Spoil } from './engines-in-node';

/** @param sizes chunks of each segment */
export function shardInNode(
  sizes: readonly number[],
  options: { spoil?: Spoil } = {},
): Promise<EditedShard<NodeEngines>> {
  return EditedShard.of(sizes, { engines: enginesInNode(options) });
}
