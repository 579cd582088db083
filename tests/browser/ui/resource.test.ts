/** What a screen reads: one reading at a time, and never an older answer over a newer one. */
import { expect, test } from 'vitest';
import { Resource } from '../../../src/lib/ui/resource.svelte';
import { refreshedInEffect } from './resource-in-effect.svelte';

/** A reading whose answers are given one by one. */
class Answers {
  readonly #waiting: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  asked = 0;

  read = (): Promise<number> => {
    this.asked++;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  };

  async give(answer: number | Error): Promise<void> {
    const next = this.#waiting.shift();
    if (answer instanceof Error) next?.reject(answer);
    else next?.resolve(answer);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

test('however many changes come while it reads, it reads once more', async () => {
  const answers = new Answers();
  const resource = new Resource(answers.read);
  const first = resource.refresh();
  for (let change = 0; change < 20; change++) void resource.refresh();
  expect(answers.asked).toBe(1);
  await answers.give(1);
  expect(resource.value).toBeUndefined(); // it was overtaken
  expect(answers.asked).toBe(2);
  await answers.give(2);
  await first;
  expect(resource.value).toBe(2);
  expect(answers.asked).toBe(2);
});

test('reads again after an error, and keeps the old value while it reads', async () => {
  const answers = new Answers();
  const resource = new Resource(answers.read);
  void resource.refresh();
  await answers.give(new Error('no'));
  expect(resource.state.phase).toBe('failed');
  void resource.refresh();
  await answers.give(7);
  expect(resource.value).toBe(7);
  void resource.refresh();
  expect(resource.value).toBe(7);
  await answers.give(8);
  expect(resource.value).toBe(8);
});

test('an effect that refreshes it does not follow its answers', async () => {
  let reads = 0;
  const { resource, stop } = refreshedInEffect(() => Promise.resolve(++reads));
  await expect.poll(() => resource.value).toBe(1);
  await resource.refresh();
  expect(reads).toBe(2);
  stop();
});
