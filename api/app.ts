/** The api: reads for people who signed in, and signed statements for the process. Nothing here decides. */
import { randomBytes, randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { createChallenges } from './challenges.ts';
import { defaultLimits, type ApiDeps } from './deps.ts';
import { originOf, type ApiEnv } from './env.ts';
import { answer, issueText, problemFrom, problemOf } from './problems.ts';
import { proxiesOf } from './proxies.ts';
import { createRateLimit } from './rateLimit.ts';
import { createRefusalRows } from './refusalRows.ts';
import { accountRoutes } from './routes/accounts.ts';
import { caseRoutes } from './routes/cases.ts';
import { configRoutes } from './routes/config.ts';
import { healthRoutes } from './routes/health.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { processRoutes } from './routes/process.ts';
import { signInRoutes } from './routes/signIn.ts';
import { statementRoutes } from './routes/statements.ts';
import { createTokens, type Tokens } from './tokens.ts';
import { viewerOf } from './viewer.ts';

const MAX_BODY_BYTES = 128 * 1024;

/** What needs no token: signing in, and statements, whose signature is the proof. */
const open: ReadonlySet<string> = new Set([
  'POST /v1/challenges',
  'POST /v1/tokens',
  'POST /v1/statements',
  'POST /v1/refusals',
]);

export interface Api {
  readonly app: OpenAPIHono<ApiEnv>;
  /** Writes what was counted and not yet written; call it now and then, and before stopping. */
  readonly flush: () => Promise<void>;
}

/** The api over what its composition root gives it. */
export const createApi = (deps: ApiDeps): Api => {
  const { log, now, limits = defaultLimits } = deps;
  const isProxy = proxiesOf(deps.proxies ?? []);
  const key = randomBytes(32);
  const tokens = createTokens(key);
  const rows = createRefusalRows({ ...deps, perSecond: limits.refusalRowsPerSecond });
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, context) =>
      result.success ? undefined : answer(context, problemOf('bad-request', issueText(result.error))),
  });

  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      crossOriginResourcePolicy: 'same-origin',
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
    }),
  );
  app.use(async (context, next) => {
    const requestId = randomUUID();
    context.set('requestId', requestId);
    context.set('from', originOf(context, isProxy));
    context.header('X-Request-Id', requestId);
    context.header('Cache-Control', 'no-store');
    const begun = performance.now();
    await next();
    const { method, path } = context.req;
    deps.onAnswer?.({ method, status: context.res.status, seconds: (performance.now() - begun) / 1000 });
    log.info({ requestId, method, path, status: context.res.status }, 'answered');
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw problemOf('too-large', 'the body is longer than 128 KiB');
      },
    }),
  );
  app.use('/v1/*', async (context, next) => {
    if (!open.has(`${context.req.method} ${context.req.path}`)) {
      const { config } = deps.configs().current;
      const person = personBehind(tokens, context.req.header('authorization'), config, now());
      context.set('viewer', viewerOf(config, person));
    }
    await next();
  });

  app.get('/healthz', (context) => context.json({ status: 'ok' }, 200));
  signInRoutes(app, deps, {
    challenges: createChallenges(key),
    tokens,
    isAllowed: createRateLimit(limits.challengesPerMinute, 60),
  });
  configRoutes(app, deps);
  accountRoutes(app, deps);
  caseRoutes(app, deps);
  processRoutes(app, deps);
  ledgerRoutes(app, deps);
  healthRoutes(app, deps);
  statementRoutes(app, deps, { rows, isAllowed: createRateLimit(limits.statementsPerMinute, 60) });

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Breakglass',
      version: '1',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
  });

  app.notFound((context) => answer(context, problemOf('not-found', 'the api has no such address')));
  app.onError((error, context) => answer(context, problemFrom(error, log, context.get('requestId'))));
  return { app, flush: () => rows.flush() };
};

const personBehind = (
  tokens: Tokens,
  header: string | undefined,
  config: Parameters<Tokens['read']>[1],
  now: string,
): ReturnType<Tokens['read']> & string => {
  const [scheme = '', token = ''] = (header ?? '').split(' ');
  const person = scheme.toLowerCase() === 'bearer' ? tokens.read(token, config, now) : null;
  if (person === null)
    throw problemOf('unauthenticated', 'no token, or one that has ended: sign in by POST /v1/challenges');
  return person;
};
