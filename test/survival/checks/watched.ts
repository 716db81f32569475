/** A whole stack of which the checks of the sentinel hold the hooks, the servers and the outside monitor in hand. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKratosLogin } from '../../../adapters/kratos/index.ts';
import type { Progress } from '../../../dev/cache.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { stopAll } from '../../../dev/processes.ts';
import { startAws } from '../../../dev/servers/aws.ts';
import { startPostgres } from '../../../dev/servers/postgres.ts';
import { startTemporal } from '../../../dev/servers/temporal.ts';
import { chatMessages, drainTopic } from '../../whole/checks/alarm.ts';
import { openLookout, type Lookout } from '../../whole/checks/lookout.ts';
import { addressOf, codeOf, openFromShares, type Credential } from '../../whole/checks/outside.ts';
import { startWhole, type Whole } from '../../whole/stack.ts';
import { startDeadMan, type DeadMan } from './deadMan.ts';
import { lastLogin, openHookDoor, sightingIn, type HookDoor, type Posted } from './hookDoor.ts';

/** A server that is not ours and can be stopped and started again. */
export type Server = 'temporal' | 'postgres' | 'topic';

/** A login that nobody declared. */
export interface Stranger {
  readonly sighting: string;
  readonly session: string;
  /** When Kratos answered its first factor. Milliseconds. */
  readonly answeredAt: number;
  readonly hooks: readonly Posted[];
  logOut(): Promise<void>;
}

/** Messages by channel: how often the one with that id was taken. */
export type Rung = Readonly<Record<'security-topic' | 'incident-slack', number>>;

export interface Watched {
  readonly whole: Whole;
  readonly door: HookDoor;
  readonly deadMan: DeadMan;
  readonly lookout: Lookout;
  stopServer(server: Server): Promise<void>;
  startServer(server: Server): Promise<void>;
  /** SIGKILL; resolves when it is dead. */
  kill(name: 'worker' | 'sentinel'): Promise<void>;
  /** Logs in with the pair opened from shares; with the password alone when `aal1`. */
  logIn(aal: 'aal1' | 'aal2'): Promise<Stranger>;
  /** How often each channel has the message whose id begins so. */
  rung(id: string): Promise<Rung>;
  remove(): Promise<void>;
}

/** Waits until something holds; a thing that cannot be asked does not hold yet. */
export const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
  const end = Date.now() + 90_000;
  while (Date.now() < end) {
    if (await Promise.resolve(holds()).catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
};

/** Seconds within which a login must be claimed: the fewest in which a rotation has claimed its own. */
const claim = 6;

/** Starts the stack with every look of the sentinel seconds apart. */
export const startWatched = async (say: Progress): Promise<Watched> => {
  const [door, deadMan] = await Promise.all([openHookDoor(), startDeadMan()]);
  const vigil = (name: string) => ({ heartbeatSeconds: 1, deadMan: deadMan.urlFor(name), deadManSeconds: 1 });
  const whole = await startWhole({
    progress: say,
    hookVia: (sentinel) => {
      door.target = sentinel;
      return door.url;
    },
    amend: (yaml) => `${yaml}\ndeadlines:\n  claim: ${claim}\n`,
    amendSettings: { worker: vigil('worker'), sentinel: { ...vigil('sentinel'), sweepSeconds: 2 } },
  });
  const { stack, account } = whole;
  const { servers, stateFolder, ports } = stack;
  const lookout = await openLookout(stack);
  const running: Record<Server, { stop(): Promise<void> }> = {
    ...{ temporal: servers.temporal, postgres: servers.ours, topic: servers.aws },
  };
  const start: Record<Server, () => Promise<{ stop(): Promise<void> }>> = {
    temporal: async () =>
      startTemporal({ binary: await temporalBinary(say), stateFolder, ports: { grpc: ports.temporal } }),
    postgres: () => startPostgres({ name: 'ours', stateFolder, port: ports.ours, durable: false }),
    topic: () => startAws({ stateFolder, port: ports.aws }),
  };
  const kratos = createKratosLogin({
    ...{ publicUrl: servers.kratos.publicUrl, timeoutMs: 20_000, userAgent: 'a stranger' },
  });
  let pair: Promise<Credential> | null = null;
  const published: string[] = [];

  return {
    ...{ whole, door, deadMan, lookout },
    stopServer: (server) => running[server].stop(),
    startServer: async (server) => {
      running[server] = await start[server]();
    },
    kill: async (name) => {
      const one = stack.running.get(name);
      if (one === undefined) throw new Error(`no ${name} runs`);
      process.kill(one.pid, 'SIGKILL');
      await one.exited;
    },
    logIn: async (aal) => {
      pair ??= openFromShares(stack, account);
      const { password, mfa } = await pair;
      const code = aal === 'aal1' ? null : await codeOf(mfa);
      const identifier = await addressOf(stack, account, 'maya');
      const before = door.posted.length;
      const first = await kratos.login({ identifier, password });
      const answeredAt = Date.now();
      if (first.refused) throw new Error(`kratos refused the password with ${first.status}`);
      const { sessionToken, sessionId: session } = first;
      if (code !== null) {
        const second = await kratos.loginSecondFactor({ sessionToken, code });
        if (second.refused) throw new Error(`kratos refused the code with ${second.status}`);
      }
      const factors = aal === 'aal1' ? 1 : 2;
      // Kratos may answer before it has posted.
      const posted = (): Posted[] => lastLogin(door.posted.slice(before));
      await until('the hooks of the login', () => posted().length >= factors);
      const hooks = posted();
      const [hook] = hooks;
      if (hook === undefined) throw new Error('kratos posted no hook');
      const logOut = async (): Promise<void> => {
        await kratos.logout(sessionToken);
      };
      return { sighting: sightingIn(hook, account), session, answeredAt, hooks, logOut };
    },
    rung: async (id) => {
      // A topic that is down has nothing new.
      published.push(...(await drainTopic(stack).catch(() => [])).map((each) => each.id));
      const chat = await chatMessages(stack);
      return {
        'security-topic': published.filter((each) => each.startsWith(id)).length,
        'incident-slack': chat.filter((each) => each.whole.includes(id)).length,
      };
    },
    remove: async () => {
      try {
        await lookout.close();
        await stopAll([...Object.values(running), ...stack.running.values()]);
      } finally {
        await whole.remove();
        door.stop();
        deadMan.stop();
      }
    },
  };
};
