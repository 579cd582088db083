/**
 * Reads files of models from the Hugging Face hub, or from a mirror that is laid out as it is: the one
 * place of this library that reaches another origin. Asks for one pinned revision and nothing else:
 * no cookies, no referrer, and no word of what is stored here.
 */
import { NotFoundError, UnsupportedError } from '../../errors';
import type { ModelFile, SentenceModelSpec } from '../../embedding/model';
import type { FileBytes } from './models-kept';

/** Where a file lies on a hub. */
export function hubAddress(
  hubUrl: string,
  { hub }: SentenceModelSpec,
  { path }: ModelFile,
): string {
  return `${hubUrl.replace(/\/+$/, '')}/${hub.name}/resolve/${hub.revision}/${path}`;
}

/**
 * A file's bytes from an offset on, or from its beginning where the server knows no ranges.
 * @throws UnsupportedError without a network, or where the hub does not answer; also the stream
 * @throws NotFoundError where the hub has no such file
 */
export async function fetchFromHub(
  address: string,
  from: number,
  signal: AbortSignal,
): Promise<FileBytes> {
  const failed = (why: string, cause?: unknown): Error => {
    if (signal.aborted) return signal.reason as Error;
    return new UnsupportedError(`${address} ${why}`, { subject: address, cause });
  };
  let response: Response;
  try {
    response = await fetch(address, {
      signal,
      // A single range to the end needs no leave of the other origin (Fetch, CORS-safelisted).
      headers: from > 0 ? { Range: `bytes=${String(from)}-` } : {},
      cache: 'no-store', // it is kept here, and 100 MB need not be on the disk twice
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
  } catch (cause) {
    throw failed('cannot be reached. Check the connection and try again.', cause);
  }
  const { status, body } = response;
  if (status === 404 || status === 410) {
    throw new NotFoundError(`The hub has no file at ${address}.`, { subject: address });
  }
  if (status === 416) return fetchFromHub(address, 0, signal); // it has less than is here
  if (!response.ok || !body)
    throw failed(`answered with status ${String(status)}. Try again later.`);
  return {
    from: status === 206 ? firstByte(response, from) : 0,
    stream: withError(body, (cause) =>
      failed('was cut off. What has come is kept: try again to go on there.', cause),
    ),
  };
}

/** Of a partial answer, as far as the other origin lets it be seen; what was asked for otherwise. */
function firstByte({ headers }: Response, asked: number): number {
  const match = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '');
  return match ? Number(match[1]) : asked;
}

/** The same bytes; it fails with what `translate` makes of a failure. */
function withError(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  translate: (cause: unknown) => Error,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          controller.error(translate(cause));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
