import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { mayRead } from '../../core/contracts/access.ts';
import { casesPage, casesQuery, caseView, dossier } from '../../core/contracts/http.ts';
import { row } from '../../core/contracts/ledger.ts';
import { isDeclared } from '../../core/rules/case/state.ts';
import { listCases, readFilter } from '../caseList.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { findCaseIn } from '../findCase.ts';
import { problemOf } from '../problems.ts';
import { caseViewOf, dossierOf, withoutShares } from '../views.ts';
import { holdingsInCase, requireRead } from '../viewer.ts';
import { sealsOf } from './accounts.ts';
import { bearer, caseParams, json, readingProblems } from './spec.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/cases',
  summary: 'The cases one may read, newest first, page by page',
  description:
    'A page can be shorter than its limit although there is more: go on with `next` until it is null.',
  security: bearer,
  request: { query: casesQuery },
  responses: {
    200: json(casesPage, 'The cases; `next` is what to give as `after`, null after the last.'),
    ...readingProblems,
  },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/v1/cases/{account}/{number}',
  summary: 'One case',
  security: bearer,
  request: { params: caseParams },
  responses: { 200: json(caseView, 'The case.'), ...readingProblems },
});

const dossierRoute = createRoute({
  method: 'get',
  path: '/v1/cases/{account}/{number}/dossier',
  summary: 'What a machine needs to check a case for itself',
  description: 'Signed envelopes and signed seals. Releases are given to the requester only.',
  security: bearer,
  request: { params: caseParams },
  responses: { 200: json(dossier, 'The dossier.'), ...readingProblems },
});

const historyRoute = createRoute({
  method: 'get',
  path: '/v1/cases/{account}/{number}/history',
  summary: 'Every row about a case, refusals too',
  description: 'Who may not read releases gets their rows without the envelope; verify with the ledger.',
  security: bearer,
  request: { params: caseParams },
  responses: { 200: json(z.object({ rows: z.array(row) }), 'The rows, in order.'), ...readingProblems },
});

/** Cases, folded from their rows. */
export const caseRoutes = (app: OpenAPIHono<ApiEnv>, { now, reader, seals, configs }: ApiDeps): void => {
  const find = findCaseIn(reader);

  app.openapi(listRoute, async (context) => {
    const viewer = context.get('viewer');
    const query = context.req.valid('query');
    const { cases, next } = await listCases({
      ...{ reader, filter: readFilter(query, configs().configs.values()), now: now() },
      ...{ limit: query.limit, after: query.after ?? null },
      mayShow: (state) => mayRead('cases', holdingsInCase(viewer, state)),
    });
    return context.json({ cases: cases.map((state) => caseViewOf(state, viewer.config, now())), next }, 200);
  });

  app.openapi(oneRoute, async (context) => {
    const viewer = context.get('viewer');
    const { state, holdings } = await find(viewer, context.req.valid('param'));
    requireRead('cases', holdings);
    return context.json(caseViewOf(state, viewer.config, now()), 200);
  });

  app.openapi(dossierRoute, async (context) => {
    const { state, rows, holdings } = await find(context.get('viewer'), context.req.valid('param'));
    requireRead('dossier', holdings);
    if (!isDeclared(state))
      throw problemOf('not-found', `nobody asked for ${state.case}: it has no signed request, so no dossier`);
    const given = await sealsOf(state.opening.pair, seals);
    const found = dossierOf(rows, state.case, given, mayRead('releases', holdings));
    if (found === null) throw new Error(`the row that opened ${state.case} holds no envelope`);
    return context.json(found, 200);
  });

  app.openapi(historyRoute, async (context) => {
    const { state, holdings } = await find(context.get('viewer'), context.req.valid('param'));
    requireRead('history', holdings);
    const rows = await reader.historyOfCase(state.case);
    const isWhole = mayRead('releases', holdings) || mayRead('ledger', holdings);
    return context.json({ rows: isWhole ? rows : withoutShares(rows) }, 200);
  });
};
