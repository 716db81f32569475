import type { Account, Config } from '../../contracts/config.ts';
import type { CaseEvent, CaseEventOf } from '../../contracts/events.ts';
import type { Digest, PersonId } from '../../contracts/ids.ts';
import { parts } from '../../contracts/ids.ts';
import type { CaseStatement, StatementOf } from '../../contracts/statements.ts';
import { accept, refuse, type Decision } from '../decision.ts';
import { isOwed } from '../obligations.ts';
import { needed, standing } from '../quorum.ts';
import { waitsUntil } from './due.ts';
import { holders } from '../holders.ts';
import {
  finalPhases,
  isDeclared,
  requestDigestOf,
  type CaseState,
  type DeclaredCase,
  type Phase,
} from './state.ts';

/** What a decision is judged by, besides the case: the time, and the config in force now. */
export interface Circumstances {
  readonly now: string;
  readonly current: Config;
  /** Digest of the statement's own text. */
  readonly digest: Digest;
}

const inPhase = (state: CaseState, ...phases: Phase[]): Decision<never> | null =>
  phases.includes(state.phase)
    ? null
    : refuse('wrong-phase', `${state.case} is ${state.phase}; this needs it to be ${phases.join(' or ')}`);

const approver = (state: DeclaredCase, by: PersonId, { current }: Circumstances): Decision<never> | null => {
  const { terms } = state.opening;
  if (by === state.opening.by)
    return refuse('self-approval', `${by} asked for ${state.case}; nobody decides their own request`);
  if (!terms.approvers.includes(by))
    return refuse(
      'not-an-approver',
      `${by} does not hold the role ${terms.role} in the config this case is pinned to`,
    );
  if (!(current.people[by]?.roles.includes(terms.role) ?? false))
    return refuse('not-an-approver', `${by} no longer holds the role ${terms.role}`);
  return null;
};

/** The account as the config in force has it; null when it has none. */
const accountIn = ({ current }: Circumstances, { opening }: CaseState): Account | null =>
  (Object.hasOwn(current.accounts, opening.account) ? current.accounts[opening.account] : undefined) ?? null;

/** A step toward opening must be in time, also when the timer is late, and right by the config in force too. */
const mayGoOn = (state: DeclaredCase, about: Circumstances): Decision<never> | null => {
  const { account, by } = state.opening;
  const until = waitsUntil(state);
  if (until !== null && until <= about.now)
    return refuse('expired', `${state.case} could stay ${state.phase} until ${until} only; ask again`);
  const inForce = accountIn(about, state);
  if (inForce === null) return refuse('unknown-account', `the config in force has no account ${account}`);
  if (!inForce.principals.includes(by))
    return refuse('not-a-principal', `${by} may no longer use ${account}`);
  return null;
};

/** Who agrees at this instant, and whether they are enough. */
const quorum = (state: DeclaredCase, approvals: CaseState['approvals'], about: Circumstances) => {
  const { terms, by } = state.opening;
  const rule = { role: terms.role, approvers: terms.approvers, requester: by };
  const who = standing(approvals, rule, about.current, about.now);
  const need = needed(terms.need, accountIn(about, state));
  return { who, need, isMet: who.length >= need };
};

const approve = (
  state: DeclaredCase,
  it: StatementOf<'approval'>,
  about: Circumstances,
): Decision<CaseEvent> => {
  const { terms } = state.opening;
  const no = inPhase(state, 'requested') ?? approver(state, it.by, about) ?? mayGoOn(state, about);
  if (no !== null) return no;
  if (it.role !== terms.role)
    return refuse('not-an-approver', `this case needs ${terms.role}; the approval was given as ${it.role}`);
  if (quorum(state, state.approvals, about).who.includes(it.by))
    return refuse('already-counted', `${it.by} has approved ${state.case} already; one person counts once`);
  const approved: CaseEventOf<'approved'> = {
    type: 'approved',
    at: about.now,
    by: it.by,
    role: it.role,
    expiresAt: it.expiresAt,
  };
  const { isMet } = quorum(state, [...state.approvals, approved], about);
  return isMet ? accept(approved, { type: 'authorised', at: about.now }) : accept(approved);
};

const releaseShare = (
  state: DeclaredCase,
  it: StatementOf<'release'>,
  about: Circumstances,
): Decision<CaseEvent> => {
  const { now } = about;
  const no = inPhase(state, 'authorised') ?? mayGoOn(state, about);
  if (no !== null) return no;
  // The custodian's own machine asks the same: approvals may have lapsed, roles been lost, since the quorum.
  const { who, need, isMet } = quorum(state, state.approvals, about);
  if (!isMet)
    return refuse('quorum-not-met', `${who.length} of the ${need} approvals needed still stand; ask again`);
  const sealed = state.opening.pair[it.part];
  if (!sealed.custodians.includes(it.by))
    return refuse('not-a-custodian', `${it.by} holds no share of ${state.opening.account}'s ${it.part}`);
  if (it.recipient !== state.opening.recipient)
    return refuse(
      'wrong-recipient',
      'the share was encrypted to another recipient than the one the requester signed',
    );
  if (it.generation !== sealed.generation)
    return refuse(
      'wrong-generation',
      `generation ${it.generation} is not the current one (${sealed.generation})`,
    );
  if (it.seal !== sealed.seal)
    return refuse('wrong-seal', 'the share comes from another seal than the current one');
  if (state.releases.some((each) => each.part === it.part && each.by === it.by))
    return refuse('already-counted', `${it.by} has released this share already`);
  const event: CaseEvent = { type: 'share-released', at: now, by: it.by, part: it.part };
  const counted = (part: (typeof parts)[number]): number =>
    state.releases.filter((each) => each.part === part).length + (part === it.part ? 1 : 0);
  const complete = parts.every((part) => counted(part) >= state.opening.pair[part].threshold);
  return complete ? accept(event, { type: 'released', at: now }) : accept(event);
};

const endCase = (state: CaseState, it: StatementOf<'end'>, { now }: Circumstances): Decision<CaseEvent> => {
  const no = inPhase(state, 'released', 'in-session');
  if (no !== null) return no;
  const isResponsible = it.by === state.responsible;
  const isApprover = isDeclared(state) && state.opening.terms.approvers.includes(it.by);
  if (!isResponsible && !isApprover)
    return refuse(
      'not-an-approver',
      `only ${state.responsible ?? 'nobody'}${isDeclared(state) ? ' or an approver' : ''} may end ${state.case}; breakglass stop is for admins, on-call and security`,
    );
  const how = isResponsible ? 'requester' : 'approver';
  return accept({ type: 'ended', at: now, by: it.by, how, reason: it.reason });
};

/** Those who watch over the account, by the config in force: what one of them sees must not wait for the others. */
const mayStop = (state: CaseState, by: PersonId, about: Circumstances): boolean => {
  const approve = accountIn(about, state)?.quorum.role;
  const roles = ['admin', 'oncall', 'security', ...(approve === undefined ? [] : [approve])] as const;
  return holders(about.current, ...roles).includes(by);
};

const stopCase = (state: CaseState, it: StatementOf<'stop'>, about: Circumstances): Decision<CaseEvent> => {
  const no = inPhase(state, 'unanswered', 'released', 'in-session');
  if (no !== null) return no;
  const { by, reason } = it;
  if (!mayStop(state, by, about))
    return refuse(
      'not-an-approver',
      `${by} may not stop ${state.case}: that is for its approvers, admins, on-call and security`,
    );
  const at = about.now;
  const ended: CaseEvent = { type: 'ended', at, by, how: 'stopped', reason };
  if (state.phase !== 'unanswered') return accept(ended);
  return accept({ type: 'answered', at, by, how: 'stop', claimedFor: null }, ended);
};

const oldCredential = (
  state: DeclaredCase,
  it: StatementOf<'refusals'>,
  { now }: Circumstances,
): Decision<CaseEvent> => {
  const no = inPhase(state, 'settling') ?? responsibleOnly(state, it.by);
  if (no !== null) return no;
  if (!state.obligations.some((each) => each.kind === 'refusals' && isOwed(each)))
    return refuse('already-counted', 'what became of the old credential is recorded already');
  const generation = state.opening.pair.password.generation;
  if (it.password.generation !== generation)
    return refuse(
      'wrong-generation',
      `the old password is generation ${generation}, not ${it.password.generation}`,
    );
  if (!it.password.refused || it.session?.refused === false)
    return accept({
      type: 'old-credential-works',
      at: now,
      by: it.by,
      why: it.password.refused ? 'its session still answers' : 'its password still logs in',
    });
  const why = `password refused (${it.password.status})${it.session === null ? '' : `, session refused (${it.session.status})`}`;
  return accept({ type: 'old-credential', at: now, by: it.by, proof: 'refused', why });
};

const responsibleOnly = (state: CaseState, by: PersonId): Decision<never> | null =>
  by === state.responsible
    ? null
    : refuse(
        'not-the-requester',
        `only ${state.responsible ?? 'who owns up to the use or stops it'}${isDeclared(state) ? ', who asked,' : ''} may do this`,
      );

const attest = (
  state: CaseState,
  it: StatementOf<'attestation'>,
  { now }: Circumstances,
): Decision<CaseEvent> => {
  const no = inPhase(state, 'settling');
  if (no !== null) return no;
  const sealed = state.newPair?.[it.part];
  if (sealed === undefined || it.rotation !== state.rotation)
    return refuse(
      'wrong-case',
      `${state.case} is settled by ${state.rotation ?? 'no rotation yet'}, not ${it.rotation}`,
    );
  if (it.generation !== sealed.generation || it.seal !== sealed.seal)
    return refuse('wrong-seal', `the new ${it.part} is generation ${sealed.generation} with another seal`);
  const owed = state.obligations.find((each) => each.id === `attestation/${it.part}/${it.by}`);
  if (owed === undefined) return refuse('not-a-custodian', `${it.by} holds no share of the new ${it.part}`);
  if (owed.ended !== null && owed.ended.evidence !== 'attested')
    return refuse(
      'wrong-generation',
      `nothing is left to attest here (${owed.ended.evidence}): breakglass attest ${it.account}`,
    );
  if (!isOwed(owed)) return refuse('already-counted', `${it.by} has attested the new ${it.part} already`);
  return accept({ type: 'attested', at: now, by: it.by, part: it.part });
};

/** Headings a write-up must fill: both runbooks' own questions. */
export const writeUpHeadings = {
  'session-log': [
    'Trigger',
    'Authorised by',
    'What was done',
    'What was changed',
    'Login and logout',
    'Back to normal',
  ],
  'post-mortem': ['Classification', 'Timeline', 'What went well', 'What went badly', 'What changes'],
} as const;

const missingHeadings = (document: keyof typeof writeUpHeadings, text: string): string[] => {
  const sections = text.split(/^## +/m).slice(1);
  return writeUpHeadings[document].filter(
    (heading) =>
      !sections.some((section) => {
        const [title = '', ...body] = section.split('\n');
        const filled = body.join('\n').trim();
        return title.trim() === heading && filled !== '' && !filled.includes('TODO');
      }),
  );
};

const writeUp = (
  state: CaseState,
  it: StatementOf<'write-up'>,
  about: Circumstances,
): Decision<CaseEvent> => {
  const no = inPhase(state, 'ended', 'settling') ?? responsibleOnly(state, it.by);
  if (no !== null) return no;
  const missing = missingHeadings(it.document, it.text);
  if (missing.length > 0)
    return refuse('incomplete', `the ${it.document} lacks, or leaves unfilled: ${missing.join(', ')}`);
  const owed = state.obligations.filter((each) => each.kind === it.document);
  if (owed.length === 0)
    return refuse('wrong-phase', `nobody owes a ${it.document} of ${state.case}: it was stopped unexplained`);
  if (!owed.some(isOwed)) return refuse('already-counted', `the ${it.document} was delivered already`);
  return accept({ type: 'written-up', at: about.now, by: it.by, document: it.document, text: about.digest });
};

const settleFinding = (
  state: CaseState,
  it: StatementOf<'finding'>,
  about: Circumstances,
): Decision<CaseEvent> => {
  const no = inPhase(state, 'settling');
  if (no !== null) return no;
  const owners = accountIn(about, state)?.owners ?? [];
  if (!owners.includes(it.by))
    return refuse('not-an-owner', `${it.by} does not own ${it.account}; its owners: ${owners.join(', ')}`);
  // Whoever held the session must not be the one who explains what it left behind.
  if (it.by === state.responsible)
    return refuse('self-approval', `${it.by} answers for ${state.case}; another owner must look at it`);
  const owed = state.obligations.filter((each) => each.id.startsWith(`finding/${it.finding}/`));
  if (owed.length === 0) return refuse('wrong-case', `${state.case} has no finding ${it.finding}`);
  if (!owed.some(isOwed)) return refuse('already-counted', `${it.finding} is settled already`);
  const { finding, how, reason } = it;
  return accept({ type: 'finding-settled', at: about.now, by: it.by, finding, how, reason });
};

/**
 * Judges a person's decision about a case. The signature has been verified;
 * this says whether it counts, and what follows.
 */
export const decideCase = (
  state: CaseState,
  it: CaseStatement,
  about: Circumstances,
): Decision<CaseEvent> => {
  if (it.case !== state.case || it.account !== state.opening.account)
    return refuse('wrong-case', `the statement is about ${it.case ?? 'no case'}, not ${state.case}`);
  if ('request' in it && it.request !== requestDigestOf(state))
    return refuse('wrong-request', 'the statement was signed for another request than the one admitted');
  if (finalPhases.includes(state.phase)) return refuse('wrong-phase', `${state.case} is ${state.phase}`);
  switch (it.type) {
    case 'end':
      return endCase(state, it, about);
    case 'stop':
      return stopCase(state, it, about);
    case 'attestation':
      return attest(state, it, about);
    case 'write-up':
      return writeUp(state, it, about);
    case 'finding':
      return settleFinding(state, it, about);
    default:
      return isDeclared(state)
        ? decideDeclared(state, it, about)
        : refuse('wrong-phase', `nobody asked for ${state.case}: it takes no ${it.type}`);
  }
};

/** What only a case that was asked for knows. */
const decideDeclared = (
  state: DeclaredCase,
  it: StatementOf<'approval' | 'denial' | 'withdrawal' | 'release' | 'refusals'>,
  about: Circumstances,
): Decision<CaseEvent> => {
  switch (it.type) {
    case 'approval':
      return approve(state, it, about);
    case 'denial': {
      const no = inPhase(state, 'requested', 'authorised') ?? approver(state, it.by, about);
      return no ?? accept({ type: 'denied', at: about.now, by: it.by, reason: it.reason });
    }
    case 'withdrawal': {
      const no = inPhase(state, 'requested', 'authorised') ?? responsibleOnly(state, it.by);
      return no ?? accept({ type: 'withdrawn', at: about.now, by: it.by, reason: it.reason });
    }
    case 'release':
      return releaseShare(state, it, about);
    case 'refusals':
      return oldCredential(state, it, about);
  }
};
