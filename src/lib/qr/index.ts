/**
 * QR symbols in byte mode (ISO/IEC 18004), for Node, window and worker. Not pixels, not video: a
 * symbol is a grid of modules here, except for `readPicture`.
 */
export { payloadCapacity, symbolSize } from './shape';
export type { Ecc, SymbolShape } from './shape';
export { drawFunctionPatterns } from './pattern';
export type { FunctionPatterns } from './pattern';
export { SymbolDrawer } from './draw';
export { SymbolReader } from './read';
export { readPicture } from './picture';
export { drawWithQrcode } from './witness';
