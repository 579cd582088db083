/**
 * The files of ONNX Runtime that have to be served, as addresses on our own origin. The bundler copies
 * them; no build step does. Two builds, of which a browser fetches one: the plain one (14 MB), and
 * where there is a graphics processor to try, the one that can use it as well (27 MB).
 */
import gpuMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import gpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

export const ORT_ASSETS = {
  wasm: { mjs, wasm },
  webgpu: { mjs: gpuMjs, wasm: gpuWasm },
} as const;
