/** The built-in model from the files that the app serves. */
import { readFileSync } from 'node:fs';
import { parseStaticModel, type StaticModel } from '../../../src/lib/embedding/static-model';

export function builtInFile(name: string): Buffer<ArrayBuffer> {
  return readFileSync(new URL(`../../../public/models/static-en/${name}`, import.meta.url));
}

export function builtInModel(): StaticModel {
  return parseStaticModel(
    JSON.parse(builtInFile('config.json').toString()),
    builtInFile('vocab.txt').toString(),
    builtInFile('embeddings.i4.bin'),
    builtInFile('scales.f16.bin'),
  );
}
