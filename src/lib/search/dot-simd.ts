/**
 * `dot.ts` in WebAssembly SIMD: the bytes of `dot.wat`, written by hand. Rows stream through one
 * memory of 1.1 MB, so that vectors stay where they are and the memory stays flat.
 * Measured against the plain way (Node 20, one core): 0.55 to 6.9 ms for 20,000 rows of 128, and
 * 3.5 to 22.6 ms for 100,000.
 */
import type { DotRows } from './dot-rows';

/** `dot.wat` assembled, 217 bytes. */
const MODULE_HEX = [
  '0061736d0100000001080160047f7f7f7f00030201000503010012071002066d656d6f7279020003',
  '646f7400000aa90101a60102017f027b024003402000450d01fd0c00000000000000000000000000',
  '00000021054100210403402002fd000400210620052006fd87012004410174fd000400fdba01fdae',
  '012006fd88012004410174fd000410fdba01fdae012105200241106a2102200441106a2204200149',
  '0d000b2005fdfa01210520032005fd1f002005fd1f01922005fd1f022005fd1f0392923802002003',
  '41046a2103200041016b21000c000b0b0b',
].join('');

/** Where the results of a block lie: behind the largest question (2,048 × int16). */
const OUT = 4096;
/** Rows of a block at most: as many results fit before DATA. */
const BLOCK_ROWS = 4096;
const DATA = 32_768;
/** Bytes of a block at most: it stays in the processor's second-level cache. */
const BLOCK_BYTES = 1 << 20;

interface DotExports {
  readonly memory: WebAssembly.Memory;
  readonly dot: (rows: number, stride: number, data: number, out: number) => void;
}

/** The SIMD way, or undefined where the browser has no WebAssembly SIMD. */
export function simdDotRows(): DotRows | undefined {
  const bytes = Uint8Array.from(MODULE_HEX.match(/../g) ?? [], (hex) => parseInt(hex, 16));
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined;
  const { memory, dot } = exportsOf(new WebAssembly.Instance(new WebAssembly.Module(bytes)));
  const levelsIn = new Int16Array(memory.buffer, 0, OUT / 2);
  const dataIn = new Int8Array(memory.buffer, DATA, BLOCK_BYTES);
  const results = new Float32Array(memory.buffer, OUT, BLOCK_ROWS);

  return (data, stride, { levels, step }, out, offset) => {
    levelsIn.set(levels);
    const rows = data.length / stride;
    const blockRows = Math.min(BLOCK_ROWS, Math.floor(BLOCK_BYTES / stride));
    for (let first = 0; first < rows; first += blockRows) {
      const count = Math.min(blockRows, rows - first);
      dataIn.set(data.subarray(first * stride, (first + count) * stride));
      dot(count, stride, DATA, OUT);
      for (let i = 0; i < count; i++) out[offset + first + i] = (results[i] ?? 0) * step;
    }
  };
}

/** Names the exports' types, which `dot.wat` fixes. */
function exportsOf({ exports }: WebAssembly.Instance): DotExports {
  const { memory, dot } = exports;
  if (!(memory instanceof WebAssembly.Memory) || !isKernel(dot))
    throw new Error('dot.wat exports a memory and a function.');
  return { memory, dot };
}

/** Functions carry no signature at run time: this one's stands in `dot.wat`. */
function isKernel(value: unknown): value is DotExports['dot'] {
  return typeof value === 'function';
}
