/** Law: what was drawn is sampled, through enlarging, padding of rows, shifted grey and noise. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SymbolReader } from '../../../src/lib/qr';
import { FrameDrawer, sampleModules } from '../../../src/lib/video/frame';
import { PROFILES } from '../../../src/lib/video/profile';

describe.each(Object.values(PROFILES))('$name', (profile) => {
  const drawer = new FrameDrawer(profile);
  const reader = new SymbolReader(profile.symbol);
  const side = profile.frameModules;
  const grey = new Uint8Array(side * side);
  const modules = new Uint8Array(profile.symbolModules ** 2);

  test('sample(enlarge(draw(x))) = x', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2953 }),
        fc.integer({ min: -80, max: 80 }),
        fc.nat(30),
        (payload, shift, padding) => {
          drawer.draw(payload, grey);
          const scale = profile.modulePixels;
          const stride = profile.framePixels + padding;
          const data = new Uint8Array(stride * profile.framePixels).fill(99);
          for (let y = 0; y < profile.framePixels; y++) {
            for (let x = 0; x < profile.framePixels; x++) {
              const value = grey[Math.floor(y / scale) * side + Math.floor(x / scale)] ?? 0;
              const error = shift + ((x * 31 + y * 17) % 21) - 10;
              data[y * stride + x] = Math.max(0, Math.min(255, value + error));
            }
          }
          const luma = { width: profile.framePixels, height: profile.framePixels, data, stride };
          sampleModules(profile, luma, modules);
          expect(reader.read(modules)).toEqual({ payload, corrected: 0 });
        },
      ),
      { numRuns: 16 },
    );
  });

  test('the quiet zone is 4 modules or more on each side, and light', () => {
    drawer.draw(new Uint8Array(10), grey);
    const after = side - profile.quietModules - profile.symbolModules;
    expect(Math.min(profile.quietModules, after)).toBeGreaterThanOrEqual(4);
    expect(side * profile.modulePixels).toBe(profile.framePixels);
    grey.forEach((value, at) => {
      const inside = [at % side, Math.floor(at / side)].every(
        (x) => x >= profile.quietModules && x < side - after,
      );
      if (!inside) expect(value).toBe(profile.light);
    });
  });
});
