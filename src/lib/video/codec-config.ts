/**
 * What MP4 says of a codec: the content of `av1C` and `avcC`, and the codec string that follows
 * from it (RFC 6381). Reads no pictures.
 */
import { CorruptError, UnsupportedError } from '../errors';

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/**
 * The codec string of an AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3, 5): `av01.P.LLT.DD`.
 * @throws CorruptError where it is not one
 */
export function av1Codec(av1C: Uint8Array): string {
  const [marker = 0, profileAndLevel = 0, flags = 0] = av1C;
  if (av1C.length < 4 || marker !== 0x81) throw new CorruptError('av1C is not version 1');
  const profile = profileAndLevel >> 5;
  const level = String(profileAndLevel & 31).padStart(2, '0');
  const tier = (flags & 0x80) === 0 ? 'M' : 'H';
  const depth = (flags & 0x40) === 0 ? '08' : (flags & 0x20) === 0 ? '10' : '12';
  return `av01.${profile}.${level}${tier}.${depth}`;
}

/**
 * The codec string of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3): `avc1.PPCCLL`.
 * @throws CorruptError where it is not one
 * @throws UnsupportedError for lengths of other than four bytes
 */
export function avcCodec(avcC: Uint8Array): string {
  const [version = 0, profile = 0, constraints = 0, level = 0, lengthSize = 0] = avcC;
  if (avcC.length < 7 || version !== 1) throw new CorruptError('avcC is not version 1');
  if ((lengthSize & 3) !== 3) throw new UnsupportedError('avcC: NAL lengths are not 4 bytes');
  return `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`;
}

/** True where both hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
