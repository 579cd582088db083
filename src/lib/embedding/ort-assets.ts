/**
 * The two files of ONNX Runtime that have to be served, as addresses on our own origin. The bundler
 * copies them; no build step does. The plain WASM build (14 MB): the one that transformers.js would
 * fetch from a CDN carries WebGPU as well and is twice the size.
 */
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

export const ORT_ASSETS = { mjs, wasm } as const;
