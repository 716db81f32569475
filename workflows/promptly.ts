import {
  proxyActivities,
  patched,
  proxyLocalActivities,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { stepTexts } from '../core/contracts/consoleText.ts';
import { finalCause, insist, isOurs } from './answers.ts';
import { takesTurns } from './turns.ts';

/** Activities short enough to run inside a workflow task. */
type Short = Pick<
  Activities,
  'hearAccount' | 'hearCase' | 'tickAccount' | 'tickCase' | 'endSessions' | 'recordGone'
>;

/** One proxy for each, so that Temporal's console says what it does. */
const described = (proxy: (summary: string) => ActivityInterfaceFor<Short>): ActivityInterfaceFor<Short> => ({
  hearAccount: proxy(stepTexts.hearAccount).hearAccount,
  hearCase: proxy(stepTexts.hearCase).hearCase,
  tickAccount: proxy(stepTexts.tickAccount).tickAccount,
  tickCase: proxy(stepTexts.tickCase).tickCase,
  endSessions: proxy(stepTexts.endSessions).endSessions,
  recordGone: proxy(stepTexts.recordGone).recordGone,
});

const local = described((summary) =>
  proxyLocalActivities<Short>({
    summary,
    startToCloseTimeout: '2s',
    scheduleToCloseTimeout: '2s',
    // Five attempts end within two seconds. They must be counted: the SDK's core (1.24) forgets a local activity's
    // schedule-to-close when it comes while the activity backs off, and would try for ever inside the workflow task.
    retry: { initialInterval: '100ms', maximumInterval: '1s', maximumAttempts: 5 },
  }),
);

const regular = described((summary) =>
  proxyActivities<Short>({
    summary,
    startToCloseTimeout: '30s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  }),
);

let turn: Promise<unknown> = Promise.resolve();

/** Of histories from before steps took turns: one local activity at a time. */
const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
  if (takesTurns() || !patched('one local activity at a time')) return work();
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
};

/**
 * Runs a short activity inside the workflow task (one event of history); after
 * two seconds it goes on as a regular one, retried until it works. The
 * idempotency key in its input makes the second run harmless, and so does the
 * one after an answer that is none of the worker's. Part of a step: others have
 * their turn while the regular one is waited for.
 *
 * @param book - what the workflow has absorbed: the activity is asked for what came after
 * @param onSlow - called when it goes on as a regular one
 * @throws ApplicationFailure as the activity threw it, when it is final
 */
export const promptly = async <T>(
  book: { readonly seq: number },
  call: (activities: ActivityInterfaceFor<Short>, after: number) => Promise<T>,
  onSlow: () => void = () => undefined,
): Promise<T> => {
  try {
    return await oneAtATime(async () => {
      const after = book.seq;
      const answer = await call(local, after);
      if (!isOurs(answer, after)) throw new Error('not the worker’s answer');
      return answer;
    });
  } catch (first) {
    const cause = finalCause(first);
    if (cause !== null) throw cause;
  }
  onSlow();
  let after = book.seq;
  return insist(
    () => call(regular, (after = book.seq)),
    (answer) => isOurs(answer, after),
  );
};
