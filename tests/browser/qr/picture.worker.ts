/** Draws, reads and reads as a picture inside a worker, where there is no document. */
import { readPicture, SymbolDrawer, SymbolReader } from '../../../src/lib/qr';
import { toPicture } from '../../unit/qr/shapes';

addEventListener('message', ({ data: payload }: MessageEvent<Uint8Array>) => {
  void answer(payload).then((answer) => postMessage(answer));
});

async function answer(payload: Uint8Array) {
  const shape = { version: 15, ecc: 'Q', mask: 6 } as const;
  const drawer = new SymbolDrawer(shape);
  const modules = new Uint8Array(drawer.size ** 2);
  drawer.draw(payload, modules);
  const { luma, side } = toPicture(modules, shape, 3);
  return {
    grid: new SymbolReader(shape).read(modules),
    picture: await readPicture(luma, side, side),
  };
}
