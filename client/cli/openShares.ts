/** The requester's side of a release: shares verified, decrypted with the one-time key, combined. */
import type { Dossier } from '../../core/contracts/http.ts';
import type { CaseId, Part } from '../../core/contracts/ids.ts';
import { wipe } from '../../core/custody/bytes.ts';
import { SealError, ShareError } from '../../core/custody/errors.ts';
import { combineShares, openRewrapped } from '../../core/custody/open.ts';
import type { OpenedShare } from '../../core/custody/shareText.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { CliError, exits, MachineRefusal } from './exits.ts';
import type { Machine } from './machine.ts';
import type { VerifiedRequest } from './verifyDossier.ts';
import { verifyRelease, type VerifiedSeals } from './verifySeals.ts';

/** An account's credential in the clear: never printed but by `open`, never in an error. */
export type Credential = Readonly<Record<Part, string>>;

export interface Opening {
  readonly machine: Machine;
  readonly id: CaseId;
  readonly request: VerifiedRequest;
  readonly seals: VerifiedSeals;
  readonly oneTimeIdentity: string;
  readonly now: string;
  /** Says that a release is left out, and why. */
  readonly warn: (text: string) => void;
}

interface Good {
  readonly part: Part;
  readonly share: OpenedShare;
}

/**
 * Opens both parts from the releases shown. One that does not hold is recorded and left out: a bad custodian
 * or server must not stop an emergency that enough good shares can serve.
 *
 * @throws CliError if too few are there yet; MachineRefusal if too few hold
 */
export const openCredential = async (opening: Opening, { releases }: Dossier): Promise<Credential> => {
  const good: Good[] = [];
  let bad = 0;
  try {
    for (const envelope of releases) {
      try {
        const one = await openRelease(opening, envelope);
        if (!good.some(({ part, share }) => part === one.part && share.custodian === one.share.custodian))
          good.push(one);
      } catch (error) {
        if (!(error instanceof MachineRefusal)) throw error;
        bad += 1;
        opening.warn(`not counted: ${error.message}`);
        await opening.machine.record(error);
      }
    }
    const secretOf = (part: Part): Promise<string> =>
      combine(
        opening,
        part,
        good.filter((one) => one.part === part).map(({ share }) => share),
        bad,
      );
    return { password: await secretOf('password'), mfa: await secretOf('mfa') };
  } finally {
    wipe(...good.map(({ share }) => share.bytes));
  }
};

const openRelease = async (opening: Opening, envelope: Envelope): Promise<Good> => {
  const { id, request, seals, machine, oneTimeIdentity, now } = opening;
  const { by, part, ciphertext } = verifyRelease(envelope, id, request, seals, machine.trust, now);
  try {
    const share = await openRewrapped({
      ciphertext,
      identity: oneTimeIdentity,
      sealed: seals[part].sealed,
      request: request.digest,
    });
    if (share.custodian === by) return { part, share };
    wipe(share.bytes);
    throw new MachineRefusal('foreign-share', `${by} released the share of ${share.custodian}`);
  } catch (error) {
    if (error instanceof ShareError)
      throw new MachineRefusal('foreign-share', `${by}’s release: ${error.message}`);
    throw error;
  }
};

const combine = async (
  { seals, id }: Opening,
  part: Part,
  shares: readonly OpenedShare[],
  bad: number,
): Promise<string> => {
  const { sealed } = seals[part];
  if (shares.length < sealed.threshold) {
    const have = `${shares.length} of ${sealed.threshold} shares of the ${part} are good`;
    if (bad > 0) throw new MachineRefusal('too-few-shares', `${have}; ${bad} releases did not hold`);
    const owed = sealed.shares
      .map(({ custodian }) => custodian)
      .filter((each) => !shares.some(({ custodian }) => custodian === each));
    throw new CliError(exits.refused, 'incomplete', have, `${owed.join(', ')}: breakglass release ${id}`);
  }
  try {
    const secret = await combineShares({ sealed, shares });
    const text = new TextDecoder('utf-8', { fatal: true }).decode(secret);
    wipe(secret);
    return text;
  } catch (error) {
    if (error instanceof SealError || error instanceof ShareError)
      throw new MachineRefusal('wrong-seal', `the ${part}: ${error.message}`);
    throw error;
  }
};
