/**
 * The response headers of the app: cross-origin isolation and the content security policy.
 * One list for pages, scripts and workers alike, because a worker takes its policy from its own
 * response and not from the page. It serves nothing: serve.mjs and vite.config.ts do.
 */

/** What `crossOriginIsolated` needs (HTML Standard, cross-origin isolation). */
export const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * The Hugging Face hub and the hosts that it sends its large files from: only `downloadModel` asks
 * them, after the person said yes. Whoever keeps a mirror (`hubUrl`) names it here instead.
 */
const MODEL_HUB = 'https://huggingface.co https://*.hf.co';

/** CSP Level 3. Nothing comes from elsewhere but models, and no text becomes code. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  `connect-src 'self' ${MODEL_HUB}`,
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // `default` passes script URLs of our own origin (vite-trusted-types.ts puts it into every
  // entry); Svelte makes its templates through a policy of its own.
  "require-trusted-types-for 'script'",
  'trusted-types default svelte-trusted-html',
].join('; ');

/** The headers of every response of the built app. */
export const APP_HEADERS = {
  ...ISOLATION_HEADERS,
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};
