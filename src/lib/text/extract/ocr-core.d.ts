/**
 * Types of the builds of tesseract.js-core, of what we use of them (its own repository has the whole
 * interface, `tesseract.js-core/javascript/glue.idl`). Both builds are the same but for SIMD.
 */
declare module 'tesseract.js-core/tesseract-core-simd-lstm.js' {
  export interface TessBaseAPI {
    /** The engine mode 1 is the neural one, the only one of these builds. @returns 0 or -1 */
    Init(folder: null, languages: string, engine: 1): number;
    /** Takes the picture in the file `/input`. @returns 1 where that is none */
    SetImageFile(): number;
    SetSourceResolution(dpi: number): void;
    Recognize(monitor: null): number;
    /** Lines, with an empty one between paragraphs. */
    GetUTF8Text(): string;
  }
  export interface TesseractCore {
    readonly TessBaseAPI: new () => TessBaseAPI;
    readonly FS: {
      writeFile(path: string, bytes: Uint8Array): void;
      unlink(path: string): void;
    };
  }
  export interface CoreOptions {
    locateFile(): string;
    print(line: string): void;
    printErr(line: string): void;
    /** Called every now and then while a page is read. */
    TesseractProgress(percent: number): void;
  }
  /** A new instance with a memory of its own. */
  export default function tesseractCore(options: CoreOptions): Promise<TesseractCore>;
}

declare module 'tesseract.js-core/tesseract-core-lstm.js' {
  export { default } from 'tesseract.js-core/tesseract-core-simd-lstm.js';
}
