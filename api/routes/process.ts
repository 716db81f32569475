import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { ProcessUnavailable } from '../../client/errors.ts';
import { rotationId, type CaseId, type RotationId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { processView } from '../../core/contracts/process.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { findCaseIn } from '../findCase.ts';
import { problemOf } from '../problems.ts';
import { requireRead } from '../viewer.ts';
import { bearer, caseParams, json, readingProblems } from './spec.ts';

const processRoute = createRoute({
  method: 'get',
  path: '/v1/cases/{account}/{number}/process',
  summary: 'What Temporal’s own history tells of a case and its rotations',
  description:
    'Kinds, counts and instants, no payloads. Nobody signed it, and the ledger does not rest on it.',
  security: bearer,
  request: { params: caseParams },
  responses: { 200: json(processView, 'Each workflow with its runs.'), ...readingProblems },
});

/** The rotations that rows of a case name. */
const rotationsIn = (rows: readonly Row[]): RotationId[] => {
  const named = rows
    .flatMap((row) => row.metadata.events ?? [])
    .flatMap(({ event }) => ('rotation' in event ? [rotationId.safeParse(event.rotation).data] : []));
  return [...new Set(named.filter((each) => each !== undefined))];
};

/** What Temporal itself knows of a case. */
export const processRoutes = (app: OpenAPIHono<ApiEnv>, { reader, runs, log }: ApiDeps): void => {
  const find = findCaseIn(reader);
  const read = async (workflow: CaseId | RotationId) => {
    try {
      return { workflow, runs: await runs.runsOf(workflow) };
    } catch (error) {
      if (!(error instanceof ProcessUnavailable)) throw error;
      log.warn({ why: error.message }, 'temporal does not tell its history');
      throw problemOf(
        'unavailable',
        `temporal does not answer for ${workflow}; the ledger can still be read`,
      );
    }
  };

  app.openapi(processRoute, async (context) => {
    const { state, holdings } = await find(context.get('viewer'), context.req.valid('param'));
    requireRead('process', holdings);
    const rotations = rotationsIn(await reader.historyOfCase(state.case));
    const workflows = await Promise.all([state.case, ...rotations].map(read));
    return context.json({ case: state.case, workflows }, 200);
  });
};
