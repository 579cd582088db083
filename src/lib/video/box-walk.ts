/**
 * Strict walk over boxes of an untrusted file (ISO/IEC 14496-12, 4.2): every size lies inside its
 * parent, every table inside its box, before anything is allocated for it. The caller walks by
 * name, so depth is bounded by the code and not by the file.
 */
import { CorruptError } from '../errors';

/** A box's content: `start` to `end` in `bytes`, header excluded. */
export interface Box {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Size and type of a box as its header says; `length` includes the header. */
export interface BoxHeader {
  readonly type: string;
  readonly headerLength: 8 | 16;
  readonly length: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function fourCharactersAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/**
 * Reads the header at `at`; `room` is what is left of the parent. Size 0 means all of it, which is
 * allowed where `openEnded` says so (top level only).
 * @throws CorruptError
 */
export function readHeader(
  bytes: Uint8Array,
  at: number,
  room: number,
  openEnded: boolean,
): BoxHeader {
  if (room < 8 || at + 8 > bytes.length) throw new CorruptError('MP4: a box header is cut off');
  const view = viewOf(bytes);
  const type = fourCharactersAt(bytes, at + 4);
  const short = view.getUint32(at);
  if (short === 0 && openEnded) return { type, headerLength: 8, length: room };
  if (short !== 1) {
    if (short < 8 || short > room) throw new CorruptError(`MP4: box ${type} leaves its parent`);
    return { type, headerLength: 8, length: short };
  }
  if (room < 16 || at + 16 > bytes.length) throw new CorruptError('MP4: a box header is cut off');
  const length = Number(view.getBigUint64(at + 8));
  if (length < 16 || length > room) throw new CorruptError(`MP4: box ${type} leaves its parent`);
  return { type, headerLength: 16, length };
}

/** The boxes inside `parent`, from `skip` bytes into its content on. @throws CorruptError */
export function childBoxes(parent: Box, skip = 0): Box[] {
  const boxes: Box[] = [];
  let at = parent.start + skip;
  if (at > parent.end) throw new CorruptError(`MP4: box ${parent.type} is cut off`);
  while (at < parent.end) {
    const { type, headerLength, length } = readHeader(parent.bytes, at, parent.end - at, false);
    boxes.push({ type, bytes: parent.bytes, start: at + headerLength, end: at + length });
    at += length;
  }
  return boxes;
}

/** The only box of a type. @throws CorruptError where there is none, or more than one */
export function onlyBox(boxes: readonly Box[], type: string): Box {
  const found = boxes.filter((box) => box.type === type);
  const box = found[0];
  if (!box || found.length > 1) throw new CorruptError(`MP4: ${found.length} boxes ${type}`);
  return box;
}

/** A table's place in its box. */
export interface Table {
  readonly view: DataView;
  readonly count: number;
  /** Offset of the first entry in `view`. */
  readonly start: number;
}

/**
 * The table of a full box: `count` stands `countAt` bytes after version and flags, entries follow.
 * @throws CorruptError where the entries do not fit
 */
export function tableOf(box: Box, entryBytes: number, countAt = 0): Table {
  const at = box.start + 4 + countAt;
  if (at + 4 > box.end) throw new CorruptError(`MP4: box ${box.type} is cut off`);
  const view = viewOf(box.bytes);
  const count = view.getUint32(at);
  if (count * entryBytes > box.end - at - 4) {
    throw new CorruptError(`MP4: box ${box.type} has fewer entries than it says`);
  }
  return { view, count, start: at + 4 };
}
