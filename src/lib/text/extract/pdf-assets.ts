/**
 * What must be served of `node_modules/pdfjs-dist` at `<assetsUrl>pdfjs-dist/`: character maps of CJK
 * fonts, metrics of the fonts that PDFs may leave out, and decoders of pictures that scanners make
 * (JBIG2, JPEG 2000) with their colours. Not its engine for scripts: none is run.
 */

/** A folder, and which of its files; all without `files`. */
export interface PdfAssets {
  readonly folder: string;
  readonly files?: RegExp;
}

export const PDF_ASSETS: readonly PdfAssets[] = [
  { folder: 'cmaps' },
  { folder: 'standard_fonts' },
  { folder: 'wasm', files: /^((jbig2|openjpeg|qcms_bg)\.wasm|LICENSE_.*(?<!QUICKJS))$/ },
];
