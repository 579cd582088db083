/** Packages whose build for browsers is the wrong one here, and what stands in. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const ALIAS = {
  // transformers.js imports ONNX Runtime's WebGPU build, which brings 27 MB of wasm of its own. We
  // serve the plain one (ORT_ASSETS in src/lib/embedding), so its script is the plain one too. It
  // goes when a model runs on WebGPU.
  'onnxruntime-web/webgpu': 'onnxruntime-web/wasm',
  // For "browser" it decodes entities with `document`, which workers do not have; its build for
  // workers cannot be picked by condition, for Svelte's is its server build.
  'decode-named-character-reference': require.resolve('decode-named-character-reference'),
};
