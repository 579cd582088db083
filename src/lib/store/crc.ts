/** CRC-32C (Castagnoli, RFC 3720 appendix B.4): tells torn and stale writes. Not a digest. */

const POLYNOMIAL = 0x82f63b78; // bit-reversed 0x1edc6f41

/** Four tables: four bytes a step ("slicing by 4"). */
const TABLE = (() => {
  const table = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    table[byte] = value;
  }
  for (let i = 256; i < table.length; i++) {
    const shorter = at(table, i - 256);
    table[i] = (shorter >>> 8) ^ at(table, shorter & 255);
  }
  return table;
})();

function at(table: Uint32Array, index: number): number {
  return table[index] ?? 0; // callers stay inside the table; this tells the compiler so
}

/** The CRC-32C of bytes, an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength & ~3;
  let crc = ~0;
  let i = 0;
  for (; i < whole; i += 4) {
    crc ^= view.getUint32(i, true);
    crc =
      at(TABLE, 768 + (crc & 255)) ^
      at(TABLE, 512 + ((crc >>> 8) & 255)) ^
      at(TABLE, 256 + ((crc >>> 16) & 255)) ^
      at(TABLE, crc >>> 24);
  }
  for (; i < bytes.byteLength; i++) {
    crc = (crc >>> 8) ^ at(TABLE, (crc ^ view.getUint8(i)) & 255);
  }
  return ~crc >>> 0;
}
