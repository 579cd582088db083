/**
 * The independent drawer: the `qrcode` package at the same shape. The self-check draws with both and
 * compares; it shares no code with draw.ts and is twenty times as slow, so it does not draw
 * the frames.
 */
import { create } from 'qrcode';
import type { QRCodeMaskPattern } from 'qrcode';
import { checkModules, checkPayload, payloadCapacity, symbolSize } from './shape';
import type { SymbolShape } from './shape';

/**
 * Draws what `SymbolDrawer.draw` draws, into a `target` of the same kind.
 * @throws InvalidError under the same conditions
 */
export function drawWithQrcode(payload: Uint8Array, shape: SymbolShape, target: Uint8Array): void {
  checkPayload(payload, payloadCapacity(shape));
  checkModules(target, symbolSize(shape.version));
  const { modules } = create([{ data: payload, mode: 'byte' }], {
    version: shape.version,
    errorCorrectionLevel: shape.ecc,
    maskPattern: shape.mask as QRCodeMaskPattern, // `payloadCapacity` proved 0 to 7
  });
  target.set(modules.data);
}
