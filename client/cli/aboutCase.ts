import { caseView, dossier as dossierSchema } from '../../core/contracts/http.ts';
import { accountOf, type AccountId, type CaseId, type Digest } from '../../core/contracts/ids.ts';
import { casePath } from './caseName.ts';
import type { Context } from './context.ts';
import type { Machine } from './machine.ts';
import { verifyRequest, type VerifiedRequest } from './verifyDossier.ts';
import { asSigned } from './verifyEnvelope.ts';

/** What a statement about a case is bound to, and the request it rests on; no request in an undeclared case. */
export interface Subject {
  readonly about: { readonly case: CaseId; readonly account: AccountId; readonly request: Digest | null };
  readonly request: VerifiedRequest | null;
}

/**
 * What a statement about a case that perhaps nobody asked for is bound to. A server that hides a request gets a
 * statement bound to none, which the process refuses.
 *
 * @throws MachineRefusal when the request shown is not the signed one
 */
export const subjectOf = async (context: Context, machine: Machine, id: CaseId): Promise<Subject> => {
  const { kind } = await machine.api.get(casePath(id), caseView);
  if (kind === 'undeclared')
    return { about: { case: id, account: accountOf(id), request: null }, request: null };
  const dossier = await machine.api.get(casePath(id, '/dossier'), dossierSchema);
  const request = verifyRequest(dossier, id, machine.trust, asSigned(dossier.request, context.now()));
  return { about: { case: id, account: request.statement.account, request: request.digest }, request };
};
