import { z } from 'zod';
import { digest, instant } from './ids.ts';

/**
 * The ledger as the worker saw it at one instant, in the manner of C2SP's tlog-checkpoint: an origin, a size and
 * the root of an RFC 6962 tree over the rows' hashes. What is signed is its canonical JSON.
 *
 * @see https://c2sp.org/tlog-checkpoint
 */
export const checkpoint = z.strictObject({
  v: z.literal(1),
  /** Whose ledger: the config's origin. */
  origin: z.string().min(1),
  /** How many rows, which is the last one's number. */
  size: z.int().min(0),
  /** The last row's hash; of an empty ledger the genesis hash. */
  head: digest,
  /** The tree's root over the hashes of rows 1 to `size`. */
  root: digest,
  at: instant,
  /** The config that names the worker's key. */
  config: digest,
});
export type Checkpoint = z.infer<typeof checkpoint>;

/** What a witness keeps: one line of JSON. */
export const signedCheckpoint = z.strictObject({
  /** The canonical JSON of a checkpoint. */
  checkpoint: z.string().min(1).max(2_000),
  /** By the worker's SSH key, in the namespace `checkpoint@breakglass`. */
  signature: z.string().min(1).max(8_192),
});
export type SignedCheckpoint = z.infer<typeof signedCheckpoint>;
