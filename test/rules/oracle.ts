/** What must hold of any history, judged from its rows alone and without the rules' own functions. */
import type { Config } from '../../core/contracts/config.ts';
import type { AccountEvent, CaseEvent, CaseEventOf } from '../../core/contracts/events.ts';
import { parts } from '../../core/contracts/ids.ts';
import { judgeUse, newUse, type Use } from './oracleOfUses.ts';
import type { Entry } from './world.ts';

/** What a case's rows have said so far. */
interface Known {
  readonly request: CaseEventOf<'requested'>;
  readonly pinned: Config;
  readonly yes: Map<string, string>;
  readonly shares: Map<string, Set<string>>;
  readonly chased: Set<string>;
  isAuthorised: boolean;
  isReleased: boolean;
  over: string | null;
  isRotated: boolean;
  isClosed: boolean;
  /** The old credential was found working, and no later rotation is proven. */
  works: boolean;
  /** Paperwork that was escalated and is owed still. */
  readonly late: Set<string>;
  /** What a rotation found, and nobody has settled. */
  readonly found: Set<string>;
}

const quorumIn = (config: Config): { need: number; role: string } | null =>
  Object.entries(config.accounts).find(([id]) => id === 'acme-eu')?.[1].quorum ?? null;

const holds = (config: Config, who: string, role: string): boolean =>
  Object.entries(config.people).some(([id, { roles }]) => id === who && roles.some((each) => each === role));

/** Whether enough people agree, at the instant and under the config of a row. */
const isQuorum = ({ request, pinned, yes }: Known, { now, current }: Entry): boolean => {
  const [then, today] = [quorumIn(pinned), quorumIn(current)];
  if (then === null || today === null) return false;
  const who = [...yes].filter(
    ([person, until]) =>
      person !== request.by &&
      Date.parse(until) > Date.parse(now) &&
      holds(pinned, person, then.role) &&
      holds(current, person, then.role),
  );
  return who.length >= then.need && who.length >= today.need && who.length >= request.terms.need;
};

const isEnough = ({ request, shares }: Known): boolean =>
  parts.every((part) => {
    const from = [...(shares.get(part) ?? [])].filter((each) =>
      request.pair[part].custodians.some((custodian) => custodian === each),
    );
    return from.length >= request.pair[part].threshold;
  });

/** Whether somebody watches over the account by the config at a row's time. */
const mayStop = ({ current }: Entry, who: string): boolean =>
  ['admin', 'oncall', 'security', quorumIn(current)?.role].some(
    (role) => role !== undefined && holds(current, who, role),
  );

/** Takes a case's event in. @returns what is wrong with it */
const judgeCase = (known: Known, event: CaseEvent, entry: Entry): string[] => {
  const wrong = (isWrong: boolean, what: string): string[] =>
    isWrong ? [`${known.request.case}: ${what}`] : [];
  const isShut = known.over !== null || known.isClosed;
  switch (event.type) {
    case 'requested':
      return wrong(true, 'asked for twice');
    case 'approved':
      known.yes.set(event.by, event.expiresAt);
      return wrong(isShut, `approved after ${known.over ?? 'its close'}`);
    case 'authorised':
      known.isAuthorised = true;
      return [
        ...wrong(!isQuorum(known, entry), 'authorised without a quorum'),
        ...wrong(isShut, 'authorised when over'),
      ];
    case 'share-released': {
      const from = known.shares.get(event.part) ?? new Set();
      known.shares.set(event.part, from.add(event.by));
      return [
        ...wrong(!known.isAuthorised || isShut || known.isReleased, 'a share released out of turn'),
        ...wrong(!isQuorum(known, entry), 'a share released when the quorum no longer stood'),
      ];
    }
    case 'released':
      known.isReleased = true;
      return [
        ...wrong(!isEnough(known), 'released with too few shares'),
        ...wrong(isShut, 'released when over'),
      ];
    case 'session-claimed':
      return [
        ...wrong(!known.isReleased || isShut, 'a session claimed out of turn'),
        ...wrong(event.by !== known.request.by, 'a session claimed by another'),
      ];
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'ended': {
      const before = known.over;
      known.over = event.type;
      const stopper = event.type === 'ended' && event.how === 'stopped' ? event.by : null;
      return [
        ...wrong(before !== null, `${event.type} after ${before ?? ''}`),
        ...wrong(stopper !== null && !mayStop(entry, stopper), `stopped by ${stopper ?? ''}`),
      ];
    }
    case 'rotated': {
      const twice = known.isRotated;
      known.isRotated = true;
      return [...wrong(twice, 'rotated twice'), ...wrong(known.over === null, 'rotated while open')];
    }
    case 'closed':
      known.isClosed = true;
      return [
        ...wrong(!known.isRotated, 'closed without a rotation'),
        ...wrong(known.works, 'closed while the old credential works'),
        ...wrong(known.found.size > 0, 'closed with a finding that nobody settled'),
      ];
    case 'old-credential-works':
      known.works = true;
      return wrong(!known.isRotated || known.isClosed, 'tried out of turn');
    case 'superseded':
      known.works = false;
      for (const each of [...known.late]) if (each.startsWith('attestation/')) known.late.delete(each);
      // Tried again, it is owed anew.
      for (const each of [...known.chased]) if (each.includes(' refusals/')) known.chased.delete(each);
      return wrong(!known.isRotated || known.isClosed, 'superseded out of turn');
    case 'attested':
      known.late.delete(`attestation/${event.part}/${event.by}`);
      return [];
    case 'written-up':
      known.late.delete(`${event.document}/${event.by}`);
      return [];
    case 'reminded':
    case 'escalated': {
      const again = known.chased.has(`${event.type} ${event.obligation}`);
      const late = event.type === 'reminded' && known.chased.has(`escalated ${event.obligation}`);
      known.chased.add(`${event.type} ${event.obligation}`);
      if (
        event.type === 'escalated' &&
        /^(attestation|session-log|post-mortem|finding)\//.test(event.obligation)
      )
        known.late.add(event.obligation);
      return [
        ...wrong(again || late, `${event.type} again: ${event.obligation}`),
        ...wrong(known.isClosed, 'chased'),
      ];
    }
    case 'detected':
    case 'answered':
      return wrong(true, `${event.type} though it was asked for`);
    case 'unsighted': {
      const id = `unsighted ${event.session ?? ''}`;
      const again = known.chased.has(id);
      known.chased.add(id);
      return [
        ...wrong(again, `rang again: ${id}`),
        ...wrong(!known.isReleased || isShut, 'silence rang out of turn'),
      ];
    }
    case 'session-seen':
    case 'sessions-ended':
    case 'old-credential':
      return [];
    case 'found':
      known.found.add(event.finding.id);
      return wrong(!known.isRotated || known.isClosed, 'found out of turn');
    case 'finding-settled':
      for (const each of [...known.late])
        if (each.startsWith(`finding/${event.finding}/`)) known.late.delete(each);
      return wrong(!known.found.delete(event.finding), 'settled what was not found');
  }
};

/** @returns what is wrong with an account's event, after those in `seen` */
const judgeAccount = (seen: Set<string>, event: AccountEvent): string[] => {
  const once =
    event.type === 'rotation-started' || event.type === 'rotation-proven'
      ? `${event.type} ${event.rotation}`
      : event.type === 'session-unclaimed'
        ? `${event.type} ${event.sighting}`
        : event.type === 'case-opened' || event.type === 'case-left'
          ? `${event.type} ${event.case}`
          : null;
  // From the first proven pair on, no login stays without a case.
  if (event.type === 'session-unclaimed' && event.case === undefined && seen.has('provisioned'))
    return [`${event.sighting}: rung without a case`];
  if (event.type === 'rotation-proven') seen.add('provisioned');
  if (once === null) return [];
  if (seen.has(once)) return [`twice: ${once}`];
  seen.add(once);
  return [];
};

/** How many must agree to a request: one more while anything of an earlier case is late, if there are as many. */
const needOf = (
  { current }: Entry,
  { by }: CaseEventOf<'requested'>,
  before: readonly Pick<Known, 'late'>[],
): number => {
  const { need = 0, role = '' } = quorumIn(current) ?? {};
  if (before.every(({ late }) => late.size === 0)) return need;
  const others = Object.keys(current.people).filter((each) => each !== by && holds(current, each, role));
  return Math.max(need, Math.min(need + 1, others.length));
};

/** What is wrong with a history; empty when nothing is. */
export const wrongs = (entries: readonly Entry[]): string[] => {
  const cases = new Map<string, Known>();
  const uses = new Map<string, Use>();
  const seen = new Set<string>();
  return entries.flatMap((entry) =>
    entry.events.flatMap((each) => {
      if ('account' in each) return judgeAccount(seen, each.event);
      const known = cases.get(each.case);
      if (known !== undefined) return judgeCase(known, each.event, entry);
      const use = uses.get(each.case);
      if (use !== undefined) return judgeUse(use, each.event, entry);
      if (each.event.type === 'detected') {
        const waiting = [...uses.values()].filter((other) => !other.isAnswered);
        uses.set(each.case, newUse(each.event));
        return waiting.map((other) => `${each.case}: opened while ${other.detected.case} is unanswered`);
      }
      if (each.event.type !== 'requested') return [`${each.case}: begins with ${each.event.type}`];
      const misjudged =
        needOf(entry, each.event, [...cases.values(), ...uses.values()]) !== each.event.terms.need;
      cases.set(each.case, {
        ...{
          request: each.event,
          pinned: entry.current,
          yes: new Map(),
          shares: new Map(),
          chased: new Set(),
        },
        ...{
          isAuthorised: false,
          isReleased: false,
          over: null,
          isRotated: false,
          isClosed: false,
          works: false,
          late: new Set(),
          found: new Set(),
        },
      });
      return misjudged ? [`${each.case}: needs ${each.event.terms.need}`] : [];
    }),
  );
};
