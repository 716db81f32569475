/** Logins with the opened pair that nobody declared, on real servers: with no case, and beside an open drill. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKratosLogin } from '../../../adapters/kratos/index.ts';
import { caseId, type AccountId, type CaseId } from '../../../core/contracts/ids.ts';
import type { CaseState } from '../../../core/rules/case/state.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import type { Amend } from '../../../dev/stack/organisation.ts';
import { attestAll, deliver, playUse, viewCase } from '../../../dev/stack/play.ts';
import { chatMessages, drainTopic } from '../../whole/checks/alarm.ts';
import { openLookout, type Lookout } from '../../whole/checks/lookout.ts';
import { addressOf, codeOf, heldByRequester, openFromShares } from '../../whole/checks/outside.ts';
import type { Whole } from '../../whole/stack.ts';

/** Seconds that cannot be waited for in a test, made short: the claim's, and the answer's. */
export const shortDeadlines: Amend = (yaml) => `${yaml}\ndeadlines:\n  claim: 3\n  answer: 15\n`;

/** A stranger's session, and the case that it opened. */
interface Intrusion {
  readonly use: CaseId;
  readonly token: string;
  readonly session: string;
  /** Milliseconds from the login to the row that opens the case. */
  readonly ms: number;
}

/** What one answer came to. */
export interface Answered {
  readonly ms: number;
  readonly state: CaseState;
  /** Kratos's word on the session afterwards: 401 when it is ended, 200 when it lives. */
  readonly status: number;
  /** The alarms about the case, as they arrived. */
  readonly topic: readonly string[];
  readonly chat: readonly string[];
}

export interface Undeclared {
  /** No case is open: stopped, rotated, attested, written up. */
  readonly alone: Answered & { readonly closedAs: CaseState };
  /** The drill's requester claims a login of theirs late. */
  readonly claimedLate: Answered;
  /** A drill is in session: stopped; the drill's own session, and its phase, right after. */
  readonly besideDrill: Answered & {
    readonly drillStatus: number;
    readonly drillPhase: string;
    readonly drill: CaseState;
    readonly settledAs: CaseState;
  };
}

const kratosOf = ({ servers }: Stack, userAgent: string) =>
  createKratosLogin({ publicUrl: servers.kratos.publicUrl, timeoutMs: 10_000, userAgent });

const statusOf = async (stack: Stack, token: string): Promise<number> => {
  const said = await kratosOf(stack, 'a look').whoami(token);
  return said.refused ? said.status : 200;
};

const until = async <T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> => {
  for (let tries = 0; tries < 480; tries += 1) {
    const found = await look();
    if (found != null) return found;
    await sleep(250);
  }
  throw new Error(`waited in vain for ${what}`);
};

/** Somebody signs in to aal2 with the pair that is sealed now, and says nothing. */
const intrude = async (stack: Stack, account: AccountId, lookout: Lookout): Promise<Intrusion> => {
  const { password, mfa } = await openFromShares(stack, account);
  const login = kratosOf(stack, 'a stranger');
  const began = Date.now();
  const identifier = await addressOf(stack, account, 'maya');
  const inside = await login.login({ identifier, password });
  if (inside.refused) throw new Error(`kratos refused the password: ${inside.reason}`);
  const second = await login.loginSecondFactor({
    sessionToken: inside.sessionToken,
    code: await codeOf(mfa),
  });
  if (second.refused) throw new Error(`kratos refused the code: ${second.reason}`);
  const use = await until('an undeclared case', async () => {
    const { undeclared, seen } = await lookout.accountState(account);
    const ids = seen
      .filter((each) => each.sighting.session === inside.sessionId)
      .map((each) => each.sighting.id);
    return undeclared.find((each) => each.sightings.some((id) => ids.includes(id)))?.case;
  });
  return { use, token: inside.sessionToken, session: inside.sessionId, ms: Date.now() - began };
};

/**
 * Plays three undeclared uses and their answers.
 *
 * @param whole - started with {@link shortDeadlines}
 * @param toTheEnd - also closes the use that was stopped beside the drill; else it is left settling
 */
export const playUndeclared = async (
  { stack, account, cast }: Whole,
  say: Progress,
  toTheEnd: boolean,
): Promise<Undeclared> => {
  const { cli } = stack;
  const play = { ...stack, cast };
  const lookout = await openLookout(stack);
  const topic: string[] = [];
  const answered = async ({ use, token, ms }: Intrusion): Promise<Answered> => {
    const arrived = await until('the alarm on both channels', async () => {
      topic.push(...(await drainTopic(stack)).map((each) => each.text));
      const chat = (await chatMessages(stack)).map((each) => each.whole);
      const about = (texts: readonly string[]) =>
        texts.filter((each) => each.includes(`breakglass stop ${use}`));
      const [onTopic, inChat] = [about(topic), about(chat)];
      return onTopic.length > 0 && inChat.length > 0 ? { topic: onTopic, chat: inChat } : null;
    });
    return { ms, state: await lookout.caseState(use), status: await statusOf(stack, token), ...arrived };
  };
  const untilPhase = (id: CaseId, phase: CaseState['phase']) =>
    until(`${id} to be ${phase}`, async () => {
      const state = await lookout.caseState(id);
      return state.phase === phase ? state : null;
    });
  const untilEnded = ({ use }: Intrusion) =>
    until('its sessions to be ended', async () => (await lookout.caseState(use)).sessionsEnded);
  /** Custodians attest, whoever stopped it writes it up. */
  const settle = async (use: CaseId, by: string): Promise<CaseState> => {
    await untilPhase(use, 'settling');
    await attestAll(play, use, () => undefined);
    await deliver(play, by, use, 'post-mortem');
    return untilPhase(use, 'closed');
  };
  try {
    const first = await intrude(stack, account, lookout);
    say(`a login outside of any case opened ${first.use}`);
    await mustRun(cli, 'jonas', 'stop', first.use, '--reason', 'nobody on call signed in');
    await untilEnded(first);
    const stopped = await answered(first);
    const alone = { ...stopped, closedAs: await settle(first.use, 'jonas') };
    say('stopped by on-call: session ended, credential rotated, attested, written up');

    const during: {
      besideDrill?: Answered & Pick<Undeclared['besideDrill'], 'drillStatus' | 'drillPhase'>;
      claimedLate?: Answered;
    } = {};
    const drill = await playUse(
      {
        ...{ ...stack, account, kind: 'drill', cast },
        beforeEnd: async (view) => {
          const late = await intrude(stack, account, lookout);
          await mustRun(cli, cast.requester, 'claim', view.case, '--session', late.session);
          await untilPhase(late.use, 'closed');
          during.claimedLate = await answered(late);
          say('claimed late by the drill’s requester: closed, and the session lives');
          const second = await intrude(stack, account, lookout);
          await mustRun(cli, 'lena', 'stop', second.use, '--reason', 'not from our network');
          await untilEnded(second);
          const { sessionToken } = await heldByRequester(stack, view);
          during.besideDrill = {
            ...(await answered(second)),
            drillStatus: await statusOf(stack, sessionToken),
            drillPhase: (await viewCase(cli, cast.requester, view.case)).phase,
          };
          say('stopped by security during a drill: its session ended, the drill’s lives');
        },
      },
      say,
    );
    const { besideDrill, claimedLate } = during;
    if (besideDrill === undefined || claimedLate === undefined)
      throw new Error('the drill was not looked at');
    const use = besideDrill.state.case;
    const settledAs = await (toTheEnd ? settle(use, 'lena') : untilPhase(use, 'settling'));
    return {
      ...{ alone, claimedLate },
      besideDrill: { ...besideDrill, settledAs, drill: await lookout.caseState(caseId.parse(drill.case)) },
    };
  } finally {
    await lookout.close();
  }
};
