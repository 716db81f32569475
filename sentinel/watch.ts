import type { Log } from '../adapters/settings/log.ts';
import { z } from 'zod';
import type { KratosAdmin } from '../adapters/kratos/index.ts';
import type { Channels } from '../adapters/channels/index.ts';
import type { Spool, SpoolEntry } from '../adapters/spool.ts';
import { reasonOf } from '../core/contracts/failures.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Sighting } from '../core/contracts/events.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import { confirmSession, within, type ConfirmLimits } from './confirm.ts';
import type { Identities } from './identities.ts';
import type { LoginRecorded, SightingRecorder } from './record.ts';
import { loginKey, reportId, sightingOf, type Report } from './report.ts';
import { persist } from './retry.ts';
import { ring, type Ringing, type Wait } from './ring.ts';

/** Waits between attempts and limits. Milliseconds. */
export interface Patience {
  readonly alarm: Wait;
  readonly record: Wait;
  readonly tell: Wait;
  readonly confirm: ConfirmLimits;
  /** How long the ledger's row waits for the session to be confirmed. */
  readonly rowWaitsForSession: number;
}

export interface WatchDeps {
  readonly spool: Spool<Report>;
  readonly identities: Identities;
  readonly kratos: Pick<KratosAdmin, 'findSession'>;
  readonly channels: () => Channels;
  readonly recorder: SightingRecorder;
  /** Writes `break_glass_events`; the same sighting again adds its details. */
  readonly recordSighting: (sighting: Sighting) => Promise<unknown>;
  /** Tells the account's workflow, started if need be, that the ledger has news. */
  readonly tellProcess: (account: AccountId) => Promise<void>;
  readonly config: () => Config;
  readonly now: () => Date;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly onAlarm: (seconds: number) => void;
}

/** One login, told of by one hook or several. The first one rings; each adds its facts to the ledger. */
interface Login {
  readonly leader: string;
  ringing: Ringing | null;
  /** The session's id once confirmed; null when Kratos has none. */
  session: Promise<string | null> | null;
  confirmed: string | null;
  /** Whether a row with the session's id is written. */
  isSessionRecorded: boolean;
  /** The last sighting; rows of one login are written one after the other. */
  newest: Sighting | null;
  rows: Promise<unknown>;
}

/**
 * What follows on a spooled report, step by step, each tried until it is done: alarm, ledger, process.
 * A report that is pending at a restart goes on where its notes end.
 */
export const createWatch = (deps: WatchDeps) => {
  const { spool, identities, recorder, log, signal, patience } = deps;
  const logins = new Map<string, Login>();
  const running = new Set<Promise<void>>();

  const loginOf = (entry: SpoolEntry<Report>): Login => {
    const key = loginKey(entry.data.hook);
    const login = logins.get(key) ?? {
      ...{ leader: entry.id, ringing: null, session: null, confirmed: null },
      ...{ isSessionRecorded: false, newest: null, rows: Promise.resolve() },
    };
    logins.set(key, login);
    if (recordedIn(entry)?.session === true) login.isSessionRecorded = true;
    return login;
  };

  const until = <T>(what: string, wait: Wait, sighting: Sighting, step: () => Promise<T>): Promise<T> =>
    persist(step, {
      signal,
      wait,
      onFailure: (error, failures) =>
        log.warn(
          { sighting: sighting.id, step: what, attempt: failures + 1, reason: reasonOf(error) },
          'step failed',
        ),
    });

  const startRinging = (entry: SpoolEntry<Report>, sighting: Sighting): Ringing => {
    const before = [...entry.notes].flatMap(([name, at]): [string, string][] =>
      name.startsWith('rang/') ? [[name.slice('rang/'.length), at]] : [],
    );
    return ring(
      { ...deps, wait: patience.alarm },
      {
        sighting,
        receivedAt: entry.data.receivedAt,
        before: new Map(before),
        note: (channel, at) => keep(entry, `rang/${channel}`, at),
      },
    );
  };

  /** A disk that is full must not stop an alarm; what was done is then done again after a restart. */
  const keep = async (entry: SpoolEntry<Report>, name: string, value: string): Promise<void> => {
    await spool.note(entry.id, name, value).catch((error: unknown) => {
      log.error({ report: entry.id, reason: reasonOf(error) }, 'the spool cannot be written');
    });
  };

  const startConfirming = (entry: SpoolEntry<Report>, login: Login): Promise<string | null> => {
    const { hook, receivedAt } = entry.data;
    if (hook.session === null) return Promise.resolve(null);
    const { firstMethodAt } = hook.session;
    const found = confirmSession(
      { ...deps, limits: patience.confirm },
      { identity: hook.identityId, firstMethodAt, receivedAt },
    );
    return found.then((session) => (login.confirmed = session));
  };

  const identify = async (entry: SpoolEntry<Report>): Promise<AccountId | null> => {
    const { identityId } = entry.data.hook;
    const whose = await persist(() => identities.find(identityId), {
      signal,
      wait: patience.confirm.wait,
      onFailure: (error) =>
        log.warn({ identity: identityId, reason: reasonOf(error) }, 'identity not looked up'),
    });
    return whose.account;
  };

  /** Rows of one login follow each other, so that the second factor is never read before the first. */
  const inTurn = <T>(login: Login, step: () => Promise<T>): Promise<T> => {
    const turn = login.rows.catch(() => undefined).then(step);
    login.rows = turn.catch(() => undefined);
    return turn;
  };

  const write = (login: Login, step: string, sighting: Sighting, alarm: Ringing | null, receivedAt: string) =>
    inTurn(login, async () => {
      const seen = { ...sighting, session: login.confirmed };
      login.newest = seen;
      if (seen.session !== null) login.isSessionRecorded = true;
      await until('break_glass_events', patience.record, seen, () => deps.recordSighting(seen));
      const row = await until('ledger', patience.record, seen, () =>
        recorder.recordLogin(step, seen, alarm === null ? null : { receivedAt, ...factsOf(alarm) }),
      );
      return { ...row, session: seen.session };
    });

  /** The report's own row, as soon as the alarm was heard and the session had time to be confirmed. */
  const recordFirst = async (
    entry: SpoolEntry<Report>,
    login: Login,
    sighting: Sighting,
    alarm: Ringing | null,
  ): Promise<LoginRecorded> => {
    const { hook, receivedAt } = entry.data;
    await alarm?.heard;
    const left = Date.parse(receivedAt) + patience.rowWaitsForSession - deps.now().getTime();
    if (login.session !== null) await within(login.session, left, signal);
    const { session, ...row } = await write(login, stepOf(hook), sighting, alarm, receivedAt);
    await keep(entry, 'recorded', JSON.stringify({ told: row.told, session: session !== null }));
    return row;
  };

  const handle = async (entry: SpoolEntry<Report>): Promise<void> => {
    const { hook, receivedAt } = entry.data;
    const account = identities.accountOf(hook.identityId) ?? (await identify(entry));
    if (account === null) return spool.drop(entry.id);
    const login = loginOf(entry);
    const sighting = sightingOf(entry.data, account);
    login.newest ??= sighting;
    const isLeader = login.leader === entry.id;
    if (isLeader) login.ringing = startRinging(entry, sighting);
    login.session ??= startConfirming(entry, login);
    const { session, ringing } = login;
    // Unheard, the rejections of an aborted watch would end the process.
    for (const each of [session, ...(ringing?.channels.values() ?? [])]) each.catch(() => undefined);

    const before = recordedIn(entry);
    const { told, concernsProcess } =
      before === undefined
        ? await recordFirst(entry, login, sighting, isLeader ? ringing : null)
        : { told: before.told, concernsProcess: true };
    const tell = concernsProcess
      ? until('process', patience.tell, sighting, () => deps.tellProcess(account))
      : Promise.resolve();
    if (isLeader)
      await Promise.all([tell, late(login, sighting, told, receivedAt), confirmLate(login, entry)]);
    else await tell;
    await spool.done(entry.id);
    log.info({ sighting: sighting.id, report: entry.id }, 'report done');
  };

  const late = async (
    login: Login,
    sighting: Sighting,
    told: readonly string[],
    receivedAt: string,
  ): Promise<void> => {
    const channels = [...(login.ringing?.channels ?? [])].filter(([channel]) => !told.includes(channel));
    await Promise.all(
      channels.map(async ([channel, taken]) => {
        const acceptedAt = await taken;
        await until('late acceptance', patience.record, sighting, () =>
          recorder.recordLateAcceptance(sighting, channel, receivedAt, acceptedAt),
        );
      }),
    );
  };

  /** A session confirmed after its row was written is a row of its own. */
  const confirmLate = async (login: Login, { data }: SpoolEntry<Report>): Promise<void> => {
    const session = await login.session;
    const sighting = login.newest;
    if (session === null || sighting === null || login.isSessionRecorded) return;
    await write(login, 'session', sighting, null, data.receivedAt);
    await until('process', patience.tell, sighting, () => deps.tellProcess(sighting.account));
  };

  const begin = (entry: SpoolEntry<Report>): void => {
    const work = handle(entry).catch((error: unknown) => {
      if (!signal.aborted) log.error({ report: entry.id, reason: reasonOf(error) }, 'a report was given up');
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  return {
    /** Goes on with everything the spool holds. */
    resume(): void {
      for (const entry of spool.known()) loginOf(entry);
      for (const entry of spool.pending()) begin(entry);
    },
    /**
     * Takes a report. What follows goes on in the background.
     *
     * @returns once it is on the disk
     * @throws when the disk did not take it; the alarm rings nevertheless
     */
    async take(it: Report): Promise<void> {
      const id = reportId(it.hook);
      const isNew = spool.find(id) === undefined;
      await spool.put(id, it).finally(() => {
        const entry = spool.find(id);
        if (isNew && entry !== undefined) begin(entry);
      });
    },
    /** Whether a hook or a sweep has told of this login, at this strength or a greater one. */
    knows(hook: Report['hook']): boolean {
      return spool
        .known()
        .some(({ data }) => loginKey(data.hook) === loginKey(hook) && isNoWeaker(data.hook, hook));
    },
    pending: () => spool.pending(),
    /** Resolves when nothing is under way, or the watch was aborted. */
    async idle(): Promise<void> {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
};
export type Watch = ReturnType<typeof createWatch>;

const isNoWeaker = (known: Report['hook'], than: Report['hook']): boolean =>
  known.session?.aal === 'aal2' || than.session?.aal !== 'aal2';

const recorded = z.object({ told: z.array(z.string()), session: z.boolean() });

/** What was noted when the report's row was written; undefined before that. */
const recordedIn = ({ notes }: SpoolEntry<Report>): z.infer<typeof recorded> | undefined => {
  const note = notes.get('recorded');
  return note === undefined ? undefined : recorded.parse(JSON.parse(note));
};

const factsOf = ({ accepted, failed }: Ringing) => ({
  accepted: Object.fromEntries(accepted),
  failed: Object.fromEntries(failed),
});

/** Tells the rows of one login apart: each factor, and each time an existing session proved itself again. */
const stepOf = ({ session, event }: Report['hook']): string =>
  session === null ? event : `${session.aal}/${session.methods.length}`;
