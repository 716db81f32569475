/** What can be wrong with a seal or a share. No message or field carries secret bytes. */

/**
 * - `not-for-you`: this custodian has no share here, or the identity is not the recipient's
 * - `cannot-decrypt`: the ciphertext is damaged or for another key
 * - `foreign-share`: a share of another account, part, seal, custodian or place
 * - `stale-generation`: a share of another generation of this part
 * - `other-request`: released for another request
 * - `corrupted-share`: unreadable inside, or not what was committed to
 */
export type ShareFault =
  | 'not-for-you'
  | 'cannot-decrypt'
  | 'foreign-share'
  | 'stale-generation'
  | 'other-request'
  | 'corrupted-share';

/** One share is not usable; `custodian` names whose. */
export class ShareError extends Error {
  override readonly name = 'ShareError';
  readonly reason: ShareFault;
  readonly custodian: string;
  constructor(reason: ShareFault, custodian: string, problem: string) {
    super(`share of ${custodian}: ${problem}`);
    this.reason = reason;
    this.custodian = custodian;
  }
}

/**
 * - `bad-arguments`: this cannot be sealed as asked
 * - `too-few-shares`, `duplicate-share`: these shares do not make a quorum
 * - `key-mismatch`: the shares are good but their key is not the one committed to
 * - `payload-tampered`: the key is good but the payload is not what was sealed
 */
export type SealFault =
  'bad-arguments' | 'too-few-shares' | 'duplicate-share' | 'key-mismatch' | 'payload-tampered';

/** A seal as a whole cannot be made or opened. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly reason: SealFault;
  constructor(reason: SealFault, message: string) {
    super(message);
    this.reason = reason;
  }
}
