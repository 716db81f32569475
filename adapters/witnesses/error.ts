import { z } from 'zod';

/** A witness did not take a checkpoint. It holds no request and no cause: those carry credentials. */
export class WitnessError extends Error {
  override readonly name = 'WitnessError';
}

/** Milliseconds a witness has for one attempt. */
export const WITNESS_LIMIT_MS = 10_000;

/** What an error of an AWS client may tell: never its request. */
const answered = z.object({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9]{1,60}$/),
  $metadata: z.object({ httpStatusCode: z.int() }),
});
const coded = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{1,39}$/) });

/** The outside's own word for what failed. */
export const reasonOf = (error: unknown): string => {
  const known = answered.safeParse(error);
  if (known.success) return `answered ${known.data.$metadata.httpStatusCode}: ${known.data.name}`;
  const system = coded.safeParse(error);
  return system.success ? `failed (${system.data.code})` : 'no answer';
};
