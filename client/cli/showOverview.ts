/** One screen: what is open, who is waited for, how long is left. */
import type { AccountView, CaseView } from '../../core/contracts/http.ts';
import { table, when } from './printable.ts';
import { awaited } from './showCase.ts';
import { left } from './times.ts';

/** @param now - UTC */
export const showOverview = (
  accounts: readonly AccountView[],
  open: readonly CaseView[],
  now: string,
): string =>
  [when(now), showAccounts(accounts), open.length === 0 ? 'no case is open' : showOpen(open, now)].join(
    '\n\n',
  );

/** One account a line. */
export const showAccounts = (accounts: readonly AccountView[]): string =>
  table([
    ['ACCOUNT', 'LOGINS NOBODY CLAIMED', 'STATE'],
    ...accounts.map((each) => [each.account, String(each.unclaimed.length), stateOf(each)]),
  ]);

const stateOf = ({ provisioned, blocked, overriddenUntil, overdue, rotation }: AccountView): string => {
  if (!provisioned) return rotation === null ? 'not provisioned' : 'being provisioned';
  if (blocked !== null)
    return `${blocked}${overriddenUntil === null ? '' : `; overridden for one request until ${when(overriddenUntil)}`}`;
  return overdue.length === 0 ? 'ready' : `one signature more: ${overdue.join(', ')} overdue`;
};

const showOpen = (open: readonly CaseView[], now: string): string => {
  const heads = table([
    ['OPEN CASE', 'PHASE', 'SCENARIO', 'BY', 'LEFT'],
    ...open.map((view) => [
      view.case,
      `${view.phase}${view.kind === 'emergency' ? '' : ` (${view.kind})`}`,
      view.scenario ?? '-',
      view.by ?? '-',
      view.nextDeadline === null ? '-' : left(view.nextDeadline, now),
    ]),
  ]).split('\n');
  const [head = '', ...rows] = heads;
  return [head, ...rows.flatMap((row, place) => [row, ...waits(open[place], now)])].join('\n');
};

/** Who is waited for, and what is late already. */
const waits = (view: CaseView | undefined, now: string): string[] => {
  if (view === undefined) return [];
  const late = view.obligations.filter(({ ended, overdue }) => ended === null && overdue);
  return table([
    ...view.waitingFor.map((each) => ['  waits for', awaited(each)]),
    ...late.map(({ kind, owner, due }) => ['  overdue', `${owner}: ${kind}, ${left(due, now)}`]),
  ])
    .split('\n')
    .filter((line) => line !== '');
};
