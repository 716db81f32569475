/** What lies inside the age file of a share: canonical JSON that says which share of what it is. */
import * as z from 'zod';
import { canonicalize, parseCanonical } from '../contracts/canonical.ts';
import { sealedShareSchema, sealHeaderSchema, sha256HexSchema } from '../contracts/seal.ts';
import type { SealedPart, SealedShare, SealHeader } from '../contracts/seal.ts';
import { fromBase64, toBase64 } from './bytes.ts';
import { headerOf, shareCommitment } from './commitment.ts';
import { ShareError } from './errors.ts';

/** A share in the clear, proven to be the one that was sealed. `bytes` is secret: wipe it after use. */
export interface OpenedShare extends SealHeader {
  readonly custodian: string;
  readonly index: number;
  readonly bytes: Uint8Array;
}

const common = {
  ...sealHeaderSchema.shape,
  custodian: sealedShareSchema.shape.custodian,
  index: sealedShareSchema.shape.index,
  share: z.base64().max(64),
};

/** The two kinds cannot stand in for each other: one lies in the seal, one was released for one request. */
const sealedText = z.strictObject({ kind: z.literal('breakglass/sealed-share/v1'), ...common });
const releasedText = z.strictObject({
  kind: z.literal('breakglass/released-share/v1'),
  request: sha256HexSchema,
  ...common,
});
type ShareText = z.infer<typeof sealedText> | z.infer<typeof releasedText>;

export function writeSealedShare(share: OpenedShare): string {
  return canonicalize({ kind: 'breakglass/sealed-share/v1', ...members(share) });
}

/** @param request - digest of the request it is released for */
export function writeReleasedShare(share: OpenedShare, request: string): string {
  return canonicalize({ kind: 'breakglass/released-share/v1', request, ...members(share) });
}

/** Reads what a custodian's own age file held. @throws {@link ShareError} naming that custodian */
export function readSealedShare(plaintext: Uint8Array, sealed: SealedPart, entry: SealedShare): OpenedShare {
  return prove(read(plaintext, sealedText, entry.custodian), sealed, entry);
}

/**
 * Reads what a custodian released for a request.
 *
 * @throws {@link ShareError}; whose share it is, is the decrypted text's own word until it is proven
 */
export function readReleasedShare(plaintext: Uint8Array, sealed: SealedPart, request: string): OpenedShare {
  const text = read(plaintext, releasedText, 'an unknown custodian');
  if (text.request !== request) {
    throw new ShareError('other-request', text.custodian, 'was released for another request');
  }
  const entry = sealed.shares.find((share) => share.custodian === text.custodian);
  if (entry === undefined)
    throw new ShareError('foreign-share', text.custodian, 'the seal has no such custodian');
  return prove(text, sealed, entry);
}

/**
 * Checks that an opened share is the one the seal committed to.
 *
 * @throws {@link ShareError} `foreign-share`, `stale-generation` or `corrupted-share`
 */
export function assertShareOf(share: OpenedShare, sealed: SealedPart, entry: SealedShare): void {
  const differs = (['account', 'part'] as const).find((field) => share[field] !== sealed[field]);
  if (differs !== undefined) {
    throw new ShareError(
      'foreign-share',
      entry.custodian,
      `is of ${differs} ${share[differs]}, not ${sealed[differs]}`,
    );
  }
  if (share.generation !== sealed.generation) {
    const generations = `is of generation ${share.generation}, not ${sealed.generation}`;
    throw new ShareError('stale-generation', entry.custodian, generations);
  }
  const rest = (['seal', 'threshold', 'sealedAt', 'v'] as const).find(
    (field) => share[field] !== sealed[field],
  );
  if (rest !== undefined)
    throw new ShareError('foreign-share', entry.custodian, `names another ${rest} than the seal`);
  if (share.custodian !== entry.custodian || share.index !== entry.index) {
    throw new ShareError('foreign-share', entry.custodian, `is share ${share.index} of ${share.custodian}`);
  }
  if (shareCommitment(sealed, entry, share.bytes) !== entry.commitment) {
    throw new ShareError('corrupted-share', entry.custodian, 'does not match its commitment in the seal');
  }
}

function members({ custodian, index, bytes, ...rest }: OpenedShare) {
  return { ...headerOf(rest), custodian, index, share: toBase64(bytes) };
}

function read<T extends ShareText>(plaintext: Uint8Array, schema: z.ZodType<T>, custodian: string): T {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
    return schema.parse(parseCanonical(text));
  } catch {
    // The cause would quote the share.
    throw new ShareError('corrupted-share', custodian, 'its age file does not hold a share');
  }
}

function prove(text: ShareText, sealed: SealedPart, entry: SealedShare): OpenedShare {
  const bytes = fromBase64(text.share);
  if (bytes === undefined) throw new ShareError('corrupted-share', entry.custodian, 'is not base64');
  const { custodian, index } = text;
  const share: OpenedShare = { ...headerOf(text), custodian, index, bytes };
  assertShareOf(share, sealed, entry);
  return share;
}
