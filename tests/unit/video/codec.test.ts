/** AV1's and H.264's records, against bytes of real encoders and the standards' layouts. */
import { describe, expect, test } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../src/lib/errors';
import { av1Configuration, av1Sample, checkAv1Sample } from '../../../src/lib/video/av1';
import { av1Codec, avcCodec } from '../../../src/lib/video/codec-config';
import { AV1_CONFIGURATION, AV1_SEQUENCE_HEADER, AVC_CONFIGURATION } from './segments';

const DELIMITER = [0x12, 0x00];
/** OBU_FRAME with a size of 3; a shown key frame begins with 0001. */
const FRAME = [0x32, 0x03, 0x10, 0xaa, 0xbb];
const PADDING = [0x7a, 0x01, 0x80];

describe('AV1', () => {
  test('a sample keeps the sequence header and the frame, nothing else', () => {
    const unit = Uint8Array.of(...DELIMITER, ...AV1_SEQUENCE_HEADER, ...FRAME, ...PADDING);
    const { sample, sequenceHeader } = av1Sample(unit);
    expect(sample).toEqual(Uint8Array.of(...AV1_SEQUENCE_HEADER, ...FRAME));
    expect(sequenceHeader).toEqual(AV1_SEQUENCE_HEADER);
  });

  test.each([
    ['without a sequence header', [...DELIMITER, ...FRAME]],
    ['an OBU longer than the unit', [...AV1_SEQUENCE_HEADER, 0x32, 0x7f, 0x10]],
    ['a length that does not end', [0x0a, 0xff, 0xff, 0xff]],
    ['the forbidden bit', [0x8a, 0x00]],
  ])('%s is corrupt', (_name, unit) => {
    expect(() => av1Sample(Uint8Array.from(unit))).toThrow(CorruptError);
  });

  test('the configuration of a real sequence header', () => {
    expect(av1Configuration(AV1_SEQUENCE_HEADER)).toEqual(AV1_CONFIGURATION);
    expect(av1Codec(AV1_CONFIGURATION)).toBe('av01.0.00M.08');
  });

  test('codec strings show level, tier and depth', () => {
    expect(av1Codec(Uint8Array.of(0x81, (1 << 5) | 13, 0xcc, 0))).toBe('av01.1.13H.10');
    expect(() => av1Codec(Uint8Array.of(0x81, 0))).toThrow(CorruptError);
  });

  test.each([
    ['a shown key frame passes', 0x10, true],
    ['one that shows a kept picture', 0x90, false],
    ['an inter frame', 0x30, false],
    ['a hidden key frame', 0x00, false],
  ])('%s', (_name, first, sound) => {
    const sample = Uint8Array.of(...AV1_SEQUENCE_HEADER, 0x32, 0x02, first, 0);
    if (sound) expect(() => checkAv1Sample(sample)).not.toThrow();
    else expect(() => checkAv1Sample(sample)).toThrow(CorruptError);
  });

  test('a sample without a frame is none', () => {
    expect(() => checkAv1Sample(AV1_SEQUENCE_HEADER)).toThrow(CorruptError);
  });
});

describe('H.264', () => {
  test('codec strings show profile, constraints and level', () => {
    expect(avcCodec(AVC_CONFIGURATION)).toBe('avc1.4d401f');
  });

  test('lengths of two bytes are unsupported, another version corrupt', () => {
    expect(() => avcCodec(AVC_CONFIGURATION.with(4, 0xfd))).toThrow(UnsupportedError);
    expect(() => avcCodec(AVC_CONFIGURATION.with(0, 2))).toThrow(CorruptError);
  });
});
