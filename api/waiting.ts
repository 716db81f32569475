import type { CaseView } from '../core/contracts/http.ts';
import type { Config } from '../core/contracts/config.ts';
import { parts, type PersonId } from '../core/contracts/ids.ts';
import { isDeclared, type CaseState, type DeclaredCase } from '../core/rules/case/state.ts';
import { commands, commandThatEnds } from '../core/rules/messages.ts';
import { isOwed, type Obligation } from '../core/rules/obligations.ts';
import { eligible, standing } from '../core/rules/quorum.ts';

type Waiting = CaseView['waitingFor'][number];

const counted = (n: number, one: string, many: string): string => `${n} more ${n === 1 ? one : many}`;

/** The people whose approval counts at `now`. */
export const approvedBy = (state: CaseState, current: Config, now: string): PersonId[] => {
  if (!isDeclared(state)) return [];
  const { terms, by } = state.opening;
  // Once the quorum was met, what lapses later no longer matters.
  if (state.phase !== 'requested') return state.approvals.map((each) => each.by);
  return standing(
    state.approvals,
    { role: terms.role, approvers: terms.approvers, requester: by },
    current,
    now,
  );
};

const forQuorum = (state: DeclaredCase, current: Config, now: string): Waiting[] => {
  const { terms, by } = state.opening;
  const given = approvedBy(state, current, now);
  const who = eligible(current, terms.role, by).filter(
    (person) => terms.approvers.includes(person) && !given.includes(person),
  );
  const missing = counted(terms.need - given.length, 'signature', 'signatures');
  return [{ who, forWhat: `${missing} of role ${terms.role}`, command: commands.approve(state.case) }];
};

const forShares = (state: DeclaredCase): Waiting[] =>
  parts.flatMap((part) => {
    const { custodians, threshold } = state.opening.pair[part];
    const given = state.releases.filter((each) => each.part === part).map((each) => each.by);
    const missing = threshold - given.length;
    if (missing <= 0) return [];
    return [
      {
        who: custodians.filter((person) => !given.includes(person)),
        forWhat: `${counted(missing, 'share', 'shares')} of the ${part}`,
        command: commands.release(state.case),
      },
    ];
  });

const owedWords = {
  release: 'a share',
  attestation: 'where the new share lies',
  'session-log': 'the session log',
  'post-mortem': 'the post-mortem',
  refusals: 'the old credential to be tried',
  answer: '“mine” (breakglass claim) or “stop”',
  finding: 'what the rotation found to be explained or removed',
} as const satisfies Record<Obligation['kind'], string>;

const forObligations = (state: CaseState): Waiting[] => {
  const owed = state.obligations.filter((each) => isOwed(each) && each.kind !== 'release');
  return [...new Set(owed.map((each) => each.kind))].map((kind) => ({
    who: [...new Set(owed.filter((each) => each.kind === kind).map((each) => each.owner))],
    forWhat: owedWords[kind],
    command: commandThatEnds(kind, state.case),
  }));
};

/** Who is waited for at `now`, for what, and the command that answers. Nobody is named where a machine works. */
export const waitingFor = (state: CaseState, current: Config, now: string): Waiting[] => {
  const responsible = state.responsible === null ? [] : [state.responsible];
  switch (state.phase) {
    case 'requested':
      return isDeclared(state) ? forQuorum(state, current, now) : [];
    case 'authorised':
      return isDeclared(state) ? forShares(state) : [];
    case 'unanswered':
      return forObligations(state);
    case 'released':
      return [{ who: responsible, forWhat: 'a login, claimed', command: commands.open(state.case) }];
    case 'in-session':
      return [{ who: responsible, forWhat: 'the end of the session', command: commands.end(state.case) }];
    case 'ended':
      return [
        { who: [], forWhat: 'the worker to rotate the credential', command: commands.status(state.case) },
        ...forObligations(state),
      ];
    case 'settling':
      return forObligations(state);
    case 'closed':
    case 'denied':
    case 'withdrawn':
    case 'expired':
      return [];
  }
};
