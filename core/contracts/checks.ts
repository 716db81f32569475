/** What doctor looked at: one shape for a person's machine, the api and the ledger. */
import { z } from 'zod';

/** `unknown` is no fault: it could not be looked at from here. */
export const checkLevel = z.enum(['ok', 'unknown', 'warning', 'broken']);
export type CheckLevel = z.infer<typeof checkLevel>;

export const check = z.strictObject({
  /** Stays the same from run to run, such as `temporal` or `credential/acme-eu`: a monitor may go by it. */
  id: z.string().regex(/^[a-z0-9][A-Za-z0-9/_-]{0,119}$/),
  /** Who looked. */
  by: z.enum(['machine', 'api', 'ledger']),
  level: checkLevel,
  /** What was found. Holds no secret and no address. */
  says: z.string().max(1_000),
  /** What still works without it; null where nothing is wrong. */
  still: z.string().max(1_000).nullable(),
  /** What to do about it; null where nothing is to be done. */
  remedy: z.string().max(1_000).nullable(),
});
export type Check = z.infer<typeof check>;

/** The answer of `GET /v1/health`. */
export const checks = z.strictObject({ checks: z.array(check).max(500) });

type Of = Pick<Check, 'id' | 'by'>;

/** Nothing is wrong. */
export const well = (of: Of, says: string): Check => ({
  ...of,
  level: 'ok',
  says,
  still: null,
  remedy: null,
});

/** Something is wrong, or could not be looked at. */
export const amiss = (
  of: Of,
  level: Exclude<CheckLevel, 'ok'>,
  it: { readonly says: string; readonly still?: string; readonly remedy?: string },
): Check => ({ ...of, level, says: it.says, still: it.still ?? null, remedy: it.remedy ?? null });
