import {
  continueAsNew,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { consoleTexts, stepTexts } from '../core/contracts/consoleText.ts';
import type { AccountEvent } from '../core/contracts/events.ts';
import { accountWorkflowId, quarterOf, type CaseId, type RotationId } from '../core/contracts/ids.ts';
import { searchAttributes, submit, view, wake, type AccountInput } from '../core/contracts/temporal.ts';
import { detailsOfAccount } from '../core/rules/account/details.ts';
import { nextAccountDeadline } from '../core/rules/account/due.ts';
import { evolveAccount } from '../core/rules/account/evolve.ts';
import { resumeAccount, type AccountState } from '../core/rules/account/state.ts';
import type { Phase } from '../core/rules/case/state.ts';
import { createAlarmClock } from './alarmClock.ts';
import { createBook } from './book.ts';
import { breakGlassCase } from './breakGlassCase.ts';
import { beside, createLifetime, finishUp, mustServe } from './lifetime.ts';
import { promptly } from './promptly.ts';
import { rotation } from './rotation.ts';
import { now, updateKey, validateSubmission } from './submissions.ts';
import { inTurn, outOfTurn } from './turns.ts';
import { wakeOthers } from './wakes.ts';

/** Starts a child; one that runs already (this workflow was rebuilt) is left alone. */
const ensureStarted = async <T>(start: () => Promise<T>): Promise<T | null> => {
  try {
    return await start();
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
};

/**
 * One account, forever: takes requests, provisioning, rotations and claims;
 * starts its cases and rotations, one at a time; rings for logins nobody claims, each with a case of its own.
 */
export async function account(input: AccountInput): Promise<void> {
  const { account: id, carried } = mustServe(input, (it) => accountWorkflowId(it.account));
  const self = accountWorkflowId(id);
  const book = createBook<AccountState, AccountEvent>(
    resumeAccount(id, carried?.state),
    evolveAccount,
    carried?.seq,
  );
  const clock = createAlarmClock();
  let isWoken = true;
  let hasNews = false;
  const startedCases = new Set<CaseId>();
  let runningRotation: RotationId | null = null;
  let adoptedRotation: RotationId | null = null;

  const startCase = async (wanted: CaseId, phase: Phase): Promise<void> => {
    if (startedCases.has(wanted)) return;
    startedCases.add(wanted);
    await ensureStarted(() =>
      startChild(breakGlassCase, {
        workflowId: wanted,
        args: [{ case: wanted, account: id }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: consoleTexts.case(id),
        typedSearchAttributes: [
          { key: searchAttributes.account, value: id },
          { key: searchAttributes.phase, value: phase },
          { key: searchAttributes.quarter, value: quarterOf(now()) },
        ],
      }),
    );
  };

  /** The open case, and every undeclared one beside it. */
  const startCases = async (): Promise<void> => {
    const { openCase, undeclared } = book.state;
    if (openCase !== null) await startCase(openCase.case, 'requested');
    for (const each of undeclared) await startCase(each.case, 'unanswered');
  };

  const tick = async (): Promise<void> => {
    const at = now();
    book.absorb(
      await promptly(book, (run, after) =>
        run.tickAccount({ id, key: `${self}/tick/${at}`, now: at, after }),
      ),
    );
  };

  const tellOfLoss = async (wanted: RotationId): Promise<void> => {
    if (!patched('tell of a lost rotation')) return;
    const at = now();
    const key = `${self}/gone/${wanted}/${at}`;
    book.absorb(
      await promptly(book, (run, after) => run.recordGone({ id, workflow: wanted, key, now: at, after })),
    );
  };

  /** Part of a step. @returns the rotation, once it is started; null when it runs already */
  const startRotation = async (wanted: RotationId) => {
    const child = await ensureStarted(() =>
      startChild(rotation, {
        workflowId: wanted,
        args: [{ rotation: wanted, account: id }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: consoleTexts.rotation(id),
        typedSearchAttributes: [{ key: searchAttributes.account, value: id }],
      }),
    );
    if (child === null) {
      // One that an earlier run of this workflow started reports to nobody: look again soon.
      adoptedRotation = wanted;
      await outOfTurn(sleep('10s', { summary: stepTexts.lookAgain }));
      return null;
    }
    // It ran, it is not over, and yet its id was free.
    if (adoptedRotation === wanted) await tellOfLoss(wanted);
    adoptedRotation = null;
    return child;
  };

  const runRotation = async (wanted: RotationId): Promise<void> => {
    runningRotation = wanted;
    let hasEnded = false;
    await inTurn(async () => {
      try {
        const child = await startRotation(wanted);
        if (child !== null) await outOfTurn(child.result());
        hasEnded = child !== null;
      } catch (error) {
        log.warn('a rotation ended without a result; it begins again', {
          rotation: wanted,
          error: String(error),
        });
        await tellOfLoss(wanted);
        await outOfTurn(sleep('10s', { summary: stepTexts.beginAgain }));
      }
      // What it came to is absorbed before the loop may ask again whether one is wanted.
      await tick();
      // Its rotation ended well, and is not over: somebody else answered in the worker's stead.
      if (book.state.rotation?.id === wanted && hasEnded) {
        await tellOfLoss(wanted);
        await outOfTurn(sleep('10s', { summary: stepTexts.beginAgain }));
      }
      runningRotation = null;
      hasNews = true;
    });
  };

  setHandler(
    submit,
    (submission) => {
      const key = updateKey(self);
      return inTurn(async () => {
        const heard = await promptly(book, (run, after) =>
          run.hearAccount({ id, submission, key, now: now(), after }),
        );
        book.absorb(heard.news);
        // The next thing the requester's colleagues do is an update on the case: it must exist.
        await startCases();
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

  const isDue = (): boolean => (nextAccountDeadline(book.state) ?? '9') <= now();

  /** @returns whether this run is to end */
  const goOn = async (): Promise<boolean> => {
    hasNews = false;
    if (isWoken || isDue()) {
      isWoken = false;
      await tick();
    }
    await startCases();
    const wanted = book.state.rotation?.id ?? null;
    // Not awaited: the account goes on hearing people while its credential is rotated.
    if (wanted !== null && runningRotation === null) beside(runRotation(wanted));
    if (book.owesWakes()) await wakeOthers(book.takeWakes());
    // A rotation that is running goes on: the next run finds it started, and looks for its rows.
    if (lifetime.isOver()) return true;
    setCurrentDetails(detailsOfAccount(book.state));
    clock.set(nextAccountDeadline(book.state), 'unclaimed');
    return false;
  };

  while (!(await inTurn(goOn))) await clock.waitFor(() => isWoken || hasNews || lifetime.isAsked());
  await finishUp(book);
  await inTurn(() =>
    continueAsNew<typeof account>({ account: id, carried: { state: book.state, seq: book.seq } }),
  );
}
