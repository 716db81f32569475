/** Sealed parts and released shares, checked on a person's machine before they are opened. */
import { canonicalize } from '../../core/contracts/canonical.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { CaseView, StoredSeal } from '../../core/contracts/http.ts';
import { parts, type AccountId, type CaseId, type Part } from '../../core/contracts/ids.ts';
import { namespaces, type Envelope, type StatementOf } from '../../core/contracts/statements.ts';
import { sealedPartDigest } from '../../core/custody/commitment.ts';
import { parseSshPublicKey, SshKeyError, type SshPublicKey } from '../../core/trust/sshKeys.ts';
import { verifySshSignature } from '../../core/trust/sshsig.ts';
import type { Trust } from './configPin.ts';
import type { VerifiedRequest } from './verifyDossier.ts';
import { asSigned, refuse, verifyEnvelope } from './verifyEnvelope.ts';

/** A seal that the worker signed and whose digest was worked out here. */
export type VerifiedSeals = Readonly<Record<Part, StoredSeal>>;

/**
 * Verifies the seals shown for an account: signed by the worker, one for each part, of this account and pair.
 *
 * @param pair - the generations and digests the case is about
 * @throws MachineRefusal
 */
export const verifySeals = (
  seals: readonly StoredSeal[],
  account: AccountId,
  pair: CaseView['pair'],
  trust: Trust,
): VerifiedSeals => {
  for (const seal of seals) verifySeal(seal, account, trust);
  const of = (part: Part): StoredSeal => {
    const found = seals.filter(({ sealed }) => sealed.part === part);
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw refuse('wrong-seal', `${found.length} seals of the ${part} are shown; there must be one`);
    if (only.sealed.generation !== pair[part].generation)
      throw refuse(
        'wrong-generation',
        `generation ${only.sealed.generation} of the ${part} is shown; the case is about ${pair[part].generation}`,
      );
    if (only.digest !== pair[part].seal)
      throw refuse('wrong-seal', `the seal of the ${part} shown is not the one the case is about`);
    return only;
  };
  const [password, mfa] = parts.map(of);
  if (password === undefined || mfa === undefined) throw refuse('wrong-seal', 'a part has no seal');
  return { password, mfa };
};

/** Verifies one seal by itself. @throws MachineRefusal */
export const verifySeal = (
  { sealed, digest, signature }: StoredSeal,
  account: AccountId,
  trust: Trust,
): void => {
  const what = `the seal of the ${sealed.part}`;
  if (sealed.account !== account)
    throw refuse('wrong-seal', `${what} shown is of account ${sealed.account}, not of ${account}`);
  if (sealedPartDigest(sealed) !== digest)
    throw refuse('wrong-seal', `${what} shown has another digest than it says`);
  // A seal outlives the config it was made under; each config here was in force on this machine's own chain.
  const keys = [...trust.configs.values()].flatMap(({ config }) => workerKeys(config));
  const verdict = verifySshSignature({
    message: canonicalize(sealed),
    signature,
    namespace: namespaces.seal,
    keys,
  });
  if (!verdict.ok)
    throw refuse('wrong-seal', `${what} shown is not signed by the worker: ${verdict.message}`);
};

const workerKeys = ({ worker }: Config): SshPublicKey[] => {
  try {
    return [parseSshPublicKey(worker.sshKey)];
  } catch (error) {
    if (error instanceof SshKeyError) return [];
    throw error;
  }
};

/**
 * Verifies a release before its share is used. Judged as of its signing: what was released stays released.
 *
 * @throws MachineRefusal
 */
export const verifyRelease = (
  envelope: Envelope,
  id: CaseId,
  request: VerifiedRequest,
  seals: VerifiedSeals,
  trust: Trust,
  now: string,
): StatementOf<'release'> => {
  const { statement: it } = verifyEnvelope(envelope, 'release', trust, asSigned(envelope, now));
  const { sealed, digest } = seals[it.part];
  if (it.request !== request.digest || it.case !== id || it.account !== request.statement.account)
    throw refuse('wrong-request', `${it.by}’s release is for another request`);
  if (it.recipient !== request.statement.recipient)
    throw refuse('wrong-recipient', `${it.by}’s release went to another recipient than this machine’s key`);
  if (it.seal !== digest || it.generation !== sealed.generation)
    throw refuse('wrong-seal', `${it.by}’s release is of another ${it.part} than the case is about`);
  if (!sealed.shares.some(({ custodian }) => custodian === it.by))
    throw refuse('not-a-custodian', `${it.by} holds no share of this ${it.part}`);
  return it;
};
