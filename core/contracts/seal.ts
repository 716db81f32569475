/** What crosses boundaries about sealed credentials: ciphertext and public facts only, never a secret. */
import * as z from 'zod';

/** The two halves of a credential, never held by one person or in one place. */
export const partSchema = z.enum(['password', 'mfa']);
export type Part = z.infer<typeof partSchema>;

/** One value of one part; numbered from 1 for each part apart. */
const generationSchema = z.int().positive();

/** A native age X25519 recipient: `age1` and 58 characters of Bech32. Its checksum is proven when used. */
export const ageRecipientSchema = z
  .string()
  .regex(/^age1[02-9ac-hj-np-z]{58}$/, 'not an age recipient: expected age1 and 58 characters');

/** SHA-256 in lower-case hex. */
export const sha256HexSchema = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');

const name = z.string().min(1).max(200);

/** The public facts every cryptographic value of a seal is bound to. */
export const sealHeaderSchema = z.strictObject({
  v: z.literal(1),
  account: name,
  part: partSchema,
  generation: generationSchema,
  /** How many shares open it. */
  threshold: z.int().min(2).max(255),
  /** When it was sealed, UTC. */
  sealedAt: z.iso.datetime(),
  /** Random id of this sealing, 128 bits in hex. */
  seal: z.string().regex(/^[0-9a-f]{32}$/, 'not a seal id: expected 32 hex digits'),
});
export type SealHeader = z.infer<typeof sealHeaderSchema>;

/** One custodian's share, readable by that custodian's age identity alone. */
export const sealedShareSchema = z.strictObject({
  custodian: name,
  /** Its place in the seal, from 1. */
  index: z.int().min(1).max(255),
  recipient: ageRecipientSchema,
  /** SHA-256 over header, custodian, index, recipient and the share. */
  commitment: sha256HexSchema,
  /** An age file in text armor. */
  ciphertext: z.string().max(8192).startsWith('-----BEGIN AGE ENCRYPTED FILE-----'),
});
export type SealedShare = z.infer<typeof sealedShareSchema>;

/** One generation of one part, sealed: safe to store and to show. */
export const sealedPartSchema = z
  .strictObject({
    ...sealHeaderSchema.shape,
    /** SHA-256 over header and the payload's key. */
    keyCommitment: sha256HexSchema,
    /** AES-256-GCM: 96-bit nonce, ciphertext with its tag at the end; base64. */
    payload: z.strictObject({ nonce: z.base64().max(32), ciphertext: z.base64().max(1024) }),
    shares: z.array(sealedShareSchema).min(2).max(255),
  })
  .refine((part) => part.threshold <= part.shares.length, {
    path: ['threshold'],
    error: 'threshold is above the number of shares',
  })
  .refine((part) => part.shares.every((share, place) => share.index === place + 1), {
    path: ['shares'],
    error: 'shares must be numbered 1, 2, 3, … in order',
  })
  .refine((part) => new Set(part.shares.map((share) => share.custodian)).size === part.shares.length, {
    path: ['shares'],
    error: 'one custodian holds two shares',
  })
  .refine((part) => new Set(part.shares.map((share) => share.recipient)).size === part.shares.length, {
    path: ['shares'],
    error: 'two shares go to one recipient',
  });
export type SealedPart = z.infer<typeof sealedPartSchema>;
