import { z } from 'zod';
import type { Part } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';

const place = z.object({ generation: z.int(), seal: z.string() });
export type Named = z.infer<typeof place>;

/** Whatever the shape in which a row names them: every generation below it. */
const within = (value: unknown): Named[] => {
  const here = place.safeParse(value);
  if (here.success) return [here.data];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(within) : [];
};

/** The sealed generations that the newest row of a rotation names, one of each of which opens the account. */
export const namedIn = (rows: readonly Row[]): Record<Part, Named[]> => {
  const newest = rows.findLast((row) => row.metadata['candidates'] !== undefined);
  const candidates = z
    .object({ password: z.unknown(), mfa: z.unknown() })
    .safeParse(newest?.metadata['candidates']);
  return candidates.success
    ? { password: within(candidates.data.password), mfa: within(candidates.data.mfa) }
    : { password: [], mfa: [] };
};
