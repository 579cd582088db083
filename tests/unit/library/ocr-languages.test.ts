import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CorruptError, InvalidError, NotFoundError } from '../../../src/lib/errors';
import { OcrLanguages, withOcrData } from '../../../src/lib/library/ingest/ocr-languages';
import type { ExtractProtocol } from '../../../src/lib/library/protocol';
import type { Loan } from '../../../src/lib/rpc/pool';
import { newLineage, newSourceId } from '../../../src/lib/shard/ids';
import { MemoryFileSystem } from '../../../src/lib/store/memory';

const { signal } = new AbortController();
const takesAll = (): Promise<void> => Promise.resolve();
const takesNone = (): Promise<void> => Promise.reject(new CorruptError('The data is damaged.'));
const english = { id: 'eng', name: 'English', bytes: 2_952_873, state: 'served' };

describe('the languages of pictures', () => {
  it('that are served have the size of what is served', async () => {
    const file = 'node_modules/@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz';
    expect(await new OcrLanguages(new MemoryFileSystem()).list()).toEqual([english]);
    expect(statSync(file).size).toBe(english.bytes);
  });

  it('that a person brings are kept for all libraries, and handed over as they were', async () => {
    const fs = new MemoryFileSystem();
    const file = new File(['data of German'], 'deu.traineddata.gz');
    const german = { id: 'deu', name: 'German', bytes: 0, state: 'kept' };
    expect(await new OcrLanguages(fs, takesAll).add(file, signal)).toEqual(german);
    const later = new OcrLanguages(fs);
    expect(await later.list()).toEqual([english, german]);
    const kept = await later.kept(['eng', 'deu']);
    expect([...kept.keys()]).toEqual(['deu']);
    expect(await kept.get('deu')?.text()).toBe('data of German');
  });

  it('replace what is served, and what was brought before, shorter data too', async () => {
    const fs = new MemoryFileSystem();
    const languages = new OcrLanguages(fs, takesAll);
    await languages.add(new File(['the first, longer one'], 'eng.traineddata'), signal);
    await languages.add(new File(['the second'], 'eng.traineddata'), signal);
    expect(await (await languages.kept(['eng'])).get('eng')?.text()).toBe('the second');
    expect(await languages.list()).toEqual([{ ...english, bytes: 0, state: 'kept' }]);
  });

  it.each(['German.zip', 'traineddata', '../eng.traineddata', 'a/b.traineddata', '.traineddata'])(
    'are not in a file called %s',
    async (name) => {
      const languages = new OcrLanguages(new MemoryFileSystem(), takesAll);
      const adding = languages.add(new File(['data'], name), signal);
      await expect(adding).rejects.toBeInstanceOf(InvalidError);
      expect(await languages.list()).toEqual([english]);
    },
  );

  it('whose data is damaged are not kept, and the error names the file', async () => {
    const fs = new MemoryFileSystem();
    const adding = new OcrLanguages(fs, takesNone).add(new File(['?'], 'deu.traineddata'), signal);
    await expect(adding).rejects.toThrow('deu.traineddata is damaged');
    await expect(adding).rejects.toBeInstanceOf(CorruptError);
    expect(await fs.files()).toEqual([]);
  });

  it('that are nowhere are an error that says what to add', async () => {
    const kept = new OcrLanguages(new MemoryFileSystem()).kept(['eng', 'jpn']);
    await expect(kept).rejects.toBeInstanceOf(NotFoundError);
    await expect(kept).rejects.toThrow('jpn.traineddata');
  });

  it('go along with a document whose pictures are read, and with no other', async () => {
    const data = new Blob(['data']);
    const asked: unknown[] = [];
    const loan: Loan<ExtractProtocol> = {
      call: (_, args) => {
        asked.push('ocr' in args ? args.ocr : undefined);
        return Promise.reject(new Error('It reads nothing here.'));
      },
      close: () => undefined,
      giveBack: () => undefined,
    };
    const kept = { kept: () => Promise.resolve(new Map([['deu', data]])) };
    const lent = withOcrData(() => loan, kept)();
    const file = new File([''], 'a.pdf');
    const open = {
      ...{ file, source: newSourceId(), lineage: newLineage(), chunking: {}, model: 'static-en' },
      assetsUrl: '',
    };
    const calls = [
      lent.call('identify', { file, assetsUrl: '' }),
      lent.call('open', open),
      lent.call('open', { ...open, ocr: { languages: ['deu'] } }),
    ];
    await Promise.allSettled(calls);
    expect(asked).toEqual([
      undefined,
      undefined,
      { languages: ['deu'], kept: new Map([['deu', data]]) },
    ]);
  });
});
