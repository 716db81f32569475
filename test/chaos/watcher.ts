/** The sentinel without its disk and doors: reports that are doubled, reordered or lost, each step tried until done. */
import type { Sighting } from '../../core/contracts/events.ts';
import type { AccountId } from '../../core/contracts/ids.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { alarmMessage } from '../../sentinel/alarm.ts';
import type { SightingRecorder } from '../../sentinel/record.ts';
import { sightingId } from '../../sentinel/report.ts';
import type { Login } from './evidence.ts';
import type { Random } from './random.ts';

export interface WatcherDeps {
  readonly account: AccountId;
  readonly config: Config;
  readonly recorder: SightingRecorder;
  readonly send: (channel: string, message: Message) => Promise<void>;
  readonly wake: () => Promise<void>;
  readonly now: () => string;
  readonly onFailure: (error: unknown) => void;
}

interface Report {
  readonly sighting: Sighting;
  readonly step: string;
  readonly receivedAt: string;
  isDone: boolean;
}

/** What the spool remembers of a login: which channels took its alarm, and whether Kratos's session is known. */
interface Known {
  readonly login: Login;
  readonly identity: string;
  readonly accepted: Map<string, string>;
  isReported: boolean;
}

export const createWatcher = (deps: WatcherDeps) => {
  const { account, config } = deps;
  const known = new Map<string, Known>();
  const reports: Report[] = [];

  const sightingOf = ({ login, identity }: Known, more: Partial<Sighting>): Sighting => ({
    ...{ id: login.sighting, account, identity, session: null, aal: 'aal1', method: 'password' },
    ...{ ip: '198.51.100.4', userAgent: 'simulated', at: login.at, source: 'kratos-hook' },
    ...more,
  });

  const ringing = async (it: Known, report: Report): Promise<void> => {
    const message = alarmMessage(report.sighting, config);
    for (const channel of message.channels) {
      if (it.accepted.has(channel)) continue;
      await deps.send(channel, message);
      it.accepted.set(channel, deps.now());
    }
  };

  const handle = async (report: Report, random: Random): Promise<void> => {
    const it = known.get(report.sighting.id);
    if (it === undefined || report.isDone) return;
    try {
      await ringing(it, report);
      const facts = { receivedAt: report.receivedAt, accepted: Object.fromEntries(it.accepted), failed: {} };
      await deps.recorder.recordLogin(report.step, report.sighting, facts);
      await deps.wake();
      // Killed between the effect and its note: all of it comes again.
      report.isDone = !random.chance(0.05);
    } catch (error) {
      deps.onFailure(error);
    }
  };

  return {
    /** A login took place; its hooks come once, twice, in any order, or not at all. */
    happened(login: Omit<Login, 'sighting'>, identity: string, random: Random): Login {
      // As fine as Kratos's own clock: no two logins begin at one instant.
      const begun = `${login.at.slice(0, -1)}${String(known.size).padStart(6, '0')}Z`;
      const whole: Login = { ...login, sighting: sightingId(account, identity, begun) };
      const it: Known = { login: whole, identity, accepted: new Map(), isReported: false };
      known.set(whole.sighting, it);
      if (random.chance(0.05)) return whole;
      it.isReported = true;
      const session = random.chance(0.8) ? login.session : null;
      const first: Report = {
        ...{ sighting: sightingOf(it, { session }), step: 'aal1/1', receivedAt: deps.now(), isDone: false },
      };
      const second: Report = {
        ...{ sighting: sightingOf(it, { session: login.session, aal: 'aal2', method: 'totp' }) },
        ...{ step: 'aal2/2', receivedAt: deps.now(), isDone: false },
      };
      const hooks = [first, second, ...(random.chance(0.1) ? [{ ...first }] : [])];
      reports.push(...random.shuffled(hooks));
      return whole;
    },
    /** Finds, in Kratos's list of sessions, logins whose hook never came. */
    sweep(): void {
      for (const it of known.values()) {
        if (it.isReported) continue;
        it.isReported = true;
        const sighting = sightingOf(it, { session: it.login.session, aal: 'aal2', source: 'session-sweep' });
        reports.push({ sighting, step: 'sweep', receivedAt: deps.now(), isDone: false });
      }
    },
    async work(random: Random): Promise<void> {
      for (const report of random.shuffled(reports.filter((each) => !each.isDone)))
        await handle(report, random);
    },
    isIdle: (): boolean =>
      [...known.values()].every((each) => each.isReported) && reports.every((each) => each.isDone),
    logins: (): Login[] => [...known.values()].map(({ login }) => login),
  };
};
export type Watcher = ReturnType<typeof createWatcher>;
