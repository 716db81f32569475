/** A case as people read it. */
import type { CaseView } from '../../core/contracts/http.ts';
import { table } from './printable.ts';
import { moment } from './times.ts';

/** @param now - UTC, for how long ago and how long is left */
export const showCase = (view: CaseView, now: string): string => {
  const owed = view.obligations.filter(({ ended }) => ended === null);
  const rows: [string, string][] = [
    ['case', view.case],
    ['phase', `${view.phase}${view.kind === 'emergency' ? '' : ` (${view.kind})`}`],
    ...opening(view),
    ...view.released.map(({ by, part }): [string, string] => ['released', `${part} by ${by}`]),
    ...view.sessions.map((session): [string, string] => ['session', session]),
    ...view.sightings.map((each): [string, string] => [
      'login',
      `${moment(each.at, now)} from ${each.ip}, ${each.aal}`,
    ]),
    ...Object.entries(view.times)
      .sort(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([what, at]): [string, string] => [what, moment(at, now)]),
    ...(view.rotation === null ? [] : [['rotation', view.rotation] satisfies [string, string]]),
    ...(view.oldCredentialWorks
      ? [['old credential', 'STILL WORKS; another rotation is owed'] satisfies [string, string]]
      : []),
    ...(view.oldCredential === null
      ? []
      : [['old credential', view.oldCredential] satisfies [string, string]]),
    ...owed.map((each): [string, string] => [
      'owed',
      `${each.kind} by ${each.owner}, ${each.overdue ? 'overdue since' : 'due'} ${moment(each.due, now)}`,
    ]),
    ...view.waitingFor.map((each): [string, string] => ['waits for', awaited(each)]),
    ...(view.nextDeadline === null
      ? []
      : [['deadline', moment(view.nextDeadline, now)] satisfies [string, string]]),
  ];
  return table(rows);
};

/** For whom, and for what; no name where it is a process that is waited for. */
export const awaited = ({ who, forWhat }: CaseView['waitingFor'][number]): string =>
  who.length === 0 ? forWhat : `${who.join(', ')}: ${forWhat}`;

/** How it came about: what was asked for, or what was seen and what people said to it. */
const opening = (view: CaseView): [string, string][] => {
  const { answer, by } = view;
  if (view.kind === 'undeclared')
    return [
      ['reason', view.reason],
      ['answer', answer === null ? 'nobody has answered' : `${answer.how}, ${answer.by ?? 'a machine'}`],
      ...(by === null ? [] : [['responsible', by] satisfies [string, string]]),
    ];
  return [
    ['asked by', by ?? ''],
    ['scenario', `${view.scenario ?? ''}: ${view.conditions.join(', ')}`],
    ['reason', view.reason],
    ['incident', view.incidentChannel ?? ''],
    [
      'approved',
      `${view.approvedBy.length} of ${view.need} ${view.role ?? ''}: ${view.approvedBy.join(', ') || 'nobody yet'}`,
    ],
    ...(view.raised === null
      ? []
      : [
          [
            'quorum',
            `${view.need} where the config has ${view.raised.from}; overdue: ${view.raised.overdue.join(', ')}`,
          ] satisfies [string, string],
        ]),
  ];
};
