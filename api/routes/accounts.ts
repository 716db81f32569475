import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { mayRead } from '../../core/contracts/access.ts';
import {
  accountsAnswer,
  accountView,
  seals as sealsAnswer,
  type AccountView,
  type StoredSeal,
} from '../../core/contracts/http.ts';
import { accountId, parts, type AccountId, type Digest } from '../../core/contracts/ids.ts';
import type { Pair } from '../../core/contracts/events.ts';
import { foldAccount } from '../../core/rules/streams.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { problemOf } from '../problems.ts';
import { accountViewOf } from '../views.ts';
import { accountOfConfig, holdingsInAccount, requireRead, type Viewer } from '../viewer.ts';
import { accountParams, bearer, json, readingProblems } from './spec.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/accounts',
  summary: 'The accounts one may read',
  security: bearer,
  responses: { 200: json(accountsAnswer, 'The accounts.'), ...readingProblems },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/v1/accounts/{account}',
  summary: 'One account',
  security: bearer,
  request: { params: accountParams },
  responses: { 200: json(accountView, 'The account.'), ...readingProblems },
});

const sealsRoute = createRoute({
  method: 'get',
  path: '/v1/accounts/{account}/seals',
  summary: 'The sealed pair that opens the account now',
  description: 'Ciphertext, signed by the worker. Check it against the config; do not believe it.',
  security: bearer,
  request: { params: accountParams },
  responses: { 200: json(sealsAnswer, 'Both parts; none before provisioning.'), ...readingProblems },
});

/** The seals of a pair, as the worker signed them. @throws Error when one is not stored */
export const sealsOf = async (
  pair: Pair,
  store: { get(digest: Digest): Promise<StoredSeal | null> },
): Promise<StoredSeal[]> =>
  Promise.all(
    parts.map(async (part) => {
      const seal = await store.get(pair[part].seal);
      if (seal === null) throw new Error(`the ledger names a seal of the ${part} that is not stored`);
      return seal;
    }),
  );

/** Accounts and their ciphertext. */
export const accountRoutes = (app: OpenAPIHono<ApiEnv>, { now, reader, seals }: ApiDeps): void => {
  const stateOf = async (id: AccountId): Promise<AccountState> =>
    foldAccount(await reader.rowsOfAccount(id), id);
  const viewOf = (viewer: Viewer, state: AccountState): AccountView =>
    accountViewOf(state, accountOfConfig(viewer, state.account), now());

  app.openapi(listRoute, async (context) => {
    const viewer = context.get('viewer');
    const ids = Object.keys(viewer.config.accounts).map((id) => accountId.parse(id));
    const states = await Promise.all(ids.map(stateOf));
    const readable = states.filter((state) =>
      mayRead('accounts', holdingsInAccount(viewer, state.account, state)),
    );
    return context.json({ accounts: readable.map((state) => viewOf(viewer, state)) }, 200);
  });

  app.openapi(oneRoute, async (context) => {
    const viewer = context.get('viewer');
    const { account: id } = context.req.valid('param');
    accountOfConfig(viewer, id);
    const state = await stateOf(id);
    requireRead('accounts', holdingsInAccount(viewer, id, state));
    return context.json(viewOf(viewer, state), 200);
  });

  app.openapi(sealsRoute, async (context) => {
    const viewer = context.get('viewer');
    const { account: id } = context.req.valid('param');
    accountOfConfig(viewer, id);
    const state = await stateOf(id);
    requireRead('seals', holdingsInAccount(viewer, id, state));
    if (state.pair === null)
      throw problemOf('not-found', `${id} was never provisioned: breakglass provision ${id}`);
    return context.json({ account: id, seals: await sealsOf(state.pair, seals) }, 200);
  });
};
