/** A case terminated while it settles, its account's workflow deleted: what the watchdog makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { accountWorkflowId, caseId } from '../../../core/contracts/ids.ts';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { view, wake } from '../../../core/contracts/temporal.ts';
import { isOwed } from '../../../core/rules/obligations.ts';
import { playUse, settleCase } from '../../../dev/stack/play.ts';
import type { Progress } from '../../../dev/cache.ts';
import { openLookout } from '../../whole/checks/lookout.ts';
import { reachTemporal } from '../../whole/checks/temporal.ts';
import type { Whole } from '../../whole/stack.ts';

/** What became of one workflow that was lost. */
export interface Lost {
  readonly workflow: string;
  /** How often it rang, by the ledger's rows; and how many times it was said to run again. */
  readonly rang: number;
  readonly rebuilt: number;
  /** Milliseconds from the loss to the row that says that it runs again. */
  readonly ms: number;
  /** Whether its view is what the ledger has. */
  readonly isSame: boolean;
}

export interface Losses {
  readonly lost: readonly Lost[];
  /** What was owed before the loss and is owed still. */
  readonly owedBefore: readonly string[];
  readonly owedAfter: readonly string[];
  /** The case's last phase, once everybody had done what they owe. */
  readonly closedAs: string;
}

/** Waits a minute at most until something holds; a thing that cannot be asked does not hold yet. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 240; tries += 1) {
    if (await holds().catch(() => false)) return;
    await sleep(250);
  }
  throw new Error(`waited in vain for ${what}`);
};

/**
 * Plays a case until it settles, terminates its workflow and deletes the account's, waits for both, and has
 * everybody do what they owe.
 *
 * @param seconds - how long to watch afterwards that it does not ring again
 */
export const loseWorkflows = async (
  { stack, account, cast }: Whole,
  say: Progress,
  seconds: number,
): Promise<Losses> => {
  const temporal = await reachTemporal(stack);
  const lookout = await openLookout(stack);
  try {
    const { case: named } = await playUse({ ...stack, account, kind: 'emergency', cast }, say);
    const id = caseId.parse(named);
    await lookout.quiet();
    const workflows = [id, accountWorkflowId(account)];
    const handle = (workflow: string) => temporal.keyed.raw.workflow.getHandle(workflow);
    const text = (state: unknown): string => canonicalize(JSON.parse(JSON.stringify(state)) as never);
    const viewed = async (workflow: string): Promise<string> => text(await handle(workflow).query(view));
    // What the ledger has now: a sweep may find a login meanwhile, and one of a rotation's own wakes nobody.
    const ledgerSays = async (workflow: string): Promise<string> =>
      text(await (workflow === id ? lookout.caseState(id) : lookout.accountState(account)));
    const comesToAgree = async (workflow: string): Promise<void> => {
      await handle(workflow).signal(wake);
      const agrees = async () => (await viewed(workflow)) === (await ledgerSays(workflow));
      await until(`the view of ${workflow}`, agrees);
    };
    const owed = async (): Promise<string[]> =>
      (await lookout.caseState(id)).obligations.filter(isOwed).map((each) => each.id);
    const owedBefore = await owed();
    const head = await lookout.head();
    say(`terminating ${id}, deleting ${accountWorkflowId(account)}`);
    const lostAt = Date.now();
    await handle(id).terminate('planted');
    const { workflowService } = temporal.keyed.raw;
    await workflowService.deleteWorkflowExecution({
      namespace: stack.servers.temporal.namespace,
      workflowExecution: { workflowId: accountWorkflowId(account) },
    });
    const rows = async (action: Row['action'], workflow: string): Promise<Row[]> =>
      (await lookout.rowsAfter(head)).filter(
        (row) => row.action === action && row.metadata['workflow'] === workflow,
      );
    const rebuilt = async (workflow: string): Promise<Row[]> =>
      rows('break_glass_workflow_rebuilt', workflow);
    for (const workflow of workflows)
      await until(`${workflow} to run again`, async () => (await rebuilt(workflow)).length > 0);
    await Promise.all(workflows.map(comesToAgree));
    await sleep(seconds * 1000);
    const lost = await Promise.all(
      workflows.map(async (workflow) => {
        const again = await rebuilt(workflow);
        return {
          workflow,
          rang: (await rows('break_glass_workflow_gone', workflow)).length,
          rebuilt: again.length,
          ms: Date.parse(again[0]?.timestamp ?? '') - lostAt,
          isSame: await comesToAgree(workflow).then(
            () => true,
            () => false,
          ),
        };
      }),
    );
    const owedAfter = await owed();
    const { phase } = await settleCase({ ...stack, cast }, id, say);
    return { lost, owedBefore, owedAfter, closedAs: phase };
  } finally {
    await Promise.all([temporal.close(), lookout.close()]);
  }
};
