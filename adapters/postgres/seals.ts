import { z } from 'zod';
import type pg from 'pg';
import { canonicalize } from '../../core/contracts/canonical.ts';
import { storedSeal, type StoredSeal } from '../../core/contracts/http.ts';
import type { AccountId, Digest, Part } from '../../core/contracts/ids.ts';
import { sha256Hex } from '../../core/evidence/digest.ts';
import { DatabaseError } from './errors.ts';
import { ask } from './query.ts';

/** A generation of a part was sealed twice, with two contents. The number is used up: take the next one. */
export class SealConflict extends Error {
  override readonly name = 'SealConflict';
  constructor(account: string, part: Part, generation: number) {
    super(
      `another seal is stored as ${part} generation ${generation} of ${account}: seal under the next number`,
    );
  }
}

/** A seal whose digest is not that of its content. */
export class SealUnreadable extends Error {
  override readonly name = 'SealUnreadable';
  constructor(digest: string, why: string) {
    super(`seal ${digest}: ${why}`);
  }
}

/** Sealed credentials: ciphertext, kept for ever, never changed. */
export interface SealStore {
  /** Keeps a seal; the same one again does nothing. */
  put(seal: StoredSeal): Promise<void>;
  get(digest: Digest): Promise<StoredSeal | null>;
  /** Every generation of both parts, newest first. */
  byAccount(account: AccountId): Promise<StoredSeal[]>;
  /** The highest number ever sealed, proven or not; 0 when there is none. */
  highestGeneration(account: AccountId, part: Part): Promise<number>;
}

/**
 * @throws (its functions) {@link SealConflict}, {@link SealUnreadable}, DatabaseUnavailable, DatabaseError
 */
export function createSealStore(pool: pg.Pool): SealStore {
  const read = async (where: string, values: readonly unknown[]): Promise<StoredSeal[]> => {
    const select = `SELECT digest, sealed, signature FROM seals WHERE ${where} ORDER BY generation DESC, part`;
    return (await ask(pool, 'reading seals', select, values)).map(parseSeal);
  };
  return {
    put: (seal) => put(pool, seal),
    get: async (digest) => (await read('digest = $1', [digest]))[0] ?? null,
    byAccount: (account) => read('account = $1', [account]),
    highestGeneration: async (account, part) => {
      const select =
        'SELECT coalesce(max(generation), 0) AS highest FROM seals WHERE account = $1 AND part = $2';
      const [found] = await ask(pool, 'reading seals', select, [account, part]);
      return z.object({ highest: z.int() }).parse(found).highest;
    },
  };
}

async function put(pool: pg.Pool, { sealed, digest, signature }: StoredSeal): Promise<void> {
  const text = canonicalize(sealed);
  if (sha256Hex(text) !== digest)
    throw new SealUnreadable(digest, 'the digest is not that of what was sealed');
  const { account, part, generation } = sealed;
  const insert = `INSERT INTO seals (digest, account, part, generation, sealed, signature)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT seals_digest DO NOTHING`;
  try {
    await ask(pool, 'keeping a seal', insert, [digest, account, part, generation, text, signature]);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.constraint !== 'seals_generation') throw error;
    // The same one, put at the same moment, may be found by its number before it is found by its digest.
    const same = await ask(pool, 'reading seals', 'SELECT digest FROM seals WHERE digest = $1', [digest]);
    if (same.length === 0) throw new SealConflict(account, part, generation);
  }
}

const stored = z.object({ digest: z.string(), sealed: z.string(), signature: z.string() });

/** What lies in the database is not believed: a digest that is right was calculated from what is returned. */
function parseSeal(found: unknown): StoredSeal {
  const { digest, sealed, signature } = stored.parse(found);
  const parsed = storedSeal.safeParse({ digest, signature, sealed: jsonOf(sealed) });
  if (!parsed.success) throw new SealUnreadable(digest, 'what is stored is no sealed part');
  if (sha256Hex(canonicalize(parsed.data.sealed)) !== digest) {
    throw new SealUnreadable(digest, 'what is stored is not what the digest names');
  }
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
