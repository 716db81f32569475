/** The hashes that bind a seal together, and the bytes they cover. */
import { createHash } from 'node:crypto';
import { canonicalize } from '../contracts/canonical.ts';
import type { SealedPart, SealedShare, SealHeader } from '../contracts/seal.ts';

/** The canonical header: what the payload is encrypted with as associated data, and every commitment covers. */
export function headerText(header: SealHeader): string {
  return canonicalize({ ...headerOf(header) });
}

/** The header of a seal, without the rest of it. */
export function headerOf({
  v,
  account,
  part,
  generation,
  threshold,
  sealedAt,
  seal,
}: SealHeader): SealHeader {
  return { v, account, part, generation, threshold, sealedAt, seal };
}

/**
 * Commits to a share's bytes, and to whose share of what it is.
 *
 * The bytes have 256 bits of entropy, so the hash hides them from anyone who could not search that.
 */
export function shareCommitment(
  header: SealHeader,
  { custodian, index, recipient }: Pick<SealedShare, 'custodian' | 'index' | 'recipient'>,
  share: Uint8Array,
): string {
  const facts = canonicalize({ ...headerOf(header), custodian, index, recipient });
  return taggedHash('breakglass/seal/v1/share', facts, share);
}

/**
 * Commits to the payload's key.
 *
 * AES-GCM does not: one ciphertext can be made that opens, differently, under two keys (Dodis, Grubbs,
 * Ristenpart, Woodage, "Fast Message Franking", CRYPTO 2018; Albertini et al., "How to Abuse and Fix
 * Authenticated Encryption Without Key Commitment", USENIX Security 2022). Without this hash a dishonest
 * sealer could give two groups of custodians two different secrets.
 */
export function keyCommitment(header: SealHeader, key: Uint8Array): string {
  return taggedHash('breakglass/seal/v1/key', headerText(header), key);
}

/** SHA-256 of the whole sealed part's canonical JSON, in hex: what the ledger names and the worker signs. */
export function sealedPartDigest(sealed: SealedPart): string {
  return createHash('sha256').update(canonicalize(sealed)).digest('hex');
}

/** SHA-256 over tag, NUL, the facts' length in 4 bytes big-endian, the facts, the bytes. */
function taggedHash(tag: string, facts: string, bytes: Uint8Array): string {
  const text = Buffer.from(facts, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return createHash('sha256').update(`${tag}\0`).update(length).update(text).update(bytes).digest('hex');
}
