/**
 * The layout of a segment's word index, version 1. Numbers in the header and the block table are
 * uint32, little-endian; all others are varints (`varint.ts`).
 *
 * | part | content |
 * |---|---|
 * | header | magic `MRPO`, version, rows, terms, bytes of lengths, of dictionary, of lists |
 * | blocks | per 16 terms: offset in the dictionary, offset in the lists |
 * | lengths | terms (with repeats) of each row |
 * | dictionary | per term, ascending by UTF-8 bytes: bytes shared with the term before (0 at the head of a block), number of further bytes, these bytes, rows that hold it, bytes of its list |
 * | lists | per term, per row: twice the distance to the row before (the first: to row -1), plus 1 where a count follows; without one it is 1 |
 *
 * The counts of a row add up to its length: `Postings.open` checks this and everything else once,
 * so that nothing needs checking while a question is answered.
 */

/** `MRPO` read as a little-endian uint32. */
export const MAGIC = 0x4f50524d;
export const VERSION = 1;
export const HEADER_BYTES = 28;
/** Terms that share their beginnings: a look-up reads half a block on average. */
export const BLOCK_TERMS = 16;
