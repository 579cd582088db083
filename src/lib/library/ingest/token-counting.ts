/**
 * Chunks in tokens: where the size of a chunk counts tokens of the shard's model, the extracting
 * worker gets that model's tokeniser, for `text` knows no models.
 */
import type { ChunkingOptions } from '../../api';
import { InvalidError } from '../../errors';
import { modelSpec } from '../../embedding/registry';
import { loadTokenCounter, type TokenCounter } from '../../embedding/token-counter';
import type { Loan } from '../../rpc/pool';
import type { Caller } from '../../rpc/protocol';
import type { ChunkOptions } from '../../text/chunk';
import { ChunkSize } from '../../text/chunk-size';
import type { BroughtModel, ExtractProtocol } from '../protocol';

const UNITS: readonly string[] = ['characters', 'tokens'];

/** Whose tokens are counted, and what that model is made of. */
export interface TokenSource {
  readonly model: string;
  readonly brought?: BroughtModel | undefined;
  readonly assetsUrl: string;
}

/** The tokenisers of one extracting worker, kept once they are loaded. */
export class TokenCounters {
  readonly #loaded = new Map<string, Promise<TokenCounter>>();

  /**
   * What the chunker takes for these options.
   * @throws InvalidError for a size or a unit that there is not
   * @throws UnsupportedError for tokens of a model that is not here
   */
  async chunkOptions(
    { size, unit = 'characters' }: ChunkingOptions,
    source: TokenSource,
  ): Promise<ChunkOptions> {
    if (!UNITS.includes(unit)) {
      throw new InvalidError(`A chunk's size is in characters or in tokens, not in ${unit}.`, {
        subject: 'chunking.unit',
      });
    }
    const count = unit === 'tokens' ? await this.#counter(source) : undefined;
    new ChunkSize(size, count); // refuses before the document is read
    return { size, count };
  }

  #counter({ model, brought, assetsUrl }: TokenSource): Promise<TokenCounter> {
    const known = this.#loaded.get(model);
    if (known) return known;
    const spec = brought?.spec ?? modelSpec(model);
    const loading = loadTokenCounter(spec, { assetsUrl, files: brought?.files });
    this.#loaded.set(model, loading);
    loading.catch(() => this.#loaded.delete(model)); // tried anew at the next call
    return loading;
  }
}

/** Lends extracting workers that are given, with each document, the model whose tokens they count. */
export function withTokenisers(
  lend: () => Loan<ExtractProtocol>,
  brought: (model: string) => Promise<BroughtModel | undefined>,
): () => Loan<ExtractProtocol> {
  return () => {
    const loan = lend();
    const call: Caller<ExtractProtocol>['call'] = async (method, args, options) => {
      if (!isOpening(args) || args.chunking.unit !== 'tokens')
        return loan.call(method, args, options);
      const model = await brought(args.model);
      return loan.call(method, model ? { ...args, brought: model } : args, options);
    };
    return {
      call,
      close: () => {
        loan.close();
      },
      giveBack: () => {
        loan.giveBack();
      },
    };
  };
}

function isOpening<K extends keyof ExtractProtocol>(
  args: ExtractProtocol[K]['args'],
): args is ExtractProtocol['open']['args'] & ExtractProtocol[K]['args'] {
  return 'chunking' in args;
}
