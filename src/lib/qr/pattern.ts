/**
 * The function patterns of a symbol: finders, timing, alignment, format and version information
 * (ISO/IEC 18004, 6.3, 7.9, 7.10). No data and no mask: layout.ts adds them.
 */
import { alignmentsPerSide, symbolSize } from './shape';
import type { Ecc, SymbolShape } from './shape';

/** In row-major order, one byte a module. */
export interface FunctionPatterns {
  readonly size: number;
  /** 1 where a function pattern is dark; 0 elsewhere. */
  readonly modules: Uint8Array;
  /** 1 where a function pattern lies, dark or light. */
  readonly reserved: Uint8Array;
}

/** Table 12. */
const ECC_INDICATOR: Record<Ecc, number> = { L: 0b01, M: 0b00, Q: 0b11, H: 0b10 };

/** Draws what every symbol of this shape has. The shape must have been checked. */
export function drawFunctionPatterns(shape: SymbolShape): FunctionPatterns {
  const size = symbolSize(shape.version);
  const modules = new Uint8Array(size * size);
  const reserved = new Uint8Array(size * size);
  const set = (row: number, column: number, dark: boolean) => {
    modules[row * size + column] = dark ? 1 : 0;
    reserved[row * size + column] = 1;
  };
  const drawSquares = (row: number, column: number, radius: number, light: readonly number[]) => {
    for (let r = -radius; r <= radius; r++) {
      for (let c = -radius; c <= radius; c++) {
        if (row + r < 0 || row + r >= size || column + c < 0 || column + c >= size) continue;
        set(row + r, column + c, !light.includes(Math.max(Math.abs(r), Math.abs(c))));
      }
    }
  };

  // The rings of a finder, counted from its centre: 2 is its light one, 4 its separator.
  drawSquares(3, 3, 4, [2, 4]);
  drawSquares(3, size - 4, 4, [2, 4]);
  drawSquares(size - 4, 3, 4, [2, 4]);
  const centres = alignmentCentres(shape.version);
  for (const row of centres) {
    for (const column of centres) {
      const onFinder = reserved[row * size + column] === 1;
      if (!onFinder) drawSquares(row, column, 2, [1]);
    }
  }
  // The timing lines cross alignment patterns where both agree.
  for (let i = 8; i < size - 8; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }

  const format = formatBits(shape);
  for (let bit = 0; bit < 15; bit++) {
    const dark = ((format >> bit) & 1) === 1;
    // Figure 25: one copy round the top left finder, stepping over the timing lines ...
    if (bit < 6) set(bit, 8, dark);
    else if (bit < 8) set(bit + 1, 8, dark);
    else if (bit < 9) set(8, 7, dark);
    else set(8, 14 - bit, dark);
    // ... the other split between the other two.
    if (bit < 8) set(8, size - 1 - bit, dark);
    else set(size - 15 + bit, 8, dark);
  }
  set(size - 8, 8, true);

  if (shape.version >= 7) {
    const version = withCheckBits(shape.version, 0x1f25, 12);
    for (let bit = 0; bit < 18; bit++) {
      const dark = ((version >> bit) & 1) === 1;
      const near = Math.floor(bit / 3);
      const away = size - 11 + (bit % 3);
      set(near, away, dark);
      set(away, near, dark);
    }
  }
  return { size, modules, reserved };
}

/** Rows, and columns, of the alignment patterns' centres. ISO/IEC 18004, annex E. */
function alignmentCentres(version: number): number[] {
  const perSide = alignmentsPerSide(version);
  if (perSide === 0) return [];
  const last = 4 * version + 10;
  // Even steps as equal as they can be, the odd one first; version 32 is the table's exception.
  const step = version === 32 ? 26 : 2 * Math.ceil((last - 6) / (2 * (perSide - 1)));
  return Array.from({ length: perSide }, (_, i) => (i === 0 ? 6 : last - step * (perSide - 1 - i)));
}

/** The 15 bits of level and mask. ISO/IEC 18004, 7.9.1: the mask keeps them from being all zero. */
function formatBits({ ecc, mask }: SymbolShape): number {
  return withCheckBits((ECC_INDICATOR[ecc] << 3) | mask, 0x537, 10) ^ 0x5412;
}

/** Appends the `degree` check bits of the BCH code with this generator. Annexes C and D. */
function withCheckBits(value: number, generator: number, degree: number): number {
  let remainder = value << degree;
  for (let bit = 31; bit >= degree; bit--) {
    if ((remainder >>> bit) & 1) remainder ^= generator << (bit - degree);
  }
  return (value << degree) | remainder;
}
