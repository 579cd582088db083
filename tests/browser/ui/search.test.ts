import { expect, test } from 'vitest';
import type { Hit } from '../../../src/lib/api';
import { SearchSession, type Question } from '../../../src/lib/ui/search.svelte';

const ask = (query: string): Question => ({ query, mode: 'hybrid', sources: [], version: 'v' });

function hit(uuid: string): Hit {
  return {
    uuid,
    text: uuid,
    source: { type: 'note' },
    place: null,
    frame: null,
    deleted: false,
    edited: false,
    sha256: '',
    score: 1,
    matched: ['lexical'],
    parts: { lexical: 1, semantic: 0 },
    marks: [],
    from: 'overlay',
  };
}

/** A search whose answers are given by hand, in the order of the questions. */
function byHand(heedsAbort: boolean) {
  const calls: { query: string; signal: AbortSignal; give: (hits: Hit[]) => Promise<void> }[] = [];
  let flying = 0;
  let most = 0;
  const session = new SearchSession((question, signal) => {
    flying += 1;
    most = Math.max(most, flying);
    return new Promise<Hit[]>((resolve, reject) => {
      calls.push({
        query: question.query,
        signal,
        give: async (hits) => {
          resolve(hits);
          await settle();
        },
      });
      if (heedsAbort) {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }
    }).finally(() => {
      flying -= 1;
    });
  });
  return { session, calls, most: () => most };
}

/** Lets all promises that are settled run on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

test('typing aborts the request in flight, and only the newest question follows', async () => {
  const { session, calls, most } = byHand(true);
  session.ask(ask('w'));
  session.ask(ask('wi'));
  session.ask(ask('win'));
  session.ask(ask('wing'));
  await settle();
  expect(calls.map((call) => call.query)).toEqual(['w', 'wing']);
  expect(calls[0]?.signal.aborted).toBe(true);
  await calls[1]?.give([hit('a')]);
  expect(session.answer).toMatchObject({ phase: 'answered', question: { query: 'wing' } });
  expect(session.busy).toBe(false);
  expect(most()).toBe(1);
});

test('an engine that answers in spite of the abort is not believed', async () => {
  const { session, calls } = byHand(false);
  session.ask(ask('old'));
  session.ask(ask('new'));
  await calls[0]?.give([hit('stale')]);
  expect(session.answer.phase).toBe('asking');
  await calls[1]?.give([hit('fresh')]);
  expect(session.answer).toMatchObject({ phase: 'answered', hits: [{ uuid: 'fresh' }] });
});

test('a blank question clears the answer without a request', async () => {
  const { session, calls } = byHand(true);
  session.ask(ask('x'));
  await calls[0]?.give([hit('a')]);
  session.ask(ask('   '));
  await settle();
  expect(session.answer.phase).toBe('idle');
  expect(calls).toHaveLength(1);
});

test('a failure is shown, and the next question is asked all the same', async () => {
  let fail = true;
  const session = new SearchSession(() =>
    fail ? Promise.reject(new Error('broken')) : Promise.resolve([hit('a')]),
  );
  session.ask(ask('x'));
  await settle();
  expect(session.answer).toMatchObject({ phase: 'failed', error: { message: 'broken' } });
  fail = false;
  session.ask(ask('x'));
  await settle();
  expect(session.answer.phase).toBe('answered');
});
