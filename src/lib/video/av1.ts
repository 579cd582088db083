/**
 * AV1's stream of OBUs (AV1 specification, 5.3), as far as storing it in MP4 needs: a temporal unit
 * becomes a sample, its sequence header becomes `av1C`. Decodes no pictures.
 */
import { CorruptError } from '../errors';
import { concatenate } from './boxes';

const SEQUENCE_HEADER = 1;
const TEMPORAL_DELIMITER = 2;
const FRAME_HEADER = 3;
const FRAME = 6;
const TILE_LIST = 8;
const PADDING = 15;

/** One OBU: its type, all its bytes, and its payload. */
interface Obu {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
}

/** A length in LEB128, at most 8 bytes (AV1 4.10.5). */
function readLeb128(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, next: at + i + 1 };
  }
  throw new CorruptError('AV1: a length does not end');
}

/** Splits a temporal unit. An OBU without a size reaches to the end (AV1 5.3.1). */
function splitObus(unit: Uint8Array): Obu[] {
  const obus: Obu[] = [];
  let at = 0;
  while (at < unit.length) {
    const header = unit[at] ?? 0;
    if ((header & 0x80) !== 0) throw new CorruptError('AV1: forbidden bit is set');
    const content = at + ((header & 4) === 0 ? 1 : 2);
    let start = content;
    let end = unit.length;
    if ((header & 2) !== 0) {
      const size = readLeb128(unit, content);
      start = size.next;
      end = start + size.value;
    }
    if (start > unit.length || end > unit.length) throw new CorruptError('AV1: an OBU is cut off');
    obus.push({
      type: (header >> 3) & 15,
      bytes: unit.subarray(at, end),
      payload: unit.subarray(start, end),
    });
    at = end;
  }
  return obus;
}

/**
 * Makes a sample of an encoder's temporal unit: without temporal delimiters, tile lists and padding
 * (AV1-ISOBMFF 2.4), with its sequence header, which a sync sample must carry.
 * @throws CorruptError where there is none
 */
export function av1Sample(unit: Uint8Array): {
  sample: Uint8Array;
  sequenceHeader: Uint8Array;
} {
  const kept = splitObus(unit).filter(
    ({ type }) => type !== TEMPORAL_DELIMITER && type !== TILE_LIST && type !== PADDING,
  );
  const header = kept.find(({ type }) => type === SEQUENCE_HEADER);
  if (!header) throw new CorruptError('AV1: a key frame without a sequence header');
  return {
    sample: concatenate(kept.map(({ bytes }) => bytes)),
    sequenceHeader: header.bytes.slice(),
  };
}

/**
 * Proves that a sample's frames are shown key frames, whose pictures come from nothing but the
 * sample: neither a show of a picture kept from before nor a frame that predicts from one.
 * @throws CorruptError
 */
export function checkAv1Sample(sample: Uint8Array): void {
  const obus = splitObus(sample);
  const sequence = obus.find(({ type }) => type === SEQUENCE_HEADER);
  const frames = obus.filter(({ type }) => type === FRAME || type === FRAME_HEADER);
  if (!sequence || frames.length === 0) throw new CorruptError('AV1: not a whole key frame');
  // With reduced_still_picture_header (5.5.1) there is nothing but key frames.
  if (((sequence.payload[0] ?? 0) & 0x08) !== 0) return;
  for (const { payload } of frames) {
    // show_existing_frame 0, frame_type KEY_FRAME (00), show_frame 1 (5.9.2)
    if (((payload[0] ?? 0) & 0xf0) !== 0x10) throw new CorruptError('AV1: not a key frame');
  }
}

/** Reads bits, most significant first. */
function bitReader(bytes: Uint8Array): (count: number) => number {
  let at = 0;
  return (count) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) {
      value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
}

/** Level and tier of the first operating point (AV1 5.5.1, up to it). */
function readSequenceStart(bits: (count: number) => number): {
  profile: number;
  level: number;
  tier: number;
} {
  const profile = bits(3);
  bits(1); // still_picture
  if (bits(1) === 1) return { profile, level: bits(5), tier: 0 }; // reduced_still_picture_header
  // timing_info_present_flag
  if (bits(1) === 1) {
    bits(32); // num_units_in_display_tick
    bits(32); // time_scale
    // equal_picture_interval, then uvlc (4.10.3)
    if (bits(1) === 1) {
      let zeros = 0;
      while (zeros < 32 && bits(1) === 0) zeros++;
      bits(zeros);
    }
    if (bits(1) === 1) bits(5 + 32 + 5 + 5); // decoder_model_info
  }
  bits(1 + 5 + 12); // initial_display_delay_present_flag, operating_points_cnt_minus_1, idc[0]
  const level = bits(5);
  return { profile, level, tier: level > 7 ? bits(1) : 0 };
}

/**
 * The AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3) of a sequence header OBU, for 8-bit 4:2:0,
 * which is all that profile 0 encoders are asked for here.
 * @throws CorruptError for another profile
 */
export function av1Configuration(sequenceHeader: Uint8Array): Uint8Array {
  const payload = splitObus(sequenceHeader)[0]?.payload ?? new Uint8Array();
  const { profile, level, tier } = readSequenceStart(bitReader(payload));
  if (profile !== 0) throw new CorruptError(`AV1: profile ${profile} where Main was asked for`);
  const depthAndSubsampling = 0b0000_1100; // 8 bits, colour, 4:2:0, position unknown
  return concatenate([
    Uint8Array.of(0x81, (profile << 5) | level, (tier << 7) | depthAndSubsampling, 0),
    sequenceHeader,
  ]);
}
