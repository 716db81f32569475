import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { ledgerPage } from '../../core/contracts/http.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { requireRead } from '../viewer.ts';
import { bearer, json, readingProblems } from './spec.ts';

const ledgerRoute = createRoute({
  method: 'get',
  path: '/v1/ledger',
  summary: 'The ledger, in order, for whoever verifies it',
  security: bearer,
  request: {
    query: z.object({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(200),
    }),
  },
  responses: {
    200: json(ledgerPage, 'Rows; `next` is what to give as `after`, null after the last.'),
    ...readingProblems,
  },
});

/** The whole ledger. */
export const ledgerRoutes = (app: OpenAPIHono<ApiEnv>, { reader }: ApiDeps): void => {
  app.openapi(ledgerRoute, async (context) => {
    requireRead('ledger', context.get('viewer').holdings);
    const { after, limit } = context.req.valid('query');
    const rows = await reader.rowsAfter(after, limit);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return context.json({ rows, next: last?.seq ?? null }, 200);
  });
};
