/** Whether frames can be written and read here: every profile, every decoder, the QR drawers. */
import type { SelfCheckItem } from '../../api';
import { drawWithQrcode, SymbolDrawer, SymbolReader } from '../../qr';
import { probeDecoder, probePayload, probeProfile } from '../../video/probe';
import { PROFILES } from '../../video/profile';
import { attempt } from '../attempt';

const CODECS = [
  ['compact', 'Compact profile (AV1)'],
  ['universal', 'Universal profile (H.264)'],
] as const;
const DECODERS = [
  ['webcodecs', 'Decoding by WebCodecs'],
  ['ffmpeg', 'Decoding by ffmpeg'],
  ['avif', 'Decoding AV1 as a still image'],
] as const;

export async function videoSelfCheck(): Promise<SelfCheckItem[]> {
  const items = [await attempt('qr', 'QR symbols', () => Promise.resolve(symbols()))];
  for (const [profile, name] of CODECS) {
    items.push(
      await attempt(profile, name, async () => {
        const { works, detail } = await probeProfile(profile);
        return { state: works ? 'works' : 'missing', detail };
      }),
    );
  }
  for (const [decoder, name] of DECODERS) {
    items.push(
      await attempt(`decode-${decoder}`, name, async () => {
        const { works, detail } = await probeDecoder(decoder);
        return { state: works ? 'works' : 'missing', detail };
      }),
    );
  }
  return items;
}

/** Draws a symbol with our drawer and with the qrcode package, and reads it back. */
function symbols(): Pick<SelfCheckItem, 'state' | 'detail'> {
  const { symbol, symbolModules } = PROFILES.compact;
  const payload = probePayload(0);
  const ours = new Uint8Array(symbolModules ** 2);
  const theirs = new Uint8Array(symbolModules ** 2);
  new SymbolDrawer(symbol).draw(payload, ours);
  drawWithQrcode(payload, symbol, theirs);
  if (!ours.every((module, at) => module === theirs[at])) {
    throw new Error('Two drawers draw two symbols');
  }
  const read = new SymbolReader(symbol).read(ours).payload;
  if (!payload.every((byte, at) => byte === read[at])) throw new Error('Other bytes were read');
  return { state: 'works', detail: `Version 40-L: ${String(payload.length)} bytes drawn and read` };
}
