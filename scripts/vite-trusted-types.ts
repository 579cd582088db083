/**
 * Puts a Trusted Types default policy at the start of every built entry, page and workers alike:
 * under `require-trusted-types-for 'script'` each of them needs its own before it starts a worker,
 * and the engines (ffmpeg, pdf.js) start theirs from code that is not ours. The policy passes
 * script URLs of our own origin and nothing else: no HTML, no script text.
 * Build only: the development server has no such header.
 */
import type { Plugin } from 'vite';

// Runs in the browser, before the entry's own code.
const PRELUDE = `(() => {
  const types = globalThis.trustedTypes;
  if (!types || types.defaultPolicy) return;
  types.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, location.href).origin === location.origin) return url;
      throw new TypeError('Script from another origin: ' + url);
    },
  });
})();
`;

export default function trustedTypes(): Plugin {
  return {
    name: 'memreel-trusted-types',
    apply: 'build',
    renderChunk(code, chunk) {
      return chunk.isEntry ? { code: PRELUDE + code, map: null } : null;
    },
  };
}
