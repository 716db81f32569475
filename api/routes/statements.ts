import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Refusal } from '../../core/contracts/failures.ts';
import { accepted } from '../../core/contracts/http.ts';
import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import {
  envelope as envelopeSchema,
  type Statement,
  type StatementOf,
} from '../../core/contracts/statements.ts';
import type { Accepted } from '../../core/contracts/temporal.ts';
import { finalPhases } from '../../core/rules/case/state.ts';
import { foldCase } from '../../core/rules/streams.ts';
import { openEnvelope, statementDigest } from '../../core/trust/envelope.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { notAStatement, problemOf, refusedProblem } from '../problems.ts';
import type { RateLimit } from '../rateLimit.ts';
import { receive, type Received } from '../receive.ts';
import type { RefusalRows } from '../refusalRows.ts';
import { envelopeProblems, json } from './spec.ts';

const idempotencyKey = z.string().regex(/^[A-Za-z0-9_-]{16,80}$/);

const statementRoute = createRoute({
  method: 'post',
  path: '/v1/statements',
  summary: 'Submit a signed decision',
  description:
    'Needs no token: the signature is the proof. The answer comes when the decision is in the ledger.',
  request: {
    headers: z.object({
      'idempotency-key': idempotencyKey.describe(
        'random for each decision; the same again gives the same answer',
      ),
    }),
    body: { required: true, ...json(envelopeSchema, 'The statement and its signature.') },
  },
  responses: { 200: json(accepted, 'Accepted, with its row.'), ...envelopeProblems },
});

const refusalRoute = createRoute({
  method: 'post',
  path: '/v1/refusals',
  summary: 'Report what your own machine refused',
  request: { body: { required: true, ...json(envelopeSchema, 'A signed machine-refusal statement.') } },
  responses: { 200: json(accepted, 'In the ledger.'), ...envelopeProblems },
});

type Route = { readonly account: AccountId } | { readonly case: CaseId; readonly account: AccountId } | null;

/** Which workflow hears a statement; null when none does. */
export const routeOf = (statement: Statement): Route => {
  switch (statement.type) {
    case 'request':
    case 'provision':
    case 'rotate':
    case 'override':
    case 'claim':
      return { account: statement.account };
    case 'attestation':
      return statement.case === null
        ? { account: statement.account }
        : { case: statement.case, account: statement.account };
    case 'approval':
    case 'denial':
    case 'withdrawal':
    case 'release':
    case 'end':
    case 'refusals':
    case 'write-up':
    case 'stop':
    case 'finding':
      return { case: statement.case, account: statement.account };
    case 'machine-refusal':
      return null;
  }
};

/** Signed statements in; all else here reads. */
export const statementRoutes = (
  app: OpenAPIHono<ApiEnv>,
  deps: ApiDeps,
  { rows, isAllowed }: { rows: RefusalRows; isAllowed: RateLimit },
): void => {
  const { now, configs, reader, process } = deps;
  // Described, but not validated by the library: what is no envelope leaves a row.
  app.openAPIRegistry.registerPath(statementRoute);
  app.openAPIRegistry.registerPath(refusalRoute);

  const limit = (ip: string | null): void => {
    if (!isAllowed(ip, now()))
      throw problemOf('too-many', 'too many statements came from this address: wait a minute');
  };

  const refuse = async (received: Received, refusal: Refusal, by: string | null = null): Promise<never> => {
    const { statement, origin, body } = received;
    const about = 'case' in statement ? statement.case : null;
    await rows.record({ ...refusal, origin, body, account: statement.account, case: about, by });
    throw refusedProblem(refusal);
  };

  /** Why no workflow can hear it: the account or case is not there, or over. */
  const unheard = async (route: NonNullable<Route>): Promise<Refusal | null> => {
    const { account } = route;
    if (!Object.hasOwn(configs().current.config.accounts, account))
      return { code: 'unknown-account', why: `the config in force has no account ${account}` };
    if (!('case' in route)) return null;
    const state = foldCase(await reader.rowsOfCase(route.case), route.case);
    if (state === null) return { code: 'wrong-case', why: `there is no ${route.case}` };
    if (finalPhases.includes(state.phase))
      return { code: 'wrong-phase', why: `${route.case} is ${state.phase}` };
    return null;
  };

  app.post('/v1/statements', async (context) => {
    limit(context.get('from').ip);
    const key = idempotencyKey.safeParse(context.req.header('idempotency-key'));
    if (!key.success)
      throw problemOf(
        'bad-request',
        'the header Idempotency-Key is missing or is not 16 to 80 letters, digits, - or _',
      );
    const received = await receive(context, rows);
    const route = routeOf(received.statement);
    if (route === null) {
      const attempt = { code: 'malformed-statement', why: 'a machine-refusal goes to /v1/refusals' };
      await rows.record({ ...attempt, origin: received.origin, body: received.body });
      throw notAStatement(attempt);
    }
    const refusal = await unheard(route);
    if (refusal !== null) return refuse(received, refusal);
    const { envelope, origin } = received;
    // With the digest, a key used again for another statement does not get the first one's answer.
    const updateId = `${key.data}-${statementDigest(envelope.statement).slice(0, 16)}`;
    const answer =
      'case' in route
        ? await process.submitToCase(route.case, { envelope, origin }, updateId)
        : await process.submitToAccount(route.account, { envelope, origin }, updateId);
    return context.json(answer satisfies Accepted, 200);
  });

  app.post('/v1/refusals', async (context) => {
    limit(context.get('from').ip);
    const received = await receive(context, rows);
    const { envelope } = received;
    const { configs: known, current } = configs();
    const opened = openEnvelope({ envelope, configs: known, current: current.digest, now: now() });
    if (!opened.ok) return refuse(received, opened.refusal, opened.by);
    const { statement } = opened;
    if (statement.type !== 'machine-refusal')
      return refuse(
        received,
        { code: 'malformed-statement', why: 'decisions go to /v1/statements' },
        statement.by,
      );
    const seq = await appendMachineRefusal(deps, { ...received, statement }, opened);
    return context.json({ seq, case: statement.case, rotation: null, events: [] } satisfies Accepted, 200);
  });
};

/** @returns the row's number; the same statement is written once */
const appendMachineRefusal = (
  { ledger, now }: ApiDeps,
  { statement, envelope, origin }: Received & { readonly statement: StatementOf<'machine-refusal'> },
  { digest, fingerprint }: { readonly digest: string; readonly fingerprint: string },
): Promise<number> =>
  ledger.transact(async (tx) => {
    // The database lets the api write under keys of its own only.
    const key = `api/machine-refusal/${digest}`;
    const before = await tx.rowByKey(key);
    if (before !== null) return before.seq;
    const { by, account, doing, code, why } = statement;
    const { seq } = await tx.append({
      ...{ timestamp: now(), actor_id: by, actor_role: 'person', action: 'break_glass_machine_refused' },
      ...{
        resource_type: 'account',
        resource_id: account,
        ip_address: origin.ip,
        user_agent: origin.userAgent,
      },
      ...{ result: 'refused', case_id: statement.case, nonce: statement.nonce, key },
      metadata: { envelope, statement: digest, key_fingerprint: fingerprint, doing, code, why },
    });
    return seq;
  });
