import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { configAnswer } from '../../core/contracts/http.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { requireRead } from '../viewer.ts';
import { bearer, json, readingProblems } from './spec.ts';

const configRoute = createRoute({
  method: 'get',
  path: '/v1/config',
  summary: 'The chain of signed configs',
  description: 'Oldest first. Verify it from what your machine has pinned; do not believe it.',
  security: bearer,
  responses: { 200: json(configAnswer, 'The chain.'), ...readingProblems },
});

/** The config, for machines to pin. */
export const configRoutes = (app: OpenAPIHono<ApiEnv>, { configs }: ApiDeps): void => {
  app.openapi(configRoute, (context) => {
    requireRead('config', context.get('viewer').holdings);
    return context.json({ chain: [...configs().chain] }, 200);
  });
};
