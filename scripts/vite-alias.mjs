/** Packages whose build for browsers is the wrong one here, and what stands in. */

export const ALIAS = {
  // transformers.js imports ONNX Runtime's WebGPU build, which brings 27 MB of wasm of its own. We
  // serve the plain one (ORT_ASSETS in src/lib/embedding), so its script is the plain one too. It
  // goes when a model runs on WebGPU.
  'onnxruntime-web/webgpu': 'onnxruntime-web/wasm',
};
