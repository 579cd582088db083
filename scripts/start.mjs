/** `npm start`: installs, builds and serves the app, each only where needed. Ctrl-C ends it. */
import { DIST, ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { serve } from './serve.mjs';

ensureInstalled();
ensureBuilt();
const port = process.env['PORT'];
const serving = await serve({ root: DIST, ...(port ? { port: Number(port) } : {}) });
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void serving.close().then(() => process.exit(0)));
}
console.log('Memreel is served here (Ctrl-C ends):');
console.log(serving.url);
