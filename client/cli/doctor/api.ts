/** What doctor asks the api, each question with a short time limit; what cannot be asked is said so. */
import { z } from 'zod';
import { amiss, checks as checksAnswer, well, type Check } from '../../../core/contracts/checks.ts';
import {
  accountsAnswer,
  configAnswer,
  casesPage,
  challengeResponse,
  signInChallenge,
  type AccountView,
  type SignedConfig,
} from '../../../core/contracts/http.ts';
import { dutiesOf } from '../../../core/rules/duties.ts';
import { CHALLENGE_SECONDS } from '../../../core/trust/signIn.ts';
import { CLOCK_SKEW_SECONDS } from '../../../core/trust/envelope.ts';
import { createApi, type Api } from '../api.ts';
import type { Pinned } from '../configPin.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exits.ts';
import { parseJson, type Profile } from '../home.ts';
import { answerChallenge } from '../signIn.ts';
import { faultOf } from './machine.ts';

/** Milliseconds for one question. The api itself gives the servers behind it three seconds. */
const LIMIT = 6_000;
/** Seconds. What a network's delay may look like. */
const SMALL_SKEW = 5;

/** What is lost, and what is not, with no api. */
const withoutApi =
  'logins still ring; an open session, deadlines and rotations go on; this machine’s own keys and copies';

/** What the api showed; `views` is empty where it did not answer or would not show them. */
export interface Shown {
  readonly checks: readonly Check[];
  readonly chain: readonly SignedConfig[] | null;
  readonly views: readonly AccountView[];
}

/** Asks the api everything. Never throws for what an api may do. */
export const askApi = async (context: Context, profile: Profile, pinned: Pinned | null): Promise<Shown> => {
  const reached = await reach(context, profile);
  if (!reached.isReached) return { checks: reached.checks, chain: null, views: [] };
  const api = createApi({
    url: profile.api,
    person: profile.person,
    answerChallenge: (challenge) => answerChallenge(challenge, profile, context.now()),
    surroundings: context.surroundings,
    readTimeout: LIMIT,
  });
  const signedIn = await signIn(api);
  const checks = [...reached.checks, signedIn.check];
  if (signedIn.chain === null) return { checks, chain: null, views: [] };
  const [servers, duties] = await Promise.all([askServers(api), askDuties(api, pinned, context.now())]);
  return {
    checks: [...checks, ...servers, ...duties.checks],
    chain: signedIn.chain,
    views: duties.views,
  };
};

/** Whether it answers, and how far apart the clocks are: a challenge tells when it was made. */
const reach = async (
  { surroundings, now }: Context,
  { api: url, person }: Profile,
): Promise<{ readonly isReached: boolean; readonly checks: readonly Check[] }> => {
  const of = { id: 'api', by: 'machine' } as const;
  const asked = Date.parse(now());
  try {
    const answer = await surroundings.fetch(`${url.replace(/\/+$/, '')}/v1/challenges`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(LIMIT),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ person }),
    });
    const text = await answer.text();
    if (!answer.ok)
      return { isReached: false, checks: [silent(of, `the api at ${url} answered ${answer.status}`)] };
    const { challenge } = challengeResponse.parse(parseJson(text));
    const { expiresAt } = signInChallenge.parse(parseJson(challenge));
    const here = (asked + Date.parse(now())) / 2;
    const there = Date.parse(expiresAt) - CHALLENGE_SECONDS * 1000;
    return {
      isReached: true,
      checks: [well(of, `the api at ${url} answers`), clock(Math.round((here - there) / 1000))],
    };
  } catch (error) {
    const why = error instanceof z.ZodError ? 'what answers there is no breakglass api' : networkWord(error);
    return { isReached: false, checks: [silent(of, `cannot reach the api at ${url}: ${why}`)] };
  }
};

const silent = (of: Pick<Check, 'id' | 'by'>, says: string): Check =>
  amiss(of, 'broken', {
    says: `${says}. Nothing that only the servers know was looked at`,
    still: withoutApi,
    remedy: 'ask on-call to start it (docs/operator.md, “When something is down”)',
  });

const networkWord = (error: unknown): string => {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return `no answer within ${LIMIT / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'no answer';
};

const clock = (ahead: number): Check => {
  const of = { id: 'clock', by: 'machine' } as const;
  const apart = Math.abs(ahead);
  if (apart <= SMALL_SKEW) return well(of, 'this machine’s clock and the api’s agree');
  const says = `this machine’s clock is ${apart} s ${ahead > 0 ? 'ahead of' : 'behind'} the api’s`;
  const remedy =
    'set the clock (timedatectl set-ntp true); if it is right, tell on-call that the api’s is wrong';
  if (apart < CLOCK_SKEW_SECONDS) return amiss(of, 'warning', { says, still: 'everything', remedy });
  return amiss(of, 'broken', {
    says: `${says}: its signatures are refused`,
    still: 'reading, if signing in works; your colleagues’ machines',
    remedy,
  });
};

const signIn = async (
  api: Api,
): Promise<{ readonly check: Check; readonly chain: readonly SignedConfig[] | null }> => {
  const of = { id: 'sign-in', by: 'machine' } as const;
  try {
    const { chain } = await api.get('/v1/config', configAnswer);
    return { check: well(of, 'the api takes your key'), chain };
  } catch (error) {
    const still = 'decisions: they rest on their signature alone';
    const remedy = 'see ssh-key and clock; your name in the profile must be the config’s';
    return { check: amiss(of, 'broken', { still, remedy, ...faultOf(error) }), chain: null };
  }
};

/** What only the servers know. */
const askServers = async (api: Api): Promise<readonly Check[]> => {
  const of = { id: 'servers', by: 'api' } as const;
  try {
    return (await api.get('/v1/health', checksAnswer)).checks;
  } catch (error) {
    if (isForbidden(error))
      return [
        amiss(of, 'unknown', {
          says: 'what runs behind the api is shown to owners, on-call and oversight',
          remedy: 'ask one of them to run breakglass doctor',
        }),
      ];
    return [amiss(of, 'broken', { still: withoutApi, ...faultOf(error) })];
  }
};

const isForbidden = (error: unknown): boolean => error instanceof CliError && error.code === 'forbidden';

const askDuties = async (
  api: Api,
  pinned: Pinned | null,
  now: string,
): Promise<{ readonly checks: readonly Check[]; readonly views: readonly AccountView[] }> => {
  const of = { id: 'ledger', by: 'ledger' } as const;
  try {
    const [{ accounts }, { cases }] = await Promise.all([
      api.get('/v1/accounts', accountsAnswer),
      api.get('/v1/cases?kind=drill', casesPage),
    ]);
    if (accounts.length === 0)
      return { checks: [amiss(of, 'unknown', { says: 'no account is shown to you' })], views: [] };
    if (pinned === null) return { checks: [], views: accounts };
    const { config } = pinned.current;
    return { checks: accounts.flatMap((view) => dutiesOf(view, cases, config, now)), views: accounts };
  } catch (error) {
    return { checks: [amiss(of, 'broken', { still: withoutApi, ...faultOf(error) })], views: [] };
  }
};
