import {
  TextReader,
  Uint8ArrayReader,
  ZipWriter,
  BlobWriter,
  type ZipWriterAddDataOptions,
} from '@zip.js/zip.js';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import type { ExtractContext, Member } from '../../../../src/lib/text/document';
import { zip } from '../../../../src/lib/text/extract/zip';

interface Made {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly options?: ZipWriterAddDataOptions;
}

async function archiveOf(files: readonly Made[]): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter('application/zip'), { useWebWorkers: false });
  for (const { name, content, options } of files) {
    const reader =
      typeof content === 'string' ? new TextReader(content) : new Uint8ArrayReader(content);
    await writer.add(name, reader, options);
  }
  return writer.close();
}

function contextOf(given: Partial<ExtractContext> = {}): ExtractContext {
  return {
    name: 'made.zip',
    signal: new AbortController().signal,
    assetsUrl: 'unused',
    warn: () => undefined,
    progress: () => undefined,
    ...given,
  };
}

const listed = (file: Blob, given?: Partial<ExtractContext>): Promise<readonly Member[]> =>
  zip.members(file, contextOf(given));

/** What became of each member: its text, or the error's class. */
async function unpacked(members: readonly Member[]): Promise<[path: string, text: string][]> {
  const found: [string, string][] = [];
  for (const member of members) {
    const text = await member.open().then(
      (file) => file.text(),
      (error: unknown) => (error instanceof Error ? error.name : 'thrown'),
    );
    found.push([member.path, text]);
  }
  return found;
}

/** An archive with other bytes where these stand, found from the front or from the end. */
async function withBytes(file: Blob, at: (bytes: DataView<ArrayBuffer>) => void): Promise<Blob> {
  const bytes = await file.arrayBuffer();
  at(new DataView(bytes));
  return new Blob([bytes]);
}

/** Where the directory's record of a file begins (APPNOTE 4.3.12), by its number. */
function recordAt(bytes: DataView, number: number): number {
  for (let at = 0; at < bytes.byteLength - 4; at++) {
    if (bytes.getUint32(at, true) === 0x02014b50 && number-- === 0) return at;
  }
  throw new Error('There is no such record.');
}

const TEXT = 'The wing lifts in the slipstream of the propeller. '.repeat(40);

describe('the files of a ZIP archive', () => {
  it('come out as they went in, in its order, deflated and stored', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-zß]{1,6}(\/[a-z]{1,6}){0,2}\.[a-z]{2}$/), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(names, fc.array(fc.string({ unit: 'binary' })), async (paths, texts) => {
        const made = paths.map((name, at) => ({
          ...{ name, content: texts[at] ?? TEXT },
          options: { level: at % 2 === 0 ? 0 : 6 },
        }));
        const members = await listed(await archiveOf(made));
        expect(await unpacked(members)).toEqual(
          made.map(({ name, content }) => [name, new TextDecoder().decode(bytesOf(content))]),
        );
        expect(members.map(({ size }) => size)).toEqual(
          made.map(({ content }) => bytesOf(content).length),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('are no folders, no links and nothing that a system left behind', async () => {
    const warnings: string[] = [];
    const members = await listed(
      await archiveOf([
        { name: 'notes/', content: '', options: { directory: true } },
        { name: 'notes/a.txt', content: 'a' },
        { name: '__MACOSX/notes/._a.txt', content: 'x' },
        { name: 'notes/.DS_Store', content: 'x' },
        { name: 'Thumbs.db', content: 'x' },
        { name: 'link', content: '../../etc/passwd', options: { unixMode: 0o120777 } },
      ]),
      { warn: (message) => warnings.push(message) },
    );
    expect(members.map(({ path }) => path)).toEqual(['notes/a.txt']);
    expect(warnings).toEqual(['Links to other files were left out: 1.']);
  });

  it('have names as old and as new programs write them', async () => {
    const file = await archiveOf([
      { name: 'grüße 日本.txt', content: 'new' },
      { name: 'ABCDE.txt', content: 'old' },
      { name: 'FGHIJ.txt', content: 'mac' },
    ]);
    const renamed = await withBytes(file, (bytes) => {
      // Code page 437 without the flag for UTF-8, and UTF-8 without it, as Macs write it.
      for (const [number, name] of [
        [1, [0x47, 0x72, 0x81, 0xe1, 0x65]],
        [2, [0x47, 0xc3, 0xbc, 0xc3, 0x9f]],
      ] as const) {
        const at = recordAt(bytes, number);
        bytes.setUint16(at + 8, bytes.getUint16(at + 8, true) & ~0x0800, true);
        name.forEach((byte, i) => {
          bytes.setUint8(at + 46 + i, byte);
        });
      }
    });
    expect(await unpacked(await listed(renamed))).toEqual([
      ['grüße 日本.txt', 'new'],
      ['Grüße.txt', 'old'],
      ['Güß.txt', 'mac'],
    ]);
  });

  it('are none in an empty archive', async () => {
    expect(await listed(await archiveOf([]))).toEqual([]);
  });
});

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

describe('a damaged archive', () => {
  it('is an error or gives whole members, wherever it is cut off', async () => {
    const whole = await archiveOf([
      { name: 'a.txt', content: TEXT },
      { name: 'b.txt', content: TEXT, options: { level: 0 } },
    ]);
    for (let size = 0; size < whole.size; size += 7) {
      await expect(listed(whole.slice(0, size)), String(size)).rejects.toThrow(CorruptError);
    }
  });

  it('never gives a deflated member with other bytes', async () => {
    // Letters without order: another bit makes another letter, and nothing else shows it.
    const text = Array.from({ length: 600 }, (_, at) =>
      String.fromCharCode(97 + (Math.imul(at * at + 7, 2654435761) >>> 28)),
    ).join('');
    const file = await archiveOf([{ name: 'a.txt', content: text }]);
    const end = await file.arrayBuffer().then((bytes) => recordAt(new DataView(bytes), 0));
    for (let at = 40; at < end; at++) {
      const bad = await withBytes(file, (bytes) => {
        bytes.setUint8(at, bytes.getUint8(at) ^ (1 << (at % 8)));
      });
      for (const [, found] of await unpacked(await listed(bad))) {
        expect([text, 'CorruptError'], String(at)).toContain(found);
      }
    }
  });

  it('has one damaged member, and the others are read', async () => {
    const file = await archiveOf([
      { name: 'a.txt', content: TEXT },
      { name: 'b.txt', content: TEXT + TEXT },
      { name: 'c.txt', content: TEXT },
    ]);
    const bad = await withBytes(file, (bytes) => {
      const at = recordAt(bytes, 1);
      bytes.setUint32(at + 20, bytes.getUint32(at + 20, true) - 12, true); // cut off: 12 bytes less
    });
    expect(await unpacked(await listed(bad))).toEqual([
      ['a.txt', TEXT],
      ['b.txt', 'CorruptError'],
      ['c.txt', TEXT],
    ]);
  });
});

describe('bombs', () => {
  const ZEROS = new Uint8Array(24 * 2 ** 20);

  it('stop as soon as they are larger than the archive says', async () => {
    const file = await archiveOf([{ name: 'zeros.txt', content: ZEROS }]);
    const lying = await withBytes(file, (bytes) => {
      bytes.setUint32(recordAt(bytes, 0) + 24, 1000, true);
    });
    let told = 0;
    const [member] = await listed(lying, { progress: (bytes) => (told = bytes) });
    await expect(member?.open()).rejects.toThrow(CorruptError);
    expect(told).toBeLessThan(1_000_000);
  });

  it('that say how large they are, are not unpacked at all', async () => {
    const file = await archiveOf([
      { name: 'zeros.txt', content: ZEROS },
      { name: 'small.txt', content: 'small' },
    ]);
    const large = await withBytes(file, (bytes) => {
      bytes.setUint32(recordAt(bytes, 0) + 24, 600 * 2 ** 20, true);
    });
    const [first, second] = await listed(large);
    await expect(first?.open()).rejects.toThrow(UnsupportedError);
    await expect(second?.open().then((one) => one.text())).resolves.toBe('small');
  });

  it('of many members that unpack to too much together are not opened', async () => {
    const file = await archiveOf(
      Array.from({ length: 10 }, (_, at) => ({ name: `${String(at)}.txt`, content: TEXT })),
    );
    const large = await withBytes(file, (bytes) => {
      for (let at = 0; at < 10; at++) {
        bytes.setUint32(recordAt(bytes, at) + 24, 500 * 2 ** 20, true);
      }
    });
    await expect(listed(large)).rejects.toThrow(/made\.zip .*4 GiB/);
  });

  it('of too many members are not opened', async () => {
    const [one] = await Promise.all([archiveOf([{ name: 'a', content: '' }])]);
    await expect(listed(await repeated(one, 10_000))).resolves.toHaveLength(10_000);
    await expect(listed(await repeated(one, 10_001))).rejects.toThrow(/10000 files/);
  });
});

/** An archive of one file whose directory lists that so often. */
async function repeated(file: Blob, times: number): Promise<Blob> {
  const bytes = new DataView(await file.arrayBuffer());
  const start = recordAt(bytes, 0);
  const size = 46 + 1 + bytes.getUint16(start + 30, true) + bytes.getUint16(start + 32, true);
  const record = new Uint8Array(bytes.buffer, start, size);
  const end = new DataView(bytes.buffer.slice(start + size));
  end.setUint16(8, times, true);
  end.setUint16(10, times, true);
  end.setUint32(12, size * times, true);
  const records = Array<BlobPart>(times).fill(record);
  return new Blob([bytes.buffer.slice(0, start), ...records, end]);
}

describe('an encrypted archive', () => {
  const secrets = (options: ZipWriterAddDataOptions): Promise<Blob> =>
    archiveOf([
      { name: 'open.txt', content: 'open' },
      { name: 'a.txt', content: 'alpha', options: { password: 'right', ...options } },
      { name: 'b.txt', content: TEXT, options: { password: 'right', ...options } },
      { name: 'c.txt', content: 'other', options: { password: 'other', ...options } },
    ]);

  /** A person who answers so, and how often they were asked. */
  function person(...answers: (string | undefined)[]) {
    return { password: vi.fn(() => Promise.resolve(answers.shift())) };
  }

  for (const [method, options] of [
    ['AES', { encryptionStrength: 3 }],
    ['the old encryption', { zipCrypto: true }],
  ] as const) {
    it(`opens with its password, asked for once (${method})`, async () => {
      const asked = person('right', 'other');
      const found = await unpacked(await listed(await secrets(options), asked));
      expect(found).toEqual([
        ['open.txt', 'open'],
        ['a.txt', 'alpha'],
        ['b.txt', TEXT],
        ['c.txt', 'other'],
      ]);
      expect(asked.password).toHaveBeenCalledTimes(2);
    });

    it(`without it keeps its secrets, and gives what is none (${method})`, async () => {
      const asked = person(undefined);
      const members = await listed(await secrets(options), asked);
      expect(await unpacked(members)).toEqual([
        ['open.txt', 'open'],
        ['a.txt', 'PasswordError'],
        ['b.txt', 'PasswordError'],
        ['c.txt', 'PasswordError'],
      ]);
      expect(asked.password).toHaveBeenCalledTimes(1);
    });

    it(`asks again after a wrong one, but not for ever (${method})`, async () => {
      const asked = person('wrong', 'right');
      const [, a] = await listed(await secrets(options), asked);
      await expect(a?.open().then((one) => one.text())).resolves.toBe('alpha');
      const always = { password: vi.fn(() => Promise.resolve('wrong')) };
      const members = await listed(await secrets(options), always);
      await expect(members[1]?.open()).rejects.toThrow(PasswordError);
      await expect(members[2]?.open()).rejects.toThrow(/b\.txt needs a password/);
      expect(always.password).toHaveBeenCalledTimes(3);
    });
  }
});

it('stops when it is told to', async () => {
  const abort = new AbortController();
  const file = await archiveOf([{ name: 'a.txt', content: new Uint8Array(9 * 2 ** 20) }]);
  const [member] = await listed(file, {
    signal: abort.signal,
    progress: () => {
      abort.abort(new Error('enough'));
    },
  });
  await expect(member?.open()).rejects.toThrow('enough');
});
