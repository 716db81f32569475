/**
 * What a person's machine checks for itself before it signs anything about a case: nothing here rests on the
 * api's word. Each lie is a `MachineRefusal` that says which.
 */
import type { Account, Config } from '../../core/contracts/config.ts';
import type { Refusal } from '../../core/contracts/failures.ts';
import type { CaseView, Dossier } from '../../core/contracts/http.ts';
import { accountOf, type AccountId, type CaseId, type PersonId } from '../../core/contracts/ids.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { eligible, needed, standing, type Approval } from '../../core/rules/quorum.ts';
import type { Trust } from './configPin.ts';
import { MachineRefusal } from './exits.ts';
import { asSigned, refuse, verifyEnvelope, type Verified } from './verifyEnvelope.ts';

/** The pinned config of a request holds the case's terms. */
export type VerifiedRequest = Verified<'request'>;

/**
 * Verifies the request a case is said to rest on.
 *
 * @param now - UTC; give the request's own time to look at one that has lapsed, see {@link asSigned}
 * @throws MachineRefusal if it is not signed, not fresh, or of another account than the case
 */
export const verifyRequest = (dossier: Dossier, id: CaseId, trust: Trust, now: string): VerifiedRequest => {
  if (dossier.case !== id) throw refuse('wrong-case', `asked about ${id}, the dossier is of ${dossier.case}`);
  const verified = verifyEnvelope(dossier.request, 'request', trust, now);
  if (verified.statement.account !== accountOf(id))
    throw refuse('wrong-case', `${id} is shown with a request for ${verified.statement.account}`);
  return verified;
};

/**
 * Whether the case as the api shows it is the one that was signed for.
 *
 * @throws MachineRefusal naming the first difference
 */
export const verifyView = (view: CaseView, id: CaseId, request: VerifiedRequest): void => {
  const { statement, digest } = request;
  const shown: readonly (readonly [string, unknown, unknown])[] = [
    ['case', view.case, id],
    ['request', view.request, digest],
    ['account', view.account, statement.account],
    ['requester', view.by, statement.by],
    ['kind', view.kind, statement.kind],
    ['scenario', view.scenario, statement.scenario],
    ['reason', view.reason, statement.reason],
    ['config', view.config, statement.config],
  ];
  const differs = shown.find(([, view, signed]) => view !== signed);
  if (differs !== undefined)
    throw refuse('wrong-request', `the ${differs[0]} shown is not the one in the signed request`);
};

/**
 * Who must agree: the stricter of the case's own config and the one in force.
 *
 * @param shown - how many the api says; it is believed only where it asks for more, as after overdue paperwork
 */
export const quorumOf = (
  request: VerifiedRequest,
  trust: Trust,
  shown = 0,
): { readonly need: number; readonly role: Account['quorum']['role']; readonly approvers: PersonId[] } => {
  const then = accountIn(request.pinned.config, request.statement.account);
  const today = accountIn(trust.current.config, request.statement.account);
  return {
    need: Math.max(needed(then.quorum.need, today), shown),
    role: then.quorum.role,
    approvers: eligible(request.pinned.config, then.quorum.role, request.statement.by),
  };
};

/** Why somebody's yes or no to a request will not count; null when it will. */
export const cannotDecide = (request: VerifiedRequest, trust: Trust, me: PersonId): Refusal | null => {
  const { role, approvers } = quorumOf(request, trust);
  if (request.statement.by === me)
    return { code: 'self-approval', why: `${me} asked; nobody decides their own` };
  if (approvers.includes(me)) return null;
  return { code: 'not-an-approver', why: `${me} is not of role ${role}: ${approvers.join(', ')} may decide` };
};

const accountIn = (config: Config, id: AccountId): Account => {
  const account = config.accounts[id];
  if (account === undefined) throw refuse('unknown-account', `a config this rests on has no account ${id}`);
  return account;
};

/** Who stands behind a case, and which approvals shown do not hold. */
export interface VerifiedQuorum {
  readonly approvers: readonly PersonId[];
  /** One sentence each; such an approval is not counted. */
  readonly faults: readonly string[];
}

/**
 * Verifies that enough people approved this very request, and that their approvals stand now. One that does
 * not hold is left out: it must not stop an emergency that enough others stand behind.
 *
 * @param shown - see {@link quorumOf}
 * @throws MachineRefusal `quorum-not-met`, with what is wrong with those left out
 */
export const verifyQuorum = (
  dossier: Dossier,
  id: CaseId,
  request: VerifiedRequest,
  trust: Trust,
  now: string,
  shown = 0,
): VerifiedQuorum => {
  const rule = quorumOf(request, trust, shown);
  const faults: string[] = [];
  const approvals = dossier.approvals.flatMap((envelope): Approval[] => {
    try {
      const approval = verifyApproval(envelope, id, request, trust, now);
      if (approval.expiresAt <= now)
        faults.push(`${approval.by}’s approval was good until ${approval.expiresAt}`);
      return [approval];
    } catch (error) {
      if (!(error instanceof MachineRefusal)) throw error;
      faults.push(error.message);
      return [];
    }
  });
  const approvers = standing(
    approvals,
    { ...rule, requester: request.statement.by },
    trust.current.config,
    now,
  );
  if (approvers.length >= rule.need) return { approvers, faults };
  const count = `${approvers.length} of the ${rule.need} approvals needed from role ${rule.role} stand`;
  throw refuse('quorum-not-met', [count, ...faults].join('; '));
};

const verifyApproval = (
  envelope: Envelope,
  id: CaseId,
  request: VerifiedRequest,
  trust: Trust,
  now: string,
): Approval => {
  const { role, approvers } = quorumOf(request, trust);
  const { statement: it } = verifyEnvelope(envelope, 'approval', trust, asSigned(envelope, now));
  if (it.request !== request.digest)
    throw refuse('wrong-request', `${it.by}’s approval is of another request`);
  if (it.case !== id || it.account !== request.statement.account)
    throw refuse('wrong-case', `${it.by}’s approval is of ${it.case}`);
  if (it.role !== role || !approvers.includes(it.by))
    throw refuse('not-an-approver', `${it.by} may not approve this case as ${it.role}`);
  return { by: it.by, expiresAt: it.expiresAt };
};
