import type { CaseEventOf, ObligationKind } from '../../contracts/events.ts';
import { parts, type PersonId } from '../../contracts/ids.ts';
import type { CaseEvent, Pair } from '../../contracts/events.ts';
import { isDeclared, type CaseState, type DeclaredCase } from '../case/state.ts';
import { later } from '../decision.ts';
import { commands, commandThatEnds } from './commands.ts';
import { detected, ownedUp, stopped, unanswered } from './ofUndeclared.ts';
import { holders } from '../holders.ts';
import { lateBy, named, namedAll, spoken, type Draft, type Happening } from './compose.ts';

/** Everybody who holds a share of either part. */
export const custodiansOf = (pair: Pair): PersonId[] => parts.flatMap((part) => pair[part].custodians);

const said = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const owed: Readonly<Record<ObligationKind, string>> = {
  release: 'to release a share',
  attestation: 'to attest where the new share lies',
  'session-log': 'the session log',
  'post-mortem': 'the post-mortem',
  refusals: 'to try the old credential',
  answer: 'the answer, “mine” or “stop”,',
  finding: 'to look at what the rotation found',
};

/** Overdue paperwork asks for one more; where nobody else may sign, the way in stays open, and that is said. */
const isCapped = ({ need, raised }: DeclaredCase['opening']['terms']): boolean =>
  raised !== undefined && need <= raised.from;

const notRaised = ({ config }: Happening, { opening: request }: DeclaredCase): Draft[] =>
  isCapped(request.terms)
    ? [
        {
          audience: 'compliance',
          severity: 'warning',
          to: holders(config, 'compliance', 'security'),
          title: `The quorum of ${request.account} could not be raised`,
          text: `Paperwork is overdue (${request.terms.raised?.overdue.join(', ') ?? ''}), but nobody beside the ${request.terms.need} needed holds the role ${request.terms.role}. ${request.case} goes on with ${request.terms.need}.`,
          command: commands.status(request.case),
        },
      ]
    : [];

const asked = ({ config }: Happening, { opening: request }: DeclaredCase): Draft => {
  const { account, by, terms, scenario } = request;
  const says = config.scenarios[scenario]?.says ?? scenario;
  return {
    audience: 'approvers',
    severity: 'act',
    to: terms.approvers,
    title: `Approve or deny: ${request.kind === 'drill' ? 'drill on' : 'emergency access to'} ${account}`,
    text: [
      `${named(config, by)} asks for ${account}, for ${request.expectedMinutes} minutes.`,
      `Scenario: ${said(says)}`,
      `Reason: ${said(request.reason)}`,
      `Symptom: ${said(request.symptom)}`,
      `Incident channel: ${request.incidentChannel}`,
      `${terms.need} people of role ${terms.role} must sign by ${spoken(later(request.at, terms.seconds.request))}.`,
      ...(terms.raised === undefined || isCapped(terms)
        ? []
        : [`That is one more than usual; overdue: ${terms.raised.overdue.join(', ')}.`]),
    ].join('\n'),
    command: commands.approve(request.case),
  };
};

const told = (it: Happening, state: DeclaredCase, at: string): Draft[] => {
  const { config } = it;
  const { account, by, terms, pair } = state.opening;
  const approvers = namedAll(
    config,
    state.approvals.map((each) => each.by),
  );
  const owners = config.accounts[account]?.owners ?? [];
  return [
    {
      audience: 'custodians',
      severity: 'act',
      to: custodiansOf(pair),
      title: `Release your share of ${account}`,
      text: [
        `${named(config, by)} may open ${account}; signed by ${approvers}.`,
        `Your own machine checks the request and the signatures before it releases anything.`,
        `Wanted by ${spoken(later(at, terms.seconds.release))}: ${parts
          .map((part) => `${pair[part].threshold} shares of the ${part}`)
          .join(' and ')}.`,
      ].join('\n'),
      command: commands.release(state.case),
    },
    {
      audience: 'named-people',
      severity: 'warning',
      to: [...owners, ...holders(config, 'security')],
      title: `Break-glass access to ${account} is authorised`,
      text: [
        `${named(config, by)} may open ${account}; signed by ${approvers}. A login will follow.`,
        `If it should not, have one of them deny it before the shares are released: ${namedAll(config, terms.approvers)}.`,
      ].join('\n'),
      command: commands.status(state.case),
    },
  ];
};

const opened = ({ config }: Happening, state: DeclaredCase, at: string): Draft => ({
  audience: 'requester',
  severity: 'act',
  to: [state.opening.by],
  title: `${state.opening.account} can be opened`,
  text: `Enough shares are released to ${named(config, state.opening.by)}. Log in by ${spoken(
    later(at, state.opening.terms.seconds.session),
  )}; after that the case expires and the credential is rotated.`,
  command: commands.open(state.case),
});

const waits = {
  quorum: 'the signatures did not come in time',
  release: 'the shares were not released in time',
  login: 'nobody logged in in time',
} as const;

const why = (it: Happening, event: CaseEventOf<'denied' | 'withdrawn' | 'expired' | 'ended'>): string => {
  switch (event.type) {
    case 'expired':
      return `It expired${lateBy(event.late ?? 0)}: ${waits[event.waitedFor]}.`;
    case 'denied':
      return `${named(it.config, event.by)} denied it: ${said(event.reason)}`;
    case 'withdrawn':
      return `It was withdrawn under the key of ${named(it.config, event.by)}; if that was not you, tell security at once.`;
    case 'ended':
      return event.by === null
        ? `It was ended${lateBy(event.late ?? 0)}: ${said(event.reason)}`
        : `${named(it.config, event.by)} ended it: ${said(event.reason)}`;
  }
};

const writeUps = { 'session-log': 'session log', 'post-mortem': 'post-mortem' } as const;

/** Once a share had left its custodian, every way out of a case ends in a rotation and a write-up. */
const over = (
  it: Happening,
  state: CaseState,
  event: CaseEventOf<'denied' | 'withdrawn' | 'expired' | 'ended'>,
): Draft => {
  const { account } = state.opening;
  const to = state.responsible === null ? [] : [state.responsible];
  if (state.endedAt === null)
    return {
      audience: 'requester',
      severity: 'act',
      to,
      title: `${state.case} is ${event.type}`,
      text: `${why(it, event)} If the need still stands, ask again.`,
      command: commands.request(account),
    };
  const documents = state.obligations.flatMap(({ kind, due }) =>
    kind === 'session-log' || kind === 'post-mortem' ? [{ kind, due }] : [],
  );
  const due = documents.map((each) => `the ${writeUps[each.kind]} by ${spoken(each.due)}`).join(' and ');
  return {
    audience: 'requester',
    severity: 'act',
    to,
    title: `Write up ${state.case}`,
    text: [why(it, event), `The credential of ${account} will be rotated. You owe ${due}.`].join('\n'),
    command: commands.writeUp(state.case, documents[0]?.kind ?? 'post-mortem'),
  };
};

const rotated = ({ opening, ...state }: CaseState, event: CaseEventOf<'rotated'>): Draft => ({
  audience: 'custodians',
  severity: 'act',
  to: custodiansOf(event.pair),
  title: `Attest your new share of ${opening.account}`,
  text: [
    `${opening.account} was rotated: password generation ${event.pair.password.generation}, MFA generation ${event.pair.mfa.generation}.`,
    `Your machine downloads the new share, opens it to test it, keeps a copy, and you sign where it lies, by ${spoken(
      later(event.at, opening.terms.seconds.attestation),
    )}.`,
  ].join('\n'),
  command: commands.attest(state.case),
});

const found = (state: CaseState, event: CaseEventOf<'found'>): Draft => ({
  // One row may carry several findings, and each is a message of its own.
  audience: `owners/${event.finding.id}`,
  severity: 'warning',
  to: event.owners.filter((each) => each !== state.responsible),
  title: `Look at what the session on ${state.opening.account} may have left: ${event.finding.id}`,
  text: [
    event.finding.says,
    `${state.case} closes only when an owner, and not the one who answers for it, has signed that it is explained, or removed.`,
  ].join('\n'),
  command: commands.finding(state.case, event.finding.id),
});

const chased = (it: Happening, state: CaseState, event: CaseEventOf<'reminded' | 'escalated'>): Draft[] => {
  const found = state.obligations.find((each) => each.id === event.obligation);
  if (found === undefined) return [];
  const { config } = it;
  const what = `${named(config, found.owner)} owes ${owed[found.kind]} for ${state.case}`;
  const isEscalated = event.type === 'escalated';
  return [
    {
      audience: isEscalated ? 'escalation' : 'owner',
      severity: isEscalated ? 'warning' : 'act',
      to: isEscalated ? [found.owner, ...holders(config, 'oncall', 'admin')] : [found.owner],
      title: isEscalated ? `Overdue: ${what}` : `Still owed: ${what}`,
      text: `${what}; due ${spoken(found.due)}${isEscalated ? lateBy(event.late) : ''}.`,
      command: commandThatEnds(found.kind, state.case),
    },
  ];
};

const silent = (it: Happening, state: DeclaredCase, event: CaseEventOf<'unsighted'>): Draft[] => {
  const { config, account: seen } = it;
  const { account, by } = state.opening;
  const since = state.times.released ?? event.at;
  // One that was seen and that nobody claims rings as undeclared.
  if (event.session === null && seen.seen.some(({ sighting }) => sighting.at >= since)) return [];
  const what =
    event.session === null
      ? `${account} was released to ${named(config, by)} at ${spoken(since)}, and no login has been seen.`
      : `${named(config, by)} claimed session ${event.session} for ${state.case}, and no such login has been seen.`;
  return [
    {
      audience: 'alarm',
      severity: 'alarm',
      to: [by, ...holders(config, 'oncall', 'security')],
      title:
        event.session === null
          ? `${account} was released, but nobody was seen`
          : `A session on ${account} was claimed, but not seen`,
      text: [
        what,
        'Either nobody has logged in yet, or the sentinel is deaf: ask the requester, and look at the sentinel and at Kratos’s hook.',
      ].join('\n'),
      command: commands.status(state.case),
      ringsSecurity: true,
    },
  ];
};

/** What people must be told of a case's event; nothing that asks nothing of anybody. */
export const draftsOfCase = (it: Happening, state: CaseState, event: CaseEvent): Draft[] => {
  switch (event.type) {
    case 'requested':
    case 'authorised':
    case 'released':
      return isDeclared(state) ? onTheWay(it, state, event) : [];
    case 'detected':
      return [detected(it, state, event)];
    case 'answered':
      return ownedUp(it, state, event);
    case 'ended':
      return [over(it, state, event), ...stopped(it, state, event)];
    case 'denied':
    case 'withdrawn':
    case 'expired':
      return [over(it, state, event)];
    case 'rotated':
      return [rotated(state, event)];
    case 'found':
      return [found(state, event)];
    case 'reminded':
      return chased(it, state, event);
    case 'escalated':
      return isAnswerOwed(state, event) ? unanswered(it, state, event) : chased(it, state, event);
    case 'unsighted':
      return isDeclared(state) ? silent(it, state, event) : [];
    case 'approved':
    case 'share-released':
    case 'session-claimed':
    case 'session-seen':
    case 'sessions-ended':
    case 'old-credential':
    case 'old-credential-works':
    case 'superseded':
    case 'attested':
    case 'finding-settled':
    case 'written-up':
    case 'closed':
      return [];
  }
};

const isAnswerOwed = (state: CaseState, event: CaseEventOf<'escalated'>): boolean =>
  state.obligations.some((each) => each.id === event.obligation && each.kind === 'answer');

const onTheWay = (
  it: Happening,
  state: DeclaredCase,
  event: CaseEventOf<'requested' | 'authorised' | 'released'>,
): Draft[] => {
  switch (event.type) {
    case 'requested':
      return [asked(it, state), ...notRaised(it, state)];
    case 'authorised':
      return told(it, state, event.at);
    case 'released':
      return [opened(it, state, event.at)];
  }
};
