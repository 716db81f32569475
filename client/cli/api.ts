/** The api's client: every answer is parsed, every problem becomes one line and an exit code. */
import type { z } from 'zod';
import {
  accepted,
  challengeResponse,
  problem,
  tokenResponse,
  type signInChallenge,
} from '../../core/contracts/http.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { CliError, exits, type Exit } from './exits.ts';
import { parseJson } from './home.ts';
import { oneLine } from './printable.ts';
import type { Surroundings } from './surroundings.ts';

export type SignInChallenge = z.infer<typeof signInChallenge>;
export type Accepted = z.infer<typeof accepted>;

export interface Api {
  readonly origin: string;
  /** Reads a view; signs in first, once a run. */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** Hands in a signed decision; sent again under the same key where the answer was lost. */
  submit(envelope: Envelope, idempotencyKey: string): Promise<Accepted>;
  /** Hands in what this machine refused; false when nobody took it. */
  reportRefusal(envelope: Envelope): Promise<boolean>;
}

export interface ApiSettings {
  readonly url: string;
  readonly person: string;
  /** Checks and signs a challenge; what it throws ends the run. */
  readonly answerChallenge: (challenge: string) => Promise<Envelope>;
  readonly surroundings: Pick<Surroundings, 'sleep' | 'fetch'>;
  /** Milliseconds for each answer but a decision's; twenty seconds when left out. */
  readonly readTimeout?: number;
}

/** In milliseconds. A decision is answered when it is in the ledger, a view at once. */
const READ_TIMEOUT = 20_000;
const SUBMIT_TIMEOUT = 60_000;
const REFUSAL_TIMEOUT = 5_000;
/** In milliseconds, before each next try of a submission whose answer was lost. */
const RETRIES = [300, 1_500];

export const createApi = (settings: ApiSettings): Api => {
  const { url, person, answerChallenge, surroundings, readTimeout = READ_TIMEOUT } = settings;
  const base = url.replace(/\/+$/, '');
  let token: string | null = null;

  const send = async (
    method: 'GET' | 'POST',
    path: string,
    options: {
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
      readonly timeout?: number;
    } = {},
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const { body, headers = {}, timeout = readTimeout } = options;
    try {
      const answer = await surroundings.fetch(`${base}${path}`, {
        method,
        // A token or a statement goes to the address in the profile and nowhere else.
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
        headers: {
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      throw new CliError(
        exits.unreachable,
        'unreachable',
        `cannot reach the api at ${base} (${networkCode(error)})`,
      );
    }
  };

  const signIn = async (): Promise<string> => {
    const asked = await send('POST', '/v1/challenges', { body: { person } });
    const { challenge } = parse(asked, challengeResponse, base);
    const answered = await send('POST', '/v1/tokens', { body: await answerChallenge(challenge) });
    return parse(answered, tokenResponse, base).token;
  };

  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const wasFresh = token === null;
    token ??= await signIn();
    const answer = await send('GET', path, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === 401 && !wasFresh) {
      token = null;
      return get(path, schema);
    }
    return parse(answer, schema, base);
  };

  const submit = async (envelope: Envelope, idempotencyKey: string): Promise<Accepted> => {
    for (const pause of [...RETRIES, null]) {
      try {
        const answer = await send('POST', '/v1/statements', {
          body: envelope,
          headers: { 'idempotency-key': idempotencyKey },
          timeout: SUBMIT_TIMEOUT,
        });
        return parse(answer, accepted, base);
      } catch (error) {
        if (pause === null || !(error instanceof CliError) || error.exit !== exits.unreachable) throw error;
        await surroundings.sleep(pause);
      }
    }
    throw new CliError(exits.unreachable, 'unreachable', `cannot reach the api at ${base}`);
  };

  const reportRefusal = async (envelope: Envelope): Promise<boolean> => {
    try {
      const { status } = await send('POST', '/v1/refusals', { body: envelope, timeout: REFUSAL_TIMEOUT });
      return status >= 200 && status < 300;
    } catch (error) {
      if (error instanceof CliError) return false;
      throw error;
    }
  };

  return { origin: new URL(base).origin, get, submit, reportRefusal };
};

const parse = <T>(
  { status, text }: { readonly status: number; readonly text: string },
  schema: z.ZodType<T>,
  base: string,
): T => {
  const body = parseJson(text);
  if (status < 200 || status > 299) throw problemError(status, body, base);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CliError(
    exits.unexpected,
    'unexpected-answer',
    `the answer of ${base} is not the api's: ${issue?.message ?? 'unknown shape'} at ${issue?.path.join('.') ?? 'its root'}`,
  );
};

const problemError = (status: number, body: unknown, base: string): CliError => {
  const parsed = problem.safeParse(body);
  const exit = exitOf(status);
  if (!parsed.success) return new CliError(exit, `http-${status}`, `${base} answered ${status}`);
  return new CliError(exit, parsed.data.code, oneLine(parsed.data.detail));
};

const exitOf = (status: number): Exit => {
  if (status === 404) return exits.notFound;
  if (status === 500) return exits.unexpected;
  return status > 500 || status === 429 ? exits.unreachable : exits.refused;
};

const networkCode = (error: unknown): string => {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return 'timed out';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'no answer';
};
