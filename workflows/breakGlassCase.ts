import {
  condition,
  continueAsNew,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { CaseEvent } from '../core/contracts/events.ts';
import { searchAttributes, submit, view, wake, type CaseInput } from '../core/contracts/temporal.ts';
import { detailsOfCase } from '../core/rules/case/details.ts';
import { nextCaseDeadline, nextOfCase } from '../core/rules/case/due.ts';
import { evolveCase } from '../core/rules/case/evolve.ts';
import { finalPhases, isDeclared, kindOf, type CaseState, type Phase } from '../core/rules/case/state.ts';
import { createAlarmClock } from './alarmClock.ts';
import { createBook } from './book.ts';
import { beside, createLifetime, finishUp, mustServe } from './lifetime.ts';
import { promptly } from './promptly.ts';
import { now, updateKey, validateSubmission } from './submissions.ts';
import { inTurn } from './turns.ts';
import { wakeOthers } from './wakes.ts';

const isFinal = (state: CaseState | null): boolean => state !== null && finalPhases.includes(state.phase);

const hasClimbed = (state: CaseState): boolean =>
  state.obligations.some((each) => each.ended === null && each.escalated);

/** The case owes an end to whatever its login left alive; a rotation that was quicker does not take that away. */
const owesSessionsEnd = (state: CaseState | null): boolean =>
  state !== null && state.endedAt !== null && state.sessionsEnded === null;

/**
 * One use of one account, from admitted to closed: hears decisions, keeps the
 * nearest deadline, ends the sessions, waits for the rotation and for what
 * people owe.
 */
export async function breakGlassCase(input: CaseInput): Promise<void> {
  const { case: id } = mustServe(input, (it) => it.case);
  const book = createBook<CaseState | null, CaseEvent>(null, evolveCase);
  const clock = createAlarmClock();
  let isWoken = true;
  let hasNews = false;
  let ending: 'no' | 'trying' | 'waiting' = 'no';
  let shown: { phase: Phase; overdue: boolean; deadline: string | null } | null = null;

  setHandler(
    submit,
    (submission) => {
      const key = updateKey(id);
      return inTurn(async () => {
        const heard = await promptly(book, (run, after) =>
          run.hearCase({ id, submission, key, now: now(), after }),
        );
        book.absorb(heard.news);
        hasNews = true;
        return heard.accepted;
      });
    },
    { validator: validateSubmission },
  );
  const lifetime = createLifetime();
  setHandler(wake, () => {
    isWoken = true;
  });
  setHandler(view, () => book.state);

  const show = (state: CaseState): void => {
    setCurrentDetails(detailsOfCase(state));
    const overdue = hasClimbed(state);
    const deadline = nextCaseDeadline(state);
    const isSame = shown?.phase === state.phase && shown.overdue === overdue;
    // Histories of before showed a deadline only with the phase, and long after it was over.
    if (isSame && (shown?.deadline === deadline || !patched('the next deadline is shown as it changes')))
      return;
    upsertSearchAttributes([
      ...(shown === null
        ? [
            { key: searchAttributes.kind, value: kindOf(state) },
            ...(isDeclared(state) ? [{ key: searchAttributes.scenario, value: state.opening.scenario }] : []),
          ]
        : []),
      { key: searchAttributes.phase, value: state.phase },
      { key: searchAttributes.overdue, value: overdue },
      { key: searchAttributes.nextDeadline, value: deadline === null ? null : new Date(deadline) },
    ]);
    shown = { phase: state.phase, overdue, deadline };
  };

  const endSessions = async (): Promise<void> => {
    const news = await promptly(
      book,
      (run, after) => run.endSessions({ id, after }),
      () => (ending = 'waiting'),
    );
    book.absorb(news);
    ending = 'no';
    hasNews = true;
  };

  const coming = (): ReturnType<typeof nextOfCase> => (book.state === null ? null : nextOfCase(book.state));
  const isDue = (): boolean => (coming()?.at ?? '9') <= now();

  const catchUp = async (): Promise<void> => {
    hasNews = false;
    if (!isWoken && !isDue()) return;
    isWoken = false;
    const at = now();
    const tick = { id, key: `${id}/tick/${at}`, now: at };
    book.absorb(await promptly(book, (run, after) => run.tickCase({ ...tick, after })));
  };

  for (;;) {
    await inTurn(catchUp);
    if (owesSessionsEnd(book.state) && ending === 'no') {
      ending = 'trying';
      beside(inTurn(endSessions));
    }
    // The account hears of the end afterwards, so that its rotation does not find our hand on the sessions. But
    // while Kratos is away, neither the rotation nor what people owe may wait for it.
    await condition(() => ending !== 'trying');
    const isOver = await inTurn(async () => {
      if (book.state !== null) show(book.state);
      if (book.owesWakes()) await wakeOthers(book.takeWakes());
      if (isFinal(book.state) || lifetime.isOver()) return true;
      const next = coming();
      clock.set(next?.at ?? null, next?.what ?? 'overdue');
      return false;
    });
    if (isOver) break;
    await clock.waitFor(() => isWoken || hasNews || lifetime.isAsked());
  }
  await finishUp(book);
  // Nothing is carried: the ledger tells the next run all, as it would after a loss.
  if (!isFinal(book.state)) await inTurn(() => continueAsNew<typeof breakGlassCase>(input));
}
