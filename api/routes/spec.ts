/** What the descriptions of routes share. */
import { z } from '@hono/zod-openapi';
import { problem } from '../../core/contracts/http.ts';
import { accountId } from '../../core/contracts/ids.ts';

export const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
});

/** Problems that any route may answer with. */
export const anyProblem = {
  400: problemAnswer('The request is not understood.'),
  429: problemAnswer('Too many requests from this address.'),
  503: problemAnswer('Not possible now; the detail says what still works.'),
} as const;

/** Problems of routes that need a token. */
export const readingProblems = {
  ...anyProblem,
  401: problemAnswer('Sign in first.'),
  403: problemAnswer('Not for the roles of whoever asks.'),
  404: problemAnswer('There is no such thing.'),
} as const;

/** Problems of routes that take an envelope. */
export const envelopeProblems = {
  ...anyProblem,
  413: problemAnswer('Longer than 128 KiB.'),
  415: problemAnswer('Not JSON.'),
  422: problemAnswer('The statement was understood and refused; the ledger has the row.'),
} as const;

/** The name of the scheme that tokens travel in. */
export const bearer = [{ token: [] }];

export const accountParams = z.object({ account: accountId });
export const caseParams = z.object({
  account: accountId,
  number: z.string().regex(/^\d{4}-\d{2}-\d{2}-\d{2,4}$/),
});
