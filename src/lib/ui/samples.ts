/** The sample documents that are served beside the app, listed in `samples/index.json`. */

export interface Samples {
  readonly files: File[];
  /** A question that they answer; empty where the list suggests none. */
  readonly question: string;
}

interface Entry {
  file: string;
  name: string;
  type?: string;
  question?: string;
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  if (!('file' in value) || typeof value.file !== 'string') return false;
  if (!('name' in value) || typeof value.name !== 'string') return false;
  if ('type' in value && typeof value.type !== 'string') return false;
  return !('question' in value) || typeof value.question === 'string';
}

/** @throws Error where the list or a file cannot be fetched, or the list is not one */
export async function fetchSamples(base: string): Promise<Samples> {
  const folder = new URL('samples/', base);
  const list: unknown = await (await get(new URL('index.json', folder))).json();
  if (!Array.isArray(list) || !list.every(isEntry)) {
    throw new Error('samples/index.json is not a list of {file, name}');
  }
  const files = await Promise.all(
    list.map(async ({ file, type }) => {
      const body = await (await get(new URL(file, folder))).blob();
      return new File([body], file, { type: type ?? body.type });
    }),
  );
  const question = list.find((entry) => entry.question !== undefined)?.question ?? '';
  return { files, question };
}

async function get(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${String(response.status)}`);
  return response;
}
