import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import {
  challengeRequest,
  challengeResponse,
  tokenRequest,
  tokenResponse,
} from '../../core/contracts/http.ts';
import { verifySignIn } from '../../core/trust/signIn.ts';
import type { Challenges } from '../challenges.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { problemOf } from '../problems.ts';
import type { RateLimit } from '../rateLimit.ts';
import type { Tokens } from '../tokens.ts';
import { anyProblem, json } from './spec.ts';

const challengeRoute = createRoute({
  method: 'post',
  path: '/v1/challenges',
  summary: 'Ask for a challenge to sign in with',
  description: 'Given to whoever asks, for any name: only the answer shows whether there is such a person.',
  request: { body: { required: true, ...json(challengeRequest, 'Who signs in.') } },
  responses: {
    200: json(challengeResponse, 'Canonical text to sign in the namespace sign-in@breakglass within 60 s.'),
    ...anyProblem,
  },
});

const tokenRoute = createRoute({
  method: 'post',
  path: '/v1/tokens',
  summary: 'Answer a challenge',
  request: { body: { required: true, ...json(tokenRequest, 'The challenge and its signature.') } },
  responses: {
    200: json(tokenResponse, 'A token to read with, for 15 minutes. It decides nothing.'),
    ...anyProblem,
    401: { description: 'The answer is not accepted.' },
  },
});

/** Signing in by SSH key. */
export const signInRoutes = (
  app: OpenAPIHono<ApiEnv>,
  { now, configs }: ApiDeps,
  { challenges, tokens, isAllowed }: { challenges: Challenges; tokens: Tokens; isAllowed: RateLimit },
): void => {
  app.openapi(challengeRoute, (context) => {
    if (!isAllowed(context.get('from').ip, now()))
      throw problemOf('too-many', 'too many challenges were asked for from this address: wait a minute');
    const { person } = challengeRequest.parse(context.req.valid('json'));
    const { origin } = configs().current.config;
    return context.json({ challenge: challenges.issue(person, new URL(origin).origin, now()) }, 200);
  });

  app.openapi(tokenRoute, (context) => {
    if (!isAllowed(context.get('from').ip, now()))
      throw problemOf('too-many', 'too many answers came from this address: wait a minute');
    const envelope = tokenRequest.parse(context.req.valid('json'));
    const { config } = configs().current;
    const { origin } = new URL(config.origin);
    const signedIn = verifySignIn({ envelope, config, origin, now: now() });
    if (!signedIn.ok) throw problemOf('unauthenticated', signedIn.why);
    const { challenge, fingerprint } = signedIn;
    if (!challenges.redeem(challenge, now()))
      throw problemOf(
        'unauthenticated',
        'the challenge is not ours or was answered before: ask for a new one',
      );
    return context.json(tokens.issue(challenge.person, fingerprint, now()), 200);
  });
};
