import type { AccountEvent } from '../../contracts/events.ts';
import { accountWorkflowId, caseId } from '../../contracts/ids.ts';
import { finalPhases } from '../case/state.ts';
import type { Streams } from '../streams.ts';
import type { AccountState } from './state.ts';

/** Whether the account's own workflow must run: it begins with the first who decides anything about it. */
export const isServed = (account: AccountState): boolean =>
  account.pair !== null || account.rotation !== null || account.provisionSignatures.length > 0;

/** Whether the ledger wants this workflow to run: the account's, its rotation's, or an open case's. */
const mustRun = ({ account, cases }: Streams, workflow: string): boolean => {
  if (workflow === accountWorkflowId(account.account)) return isServed(account);
  const asCase = caseId.safeParse(workflow);
  if (!asCase.success) return account.rotation?.id === workflow;
  const state = cases.get(asCase.data);
  return state !== undefined && !finalPhases.includes(state.phase);
};

/**
 * What a look at a workflow tells that the ledger does not know yet: that it is gone, once until it runs again,
 * and that it does.
 *
 * @param isRunning - as Temporal says
 */
export const judgeLook = (
  streams: Streams,
  workflow: string,
  isRunning: boolean,
  at: string,
): AccountEvent[] => {
  const isLost = streams.account.lost.includes(workflow);
  const isWell = isRunning || !mustRun(streams, workflow);
  if (isLost && isWell) return [{ type: 'workflow-rebuilt', at, workflow }];
  return isLost || isWell ? [] : [{ type: 'workflow-gone', at, workflow }];
};
