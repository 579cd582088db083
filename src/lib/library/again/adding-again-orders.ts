/** The order keys of an ingest: behind all chunks of the shard, and between two that it has. */
import { orderAfter, ordersBetween } from '../../shard/order';

export class NewOrders {
  #last: string | null;
  /** The first key behind what the shard has. */
  #first: string | null = null;

  /** @param last the key of the shard's last chunk */
  constructor(last: string | null) {
    this.#last = last;
  }

  append(): string {
    this.#last = orderAfter(this.#last);
    this.#first ??= this.#last;
    return this.#last;
  }

  /**
   * Keys that follow each other between two keys of the shard; null is its end. What is behind the
   * last chunk of a shard stands before all that this ingest has appended by then.
   */
  between(low: string | null, high: string | null): () => string {
    const end = high ?? this.#first;
    if (end === null) return () => this.append();
    let left: string[] = [];
    let last = low;
    let count = 1;
    return () => {
      // Twice as many each time: keys stay short, and few are made for nothing.
      if (left.length === 0) left = ordersBetween(last, end, count).reverse();
      count = Math.max(count, 2 * left.length);
      const next = left.pop();
      if (next === undefined) throw new Error('There is always room between two keys.');
      last = next;
      return next;
    };
  }
}
