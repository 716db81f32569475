import type { Log } from '../adapters/settings/log.ts';
import type { LedgerReader } from '../adapters/postgres/index.ts';
import type { Config } from '../core/contracts/config.ts';
import {
  accountWorkflowId,
  caseId,
  type AccountId,
  type CaseId,
  type RotationId,
} from '../core/contracts/ids.ts';
import type { Ledger, RowDraft, StreamEvent } from '../core/contracts/ledger.ts';
import { isServed, judgeLook } from '../core/rules/account/losses.ts';
import { finalPhases } from '../core/rules/case/state.ts';
import { messagesOfRow } from '../core/rules/messages.ts';
import { advance, foldAccount, foldCase, loadStreams } from '../core/rules/streams.ts';
import { rowOn } from './record.ts';

/** Temporal, as far as the watchdog reaches it. Throws `ProcessUnavailable` when it does not answer. */
export interface Workflows {
  /** The first run of what runs now under this id, and how often its present task was given out; null when nothing does. */
  running(workflow: string): Promise<{ readonly chain: string; readonly attempts: number } | null>;
  terminate(workflow: string, chain: string, reason: string): Promise<void>;
  /** Signal-with-start. */
  wakeAccount(account: AccountId): Promise<void>;
  rebuildCase(id: CaseId): Promise<void>;
}

export interface WatchdogDeps {
  readonly reader: Pick<LedgerReader, 'cases' | 'rowsOfAccount' | 'rowsOfCase'>;
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  /** Every account that any known config has. */
  readonly accounts: () => readonly AccountId[];
  readonly config: () => Config;
  readonly now: () => Date;
  readonly log: Log;
}

/** How many cases are read at a time. */
const page = 100;

/**
 * A task that was given out so often fails for good: each waits ten seconds for its worker. One that nobody takes,
 * since no worker runs, is given out once.
 */
const mostAttempts = 5;

/** Milliseconds. One that fails again so soon after it was ended is not mended by that; it has rung. */
const untilEndedAgain = 15 * 60_000;

/** A case that was admitted a moment ago may not have been started yet. Milliseconds. */
const young = 10_000;

/**
 * Compares the ledger with Temporal. What must run and does not, or fails at every task, has rung once, and is started
 * again under its id: it folds all it needs from the ledger.
 */
export const createWatchdog = (deps: WatchdogDeps) => {
  const { reader, ledger, workflows, log } = deps;
  /** Cases that were over when last read: they never begin again. */
  const over = new Set<string>();
  /** What was last seen running under each id: another in its place came after a loss, whoever started it. */
  const seen = new Map<string, string>();
  /** When those that failed at every task were last ended. */
  const ended = new Map<string, number>();

  const lookUp = async (workflow: string) => {
    const found = await workflows.running(workflow);
    const now = deps.now().getTime();
    const wasEnded = now - (ended.get(workflow) ?? -Infinity) < untilEndedAgain;
    const isStuck = found !== null && found.attempts > mostAttempts && !wasEnded;
    const isRunning = found !== null && !isStuck;
    const isAnother = isRunning && (seen.get(workflow) ?? found.chain) !== found.chain;
    return {
      ...{ isRunning, isAnother },
      /** One that runs and does not go on is in the way of the next. */
      clear: async (): Promise<void> => {
        if (!isStuck) return;
        await workflows.terminate(workflow, found.chain, 'its tasks fail');
        ended.set(workflow, now);
      },
      remember: () => (isRunning ? void seen.set(workflow, found.chain) : undefined),
    };
  };

  const admitted = async (account: AccountId): Promise<CaseId[]> => {
    const ids: CaseId[] = [];
    const before = deps.now().getTime() - young;
    for (let last: number | undefined; ;) {
      const rows = await reader.cases(
        { account },
        { limit: page, ...(last === undefined ? {} : { before: last }) },
      );
      for (const { case_id: id, timestamp } of rows)
        if (id !== null && !over.has(id) && Date.parse(timestamp) < before) ids.push(id);
      last = rows.at(-1)?.seq;
      if (rows.length < page) return ids;
    }
  };

  const openCases = async (account: AccountId): Promise<CaseId[]> => {
    const open: CaseId[] = [];
    for (const id of await admitted(account)) {
      const state = foldCase(await reader.rowsOfCase(id), id);
      if (state !== null && finalPhases.includes(state.phase)) over.add(id);
      else open.push(id);
    }
    return open;
  };

  /** Judged anew from the ledger inside the transaction: what ended meanwhile is no loss. @returns whether there was any */
  const record = (account: AccountId, workflow: string, id: CaseId | null, isRunning: boolean) =>
    ledger.transact(async (tx): Promise<boolean> => {
      const at = deps.now().toISOString();
      const before = await loadStreams(tx, account, { case: id });
      const [first] = judgeLook(before, workflow, isRunning, at);
      if (first === undefined) return false;
      const told: StreamEvent[] = [{ account, event: first }];
      const { streams, events } = advance(before, told, at);
      const isGone = first.type === 'workflow-gone';
      const key = `watchdog/${workflow}/${isGone ? 'gone' : 'rebuilt'}/${at}`;
      await tx.append({
        ...rowOn(account, at),
        ...{ actor_id: 'breakglass', result: 'success', ip_address: null, user_agent: null },
        ...deed(isGone, workflow, events),
        ...{ case_id: id, key },
      });
      for (const message of messagesOfRow(key, events, streams, deps.config())) await tx.enqueue(message);
      log[isGone ? 'error' : 'info']({ workflow }, isGone ? 'a workflow is gone' : 'it runs again');
      return true;
    });

  /** A rotation is its account's child, which records what became of it and begins it again. */
  const lookAtRotation = async (rotation: RotationId | null): Promise<void> => {
    if (rotation !== null) await (await lookUp(rotation)).clear();
  };

  /** @returns whether the ledger has news of it */
  const lookAt = async (account: AccountId, id: CaseId | null, isKnownLost: boolean): Promise<boolean> => {
    const workflow = id ?? accountWorkflowId(account);
    const look = await lookUp(workflow);
    const isOther = !look.isRunning || look.isAnother;
    const isNews = isOther && (await record(account, workflow, id, false));
    await look.clear();
    if (!look.isRunning) await (id === null ? workflows.wakeAccount(account) : workflows.rebuildCase(id));
    const again = look.isRunning ? look : await lookUp(workflow);
    const isAgain = (isOther || isKnownLost) && (await record(account, workflow, id, again.isRunning));
    // Only now: a ledger that was away must not make it forget what it saw.
    again.remember();
    return isNews || isAgain;
  };

  const lookAtAccount = async (account: AccountId): Promise<void> => {
    const state = foldAccount(await reader.rowsOfAccount(account), account);
    if (!isServed(state)) return;
    const { lost } = state;
    let isNews = await lookAt(account, null, lost.includes(accountWorkflowId(account)));
    const lostCases = lost.flatMap((each) => caseId.safeParse(each).data ?? []);
    // A lost one that is over meanwhile must be known to be missed no more.
    for (const id of new Set([...(await openCases(account)), ...lostCases]))
      isNews = (await lookAt(account, id, lost.includes(id))) || isNews;
    // What it says of itself is what it has read: without this, that something is lost, until the next to wake it.
    if (isNews) await workflows.wakeAccount(account);
    await lookAtRotation(state.rotation?.id ?? null);
  };

  return {
    /** Looks once at every account and its open cases. */
    async look(): Promise<void> {
      for (const account of deps.accounts())
        await lookAtAccount(account).catch((error: unknown) => {
          log.warn({ account, reason: error instanceof Error ? error.message : 'unknown' }, 'not looked at');
        });
    },
  };
};

const deed = (
  isGone: boolean,
  workflow: string,
  events: readonly StreamEvent[],
): Pick<RowDraft, 'action' | 'metadata'> => ({
  action: isGone ? 'break_glass_workflow_gone' : 'break_glass_workflow_rebuilt',
  metadata: { workflow, events: [...events] },
});
