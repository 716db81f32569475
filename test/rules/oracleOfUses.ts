/** What must hold of an undeclared case, judged from its rows alone. */
import type { CaseEvent, CaseEventOf } from '../../core/contracts/events.ts';
import type { Entry } from './world.ts';

/** What the rows of an undeclared case have said so far. */
export interface Use {
  readonly detected: CaseEventOf<'detected'>;
  readonly rung: Map<string, string>;
  /** Paperwork that was escalated and is owed still. */
  readonly late: Set<string>;
  /** What a rotation found, and nobody has settled. */
  readonly found: Set<string>;
  isAnswered: boolean;
  isOwned: boolean;
  isOver: boolean;
  isRotated: boolean;
  isClosed: boolean;
}

export const newUse = (detected: CaseEventOf<'detected'>): Use => ({
  ...{ detected, rung: new Map(), late: new Set(), found: new Set(), isAnswered: false, isOwned: false },
  ...{ isOver: false, isRotated: false, isClosed: false },
});

const mayUse = ({ current }: Entry, who: string): boolean =>
  Object.values(current.accounts).some(({ principals }) => principals.some((each) => each === who));

const watches = ({ current }: Entry, who: string): boolean =>
  Object.entries(current.people).some(
    ([id, { roles }]) =>
      id === who && roles.some((each) => ['admin', 'oncall', 'security', 'senior'].includes(each)),
  );

/** Takes an undeclared case's event in. @returns what is wrong with it */
export const judgeUse = (use: Use, event: CaseEvent, entry: Entry): string[] => {
  const wrong = (isWrong: boolean, what: string): string[] =>
    isWrong ? [`${use.detected.case}: ${what}`] : [];
  const isShut = use.isOver || use.isClosed;
  switch (event.type) {
    case 'session-claimed':
      use.isOwned = true;
      return [
        ...wrong(use.isAnswered || isShut, 'a session owned up to out of turn'),
        ...wrong(!mayUse(entry, event.by), `owned up to by ${event.by}, who may not use the account`),
      ];
    case 'answered': {
      const twice = use.isAnswered;
      use.isAnswered = true;
      return wrong(twice || isShut, 'answered out of turn');
    }
    case 'ended': {
      const isStopped = event.how === 'stopped';
      const found = [
        ...wrong(isShut, 'ended twice'),
        ...wrong(!use.isAnswered, 'ended without an answer'),
        ...wrong(isStopped && !watches(entry, event.by ?? ''), `stopped by ${event.by ?? 'nobody'}`),
        ...wrong(!isStopped && !use.isOwned, 'ended by nobody, though nobody owned up'),
      ];
      use.isOver = true;
      return found;
    }
    case 'rotated': {
      const twice = use.isRotated;
      use.isRotated = true;
      return wrong(twice || !use.isOver, 'rotated out of turn');
    }
    case 'closed':
      use.isClosed = true;
      return [
        ...wrong(
          use.isOver ? !use.isRotated : use.isOwned || !use.isAnswered,
          'closed without a rotation, or an answer',
        ),
        ...wrong(use.found.size > 0, 'closed with a finding that nobody settled'),
      ];
    case 'found':
      use.found.add(event.finding.id);
      return wrong(!use.isRotated || use.isClosed, 'found out of turn');
    case 'finding-settled':
      for (const each of [...use.late])
        if (each.startsWith(`finding/${event.finding}/`)) use.late.delete(each);
      return wrong(!use.found.delete(event.finding), 'settled what was not found');
    case 'reminded':
    case 'escalated': {
      const key = `${event.type} ${event.obligation}`;
      const before = use.rung.get(key);
      if (event.type === 'escalated' && !event.obligation.startsWith('answer/'))
        use.late.add(event.obligation);
      use.rung.set(key, event.at);
      const isAnswer = event.obligation.startsWith('answer/');
      const every = use.detected.terms.seconds.answer;
      // Each rings at a multiple of its time: two of them in a row may lie closer, when the first was late.
      const multiple = (at: string): number =>
        Math.floor((Date.parse(at) - Date.parse(use.detected.at)) / 1000 / every);
      const isAgain = isAnswer && event.type === 'escalated';
      return [
        ...wrong(use.isClosed || (isAnswer && use.isAnswered), `${key} after its end`),
        ...wrong(before !== undefined && !isAgain, `${key} again`),
        ...wrong(
          before !== undefined && isAgain && multiple(before) === multiple(event.at),
          `${key} twice in one stretch`,
        ),
      ];
    }
    case 'superseded':
      for (const each of [...use.late]) if (each.startsWith('attestation/')) use.late.delete(each);
      return wrong(!use.isRotated || use.isClosed, 'superseded out of turn');
    case 'attested':
      use.late.delete(`attestation/${event.part}/${event.by}`);
      return [];
    case 'written-up':
      use.late.delete(`${event.document}/${event.by}`);
      return [];
    case 'session-seen':
    case 'sessions-ended':
      return [];
    default:
      return wrong(true, `${event.type} in a case that nobody asked for`);
  }
};
