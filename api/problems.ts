/** RFC 9457: every error of the api has one shape, and says what to do. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { DatabaseUnavailable } from '../adapters/postgres/index.ts';
import { ProcessUnavailable, RefusedByProcess } from '../client/errors.ts';
import type { Problem } from '../core/contracts/http.ts';
import type { Refusal } from '../core/contracts/failures.ts';
import type { Log } from './deps.ts';
import type { ApiEnv } from './env.ts';

const titles = {
  'bad-request': 'The request is not understood',
  unauthenticated: 'Sign in first',
  forbidden: 'Not yours to read',
  'not-found': 'There is no such thing',
  'too-large': 'The request is too long',
  'too-many': 'Too many requests',
  'unsupported-media-type': 'Send JSON',
  unavailable: 'Not possible now',
  internal: 'The api failed',
} as const;
type Code = keyof typeof titles;

const statuses = {
  'bad-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'too-large': 413,
  'unsupported-media-type': 415,
  'too-many': 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<Code, ContentfulStatusCode>;

/** An answer that is a problem. The detail is read by people: one sentence, and never what was sent. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly problem: Problem;
  readonly status: ContentfulStatusCode;
  constructor(status: ContentfulStatusCode, code: string, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.problem = { type: `urn:breakglass:problem:${code}`, title, status, detail, code };
  }
}

/** A problem of the api's own. */
export const problemOf = (code: Code, detail: string): ApiProblem =>
  new ApiProblem(statuses[code], code, titles[code], detail);

/** A statement that was understood and refused. */
export const refusedProblem = ({ code, why }: Refusal): ApiProblem =>
  new ApiProblem(422, code, 'The statement is refused', why);

/** What was sent is no statement that anybody could take. */
export const notAStatement = ({ code, why }: { code: string; why: string }): ApiProblem =>
  new ApiProblem(400, code, titles['bad-request'], why);

/** The first thing that is wrong with a request. */
export const issueText = ({ issues: [issue] }: z.core.$ZodError): string => {
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  return `${issue?.message ?? 'wrong shape'}${where}`;
};

export const answer = (context: Context<ApiEnv>, { problem, status }: ApiProblem): Response => {
  if (status === 503 || status === 429) context.header('Retry-After', '5');
  if (status === 401) context.header('WWW-Authenticate', 'Bearer');
  return context.body(JSON.stringify(problem), status, { 'content-type': 'application/problem+json' });
};

/** Turns whatever was thrown into a problem; only the unforeseen is logged, without what was sent. */
export const problemFrom = (error: unknown, log: Log, requestId: string): ApiProblem => {
  if (error instanceof ApiProblem) return error;
  if (error instanceof RefusedByProcess) return refusedProblem(error.refusal);
  if (error instanceof ProcessUnavailable) {
    log.warn({ requestId, why: error.message }, 'the process does not answer');
    return problemOf(
      'unavailable',
      'decisions cannot be taken now: the process does not answer. Cases, accounts and the ledger can still be ' +
        'read, and logins still ring. Send the same command again; what was taken already is not taken twice',
    );
  }
  if (error instanceof DatabaseUnavailable) {
    log.warn({ requestId, why: error.message }, 'the ledger does not answer');
    return problemOf(
      'unavailable',
      'the ledger cannot be reached, so nothing can be read or decided now. Logins still ring. Try again',
    );
  }
  if (error instanceof HTTPException) return fromHono(error);
  const name = error instanceof Error ? error.name : typeof error;
  const message = error instanceof Error ? error.message : '';
  log.error({ requestId, error: name, why: message }, 'unforeseen error');
  return problemOf('internal', `unforeseen error; the log has it under request ${requestId}`);
};

/** Hono's own validators answer in plain text. */
const fromHono = ({ status }: HTTPException): ApiProblem => {
  if (status === 415) return problemOf('unsupported-media-type', 'the body must be application/json');
  if (status === 413) return problemOf('too-large', 'the body is longer than 128 KiB');
  return problemOf('bad-request', 'the body is not JSON');
};
