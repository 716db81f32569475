import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AccountId } from '../../core/contracts/ids.ts';
import { checks } from '../../core/contracts/checks.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { examine } from '../examine.ts';
import { holdingsByConfig, requireRead, type Viewer } from '../viewer.ts';
import { bearer, json, readingProblems } from './spec.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/v1/health',
  summary: 'What runs behind the api, looked at now',
  description: 'Each thing is asked at once and for three seconds at most; what does not answer is broken.',
  security: bearer,
  responses: { 200: json(checks, 'What was found.'), ...readingProblems },
});

/** An owner of any account is told: all accounts stand on the same servers. */
const holdingsAnywhere = (viewer: Viewer) =>
  new Set(
    (Object.keys(viewer.config.accounts) as AccountId[]).flatMap((id) => [...holdingsByConfig(viewer, id)]),
  );

/** The health of everything that only servers can look at. */
export const healthRoutes = (app: OpenAPIHono<ApiEnv>, { looks }: ApiDeps): void => {
  // However many ask at once, the servers are asked once.
  let underWay: ReturnType<typeof examine> | null = null;

  app.openapi(healthRoute, async (context) => {
    requireRead('health', holdingsAnywhere(context.get('viewer')));
    underWay ??= examine(looks).finally(() => (underWay = null));
    return context.json({ checks: await underWay }, 200);
  });
};
