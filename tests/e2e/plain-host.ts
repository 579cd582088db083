/** A static host as people rent one: files under a path of their own, and none of our headers. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mediaType } from '../../scripts/media-types.mjs';

export interface PlainHost {
  /** The app's address. */
  readonly url: string;
  /** The folder that is served; another one is another build. */
  root: string;
  close(): Promise<void>;
}

/** @param root a built app @param at the path that it stands under, with slashes around it */
export async function plainHost(root: string, at = '/memreel/'): Promise<PlainHost> {
  const host = { root };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(at) ? pathname.slice(at.length) || 'index.html' : '../';
    readFile(path.join(host.root, decodeURIComponent(name))).then(
      (bytes) => {
        response.writeHead(200, { 'Content-Type': mediaType(path.extname(name)) }).end(bytes);
      },
      () => {
        response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not here</h1>');
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(host, {
    url: `http://localhost:${String(port)}${at}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  });
}
