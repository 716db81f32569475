import type { Account, Config } from '../../contracts/config.ts';
import type { AccountEvent, CaseEventOf } from '../../contracts/events.ts';
import { caseIdOf, rotationIdOf, type Digest, type RotationId } from '../../contracts/ids.ts';
import type { AccountStatement, StatementOf } from '../../contracts/statements.ts';
import type { Phase } from '../case/state.ts';
import { accept, refuse, type Decision } from '../decision.ts';
import { eligible } from '../quorum.ts';
import { checkReason } from '../scenarios.ts';
import { blockedBy, isOverridden, quorumFor } from './blocking.ts';
import { nextOn, type AccountState, type UndeclaredUse } from './state.ts';

/** What a decision about an account is judged by, besides its state. */
export interface Circumstances {
  readonly now: string;
  readonly current: Config;
  readonly currentDigest: Digest;
  /** Digest of the statement's own text. */
  readonly digest: Digest;
  /** The phase of the account's open case, if there is one. */
  readonly openPhase: Phase | null;
}

/** The id the next rotation of the account gets at `now`. */
export const nextRotation = (state: AccountState, now: string): RotationId => {
  const { date, count } = nextOn(state.rotationsOn, now);
  return rotationIdOf(state.account, date, count);
};

const checkRequest = (
  state: AccountState,
  account: Account,
  it: StatementOf<'request'>,
  about: Circumstances,
): Decision<AccountEvent> => {
  const { current, now } = about;
  if (it.config !== about.currentDigest)
    return refuse(
      'unknown-config',
      'the request was signed under an older config; pin the current one and ask again',
    );
  if (!account.principals.includes(it.by))
    return refuse(
      'not-a-principal',
      `${it.by} may not use ${it.account}; its principals: ${account.principals.join(', ')}`,
    );
  const reason = checkReason(current, it.account, { ...it, texts: [it.reason, it.symptom] });
  if (reason !== null) return { ok: false, refusal: reason };
  const longest = current.scenarios[it.scenario]?.longestSessionMinutes ?? 0;
  if (it.expectedMinutes > longest)
    return refuse(
      'lives-too-long',
      `${it.scenario} allows ${longest} minutes; ${it.expectedMinutes} were asked for`,
    );
  const { need, role } = account.quorum;
  const others = eligible(current, role, it.by).length;
  if (others < need)
    return refuse('quorum-impossible', `needs ${need} of role ${role} besides ${it.by}; there are ${others}`);
  if (state.pair === null)
    return refuse('not-provisioned', `${it.account} was never provisioned: breakglass provision`);
  if (state.openCase !== null)
    return refuse('account-busy', `${state.openCase.case} is open for ${it.account}`);
  const blocked = blockedBy(state);
  if (blocked !== null && !isOverridden(state, now))
    return refuse(
      'account-blocked',
      `${it.account} is blocked: ${blocked}; two owners may let one request pass: breakglass override`,
    );
  const { date, count } = nextOn(state.casesOn, now);
  const opened = caseIdOf(it.account, date, count);
  return accept({ type: 'case-opened', at: now, by: it.by, case: opened, request: about.digest });
};

const ownersOnly = (
  { owners }: Account,
  it: Pick<AccountStatement, 'by' | 'account'>,
): Decision<never> | null =>
  owners.includes(it.by)
    ? null
    : refuse('not-an-owner', `${it.by} does not own ${it.account}; its owners: ${owners.join(', ')}`);

const provision = (
  state: AccountState,
  account: Account,
  it: StatementOf<'provision'>,
  { now }: Circumstances,
): Decision<AccountEvent> => {
  const no = ownersOnly(account, it);
  if (no !== null) return no;
  if (account.kind !== 'kratos')
    return refuse('unknown-account', `${account.kind} accounts cannot be provisioned yet`);
  if (state.pair !== null)
    return refuse('already-counted', `${it.account} is provisioned: breakglass rotate`);
  if (state.rotation !== null) return refuse('account-busy', `${state.rotation.id} is running`);
  const standing = state.provisionSignatures.filter((each) => each.expiresAt > now);
  if (standing.some((each) => each.by === it.by))
    return refuse('already-counted', `${it.by} has signed already; a second owner must sign`);
  const signed: AccountEvent = { type: 'provision-signed', at: now, by: it.by, expiresAt: it.expiresAt };
  if (!standing.some((each) => account.owners.includes(each.by))) return accept(signed);
  const rotation = nextRotation(state, now);
  return accept(signed, {
    type: 'rotation-started',
    at: now,
    rotation,
    cause: 'provision',
    case: null,
    by: it.by,
  });
};

const rotate = (
  state: AccountState,
  account: Account,
  it: StatementOf<'rotate'>,
  { now }: Circumstances,
): Decision<AccountEvent> => {
  const no = ownersOnly(account, it);
  if (no !== null) return no;
  if (state.pair === null)
    return refuse('not-provisioned', `${it.account} was never provisioned: breakglass provision`);
  if (state.openCase !== null) return refuse('account-busy', `${state.openCase.case} is open; end it first`);
  if (state.rotation !== null) return refuse('account-busy', `${state.rotation.id} is running`);
  const [owed, ...also] = state.rotationsOwed;
  return accept({
    type: 'rotation-started',
    at: now,
    rotation: nextRotation(state, now),
    cause: 'asked',
    // Cases whose own rotation failed are settled by this one.
    case: owed ?? null,
    ...(also.length === 0 ? {} : { also }),
    by: it.by,
  });
};

const override = (
  state: AccountState,
  account: Account,
  it: StatementOf<'override'>,
  { now }: Circumstances,
): Decision<AccountEvent> => {
  const no = ownersOnly(account, it);
  if (no !== null) return no;
  const blocked = blockedBy(state);
  if (state.pair === null || blocked === null)
    return refuse('wrong-phase', `nothing blocks ${it.account} that an override could pass`);
  if (isOverridden(state, now))
    return refuse('already-counted', `${it.account} is overridden until ${state.overriddenUntil ?? now}`);
  const standing = state.overrideSignatures.filter(
    (each) => each.expiresAt > now && account.owners.includes(each.by),
  );
  if (standing.some((each) => each.by === it.by))
    return refuse('already-counted', `${it.by} has signed already; a second owner must sign`);
  const { by, reason, expiresAt } = it;
  const signed: AccountEvent = { type: 'override-signed', at: now, by, reason, expiresAt };
  const [first] = standing;
  if (first === undefined) return accept(signed);
  const until = first.expiresAt < expiresAt ? first.expiresAt : expiresAt;
  return accept(signed, { type: 'overridden', at: now, until, blocked });
};

/** "Mine", said to a use that nobody declared. It is no authorisation: the use goes on being the case it is. */
const ownUp = (
  use: UndeclaredUse,
  state: AccountState,
  account: Account,
  it: StatementOf<'claim'>,
  { now }: Circumstances,
): Decision<AccountEvent> => {
  if (it.request !== null)
    return refuse('wrong-request', `nobody asked for ${use.case}: a claim for it names no request`);
  if (!account.principals.includes(it.by))
    return refuse(
      'not-a-principal',
      `${it.by} may not use ${it.account}; its principals: ${account.principals.join(', ')}`,
    );
  const isOfUse = state.seen.some(
    (each) => use.unclaimed.includes(each.sighting.id) && each.sighting.session === it.session,
  );
  if (!isOfUse)
    return refuse('wrong-case', `session ${it.session} is not one that ${use.case} waits to hear of`);
  return accept({ type: 'session-claimed', at: now, by: it.by, case: use.case, session: it.session });
};

const claim = (
  state: AccountState,
  account: Account,
  it: StatementOf<'claim'>,
  about: Circumstances,
): Decision<AccountEvent> => {
  const use = state.undeclared.find((each) => each.case === it.case);
  if (use !== undefined) return ownUp(use, state, account, it, about);
  const open = state.openCase;
  if (open?.case !== it.case || open.request !== it.request)
    return refuse('wrong-case', `${it.case} is not the open case of ${it.account}`);
  if (open.by !== it.by)
    return refuse('not-the-requester', `only ${open.by}, who asked, may claim a session for it`);
  if (about.openPhase !== 'released' && about.openPhase !== 'in-session')
    return refuse(
      'wrong-phase',
      `${it.case} is ${about.openPhase ?? 'unknown'}; nothing has been released yet`,
    );
  if (state.claims[it.session] !== undefined)
    return refuse('already-counted', `session ${it.session} is claimed by ${state.claims[it.session]}`);
  return accept({ type: 'session-claimed', at: about.now, by: it.by, case: it.case, session: it.session });
};

const attest = (
  state: AccountState,
  it: StatementOf<'attestation'>,
  { now }: Circumstances,
): Decision<AccountEvent> => {
  if (it.case !== null)
    return refuse('wrong-case', `an attestation for ${it.case} is brought before that case`);
  const sealed = state.pair?.[it.part];
  if (sealed === undefined || state.lastRotation?.id !== it.rotation)
    return refuse('wrong-generation', `${it.rotation} is not the last rotation of ${it.account}`);
  if (sealed.generation !== it.generation || sealed.seal !== it.seal)
    return refuse(
      'wrong-seal',
      `the current ${it.part} is generation ${sealed.generation} with another seal`,
    );
  if (!sealed.custodians.includes(it.by))
    return refuse('not-a-custodian', `${it.by} holds no share of ${it.account}'s ${it.part}`);
  if (state.attested.includes(`${it.part}/${it.by}`))
    return refuse('already-counted', `${it.by} has attested this ${it.part} already`);
  return accept({ type: 'attested', at: now, by: it.by, part: it.part, generation: it.generation });
};

/**
 * Judges a person's decision about an account. The signature has been
 * verified; this says whether it counts, and what follows.
 */
export const decideAccount = (
  state: AccountState,
  it: AccountStatement,
  about: Circumstances,
): Decision<AccountEvent> => {
  const account = Object.hasOwn(about.current.accounts, it.account)
    ? about.current.accounts[it.account]
    : undefined;
  if (account === undefined)
    return refuse('unknown-account', `the config in force has no account ${it.account}`);
  if (it.account !== state.account)
    return refuse('unknown-account', `the statement is about ${it.account}, not ${state.account}`);
  switch (it.type) {
    case 'request':
      return checkRequest(state, account, it, about);
    case 'provision':
      return provision(state, account, it, about);
    case 'rotate':
      return rotate(state, account, it, about);
    case 'override':
      return override(state, account, it, about);
    case 'claim':
      return claim(state, account, it, about);
    case 'attestation':
      return attest(state, it, about);
  }
};

/** The first event of the case that an admitted request opens. */
export const openCase = (
  state: AccountState,
  opened: Extract<AccountEvent, { type: 'case-opened' }>,
  it: StatementOf<'request'>,
  current: Config,
): CaseEventOf<'requested'> => {
  const account = current.accounts[it.account];
  const scenario = current.scenarios[it.scenario];
  if (account === undefined || scenario === undefined || state.pair === null)
    throw new Error(`${opened.case} was opened without account, scenario or sealed pair`);
  const { request, release, session, attestation, sessionLog, postMortem, refusals, sighting } =
    current.deadlines;
  const { kind, by, reason, symptom, incidentChannel, expectedMinutes, recipient, conditions } = it;
  return {
    ...{ type: 'requested', at: opened.at, case: opened.case, account: it.account, request: opened.request },
    ...{
      kind,
      by,
      reason,
      symptom,
      incidentChannel,
      expectedMinutes,
      recipient,
      conditions: [...conditions],
    },
    scenario: it.scenario,
    config: it.config,
    terms: {
      ...quorumFor(state, current, it.account, it.by),
      role: account.quorum.role,
      approvers: eligible(current, account.quorum.role, it.by),
      longestSessionMinutes: scenario.longestSessionMinutes,
      seconds: { request, release, session, attestation, sessionLog, postMortem, refusals, sighting },
    },
    pair: state.pair,
  };
};
