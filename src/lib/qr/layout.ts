/**
 * Where each codeword of a shape stands in the symbol, as tables made once: interleaving, placement
 * and mask are folded into them, so that drawing and reading a symbol only follow indices.
 */
import { maskBit } from './mask';
import { drawFunctionPatterns } from './pattern';
import { blocksOf } from './shape';
import type { Blocks, SymbolShape } from './shape';

/**
 * Codewords are counted block after block: first all data (the bit stream's own order), then all
 * parity. All symbols of a shape can share one layout; nobody writes to it.
 */
export interface Layout {
  readonly size: number;
  readonly blocks: Blocks;
  /** The symbol before its codewords: function patterns and masked remainder bits. */
  readonly template: Uint8Array;
  /** Eight module indices a codeword, highest bit first. */
  readonly places: Uint16Array; // 177 * 177 is below 65,536
  /** One byte a codeword: the mask at its eight modules. */
  readonly masks: Uint8Array;
}

/** Makes the tables of a shape. @throws InvalidError when the shape does not exist */
export function layoutOf(shape: SymbolShape): Layout {
  const blocks = blocksOf(shape);
  const { size, modules: template, reserved } = drawFunctionPatterns(shape);
  const places = new Uint16Array(8 * blocks.totalLength);
  const masks = new Uint8Array(blocks.totalLength);
  const order = interleavedOrder(blocks);
  let bit = 0;
  for (const module of placementOrder(size)) {
    if (reserved[module] === 1) continue;
    const inverted = maskBit(shape.mask, Math.floor(module / size), module % size);
    const codeword = order[bit >> 3];
    if (codeword === undefined) {
      template[module] = inverted; // a remainder bit: zero, masked (7.7.3)
    } else {
      places[8 * codeword + (bit & 7)] = module;
      // `order` holds each index below totalLength, the length of `masks`, once.
      masks[codeword] = masks[codeword]! | (inverted << (7 - (bit & 7)));
    }
    bit++;
  }
  return { size, blocks, template, places, masks };
}

/** Our index of each codeword of the final message, in its order. ISO/IEC 18004, 7.6. */
function interleavedOrder(blocks: Blocks): Uint16Array {
  const { count, shortCount, shortLength, parityLength, dataLength, totalLength } = blocks;
  const order = new Uint16Array(totalLength);
  let next = 0;
  for (let i = 0; i <= shortLength; i++) {
    for (let block = i < shortLength ? 0 : shortCount; block < count; block++) {
      order[next++] = block * shortLength + Math.max(0, block - shortCount) + i;
    }
  }
  for (let i = 0; i < parityLength; i++) {
    for (let block = 0; block < count; block++) {
      order[next++] = dataLength + block * parityLength + i;
    }
  }
  return order;
}

/** Module indices in pairs of columns, right to left, up and down in turn. ISO/IEC 18004, 7.7.3. */
function* placementOrder(size: number): Generator<number> {
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right--; // the vertical timing pattern has its column to itself
    for (let i = 0; i < size; i++) {
      const row = upwards ? size - 1 - i : i;
      yield row * size + right;
      yield row * size + right - 1;
    }
    upwards = !upwards;
  }
}
