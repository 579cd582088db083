/**
 * Types of the bundle inside `hnswlib-wasm`, of what we use of it. The package's own entry would
 * open an IndexedDB of its own and keep one instance for ever; its types leave `delete` out.
 */
declare module 'hnswlib-wasm/dist/hnswlib-317962d7.js' {
  export interface HierarchicalNSW {
    initIndex(maxElements: number, m: number, efConstruction: number, seed: number): void;
    setEfSearch(ef: number): void;
    addPoint(point: Float32Array, label: number, replaceDeleted: boolean): void;
    searchKnn(
      query: Float32Array,
      neighbours: number,
      filter: (label: number) => boolean,
    ): { distances: number[]; neighbors: number[] };
    /** Frees the graph inside the instance's memory. */
    delete(): void;
  }
  export interface Hnswlib {
    /** Anything but '' as the last argument saves the graph on each change. */
    HierarchicalNSW: new (space: 'ip', dimensions: number, autoSave: '') => HierarchicalNSW;
  }
  /** A new instance with a memory of its own. */
  export default function hnswlib(): Promise<Hnswlib>;
}
