/** Builds the app if needed and serves it, as `npm start` does, while the end-to-end tests run. */
import { DIST, ensureBuilt } from '../../scripts/build.mjs';
import { serve } from '../../scripts/serve.mjs';

export default async function serveApp(): Promise<() => Promise<void>> {
  ensureBuilt();
  const serving = await serve({ root: DIST, port: 0 });
  process.env['MEMREEL_URL'] = serving.url;
  return serving.close;
}
