/** Logins with our own servers away, hooks lost, and the sentinel killed: what becomes of each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountEvent } from '../../../core/contracts/events.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { accountEventsIn } from '../../../core/rules/streams.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import { chatMessages } from '../../whole/checks/alarm.ts';
import { post, reportIn } from './hookDoor.ts';
import { channels, rowsAndAlarms, toAlarm, trace, type Trace } from './trace.ts';
import { until, type Rung, type Server, type Stranger, type Watched } from './watched.ts';

type Unclaimed = Extract<AccountEvent, { type: 'session-unclaimed' }>;
const unclaimedIn = (watched: Watched, rows: readonly Row[], { sighting }: Stranger): Unclaimed[] =>
  accountEventsIn(rows, watched.whole.account).flatMap((event) =>
    event.type === 'session-unclaimed' && event.sighting === sighting ? [event] : [],
  );

/** Waits until nobody has claimed a login in time, and gives the case that it opened or joined. */
const undeclaredCase = async (watched: Watched, login: Stranger): Promise<CaseId> => {
  const cases = async (): Promise<CaseId[]> =>
    unclaimedIn(watched, await watched.lookout.rowsAfter(0), login).flatMap((each) => each.case ?? []);
  await until('the undeclared case', async () => (await cases()).length > 0);
  const [id] = await cases();
  if (id === undefined) throw new Error('no case was opened');
  return id;
};

/** What came of a login during an outage. */
export interface Outlived extends Trace {
  /** The channels that had the alarm before anything was back. */
  readonly rangMeanwhile: readonly string[];
  readonly toAlarmMs: number;
  /** How often it rang as undeclared, and the cases that were opened then. */
  readonly unclaimed: number;
  readonly cases: number;
}

export interface Outage {
  readonly name: string;
  readonly down: readonly Server[];
}

export const temporalDown: Outage = { name: 'Temporal', down: ['temporal'] };
export const postgresDown: Outage = { name: 'our Postgres', down: ['postgres'] };
export const bothDown: Outage = { name: 'Temporal and our Postgres', down: ['temporal', 'postgres'] };
export const topicDown: Outage = { name: 'the first channel', down: ['topic'] };

/**
 * Stops servers, logs in, waits until every channel that is up has rung, and starts them again. Then nobody claims
 * the session in time; in the end somebody does, so that the next one opens a case of its own.
 */
export const outlive = async (watched: Watched, { down }: Outage): Promise<Outlived> => {
  const { lookout, whole } = watched;
  const head = await lookout.head();
  for (const server of down) await watched.stopServer(server);
  const login = await watched.logIn('aal2');
  const up = channels.filter((channel) => channel !== 'security-topic' || !down.includes('topic'));
  const ringing = (): Promise<Rung> => watched.rung(`alarm/${login.sighting}`);
  await until('the alarm', async () => {
    const rung = await ringing();
    return up.every((channel) => rung[channel] > 0);
  });
  const meanwhile = await ringing();
  for (const server of down) await watched.startServer(server);
  await rowsAndAlarms(watched, login, 2);
  const id = await undeclaredCase(watched, login);
  await lookout.quiet();
  const rows = await lookout.rowsAfter(head);
  const unclaimed = unclaimedIn(watched, rows, login);
  const detected = rows.flatMap((row) =>
    (row.metadata.events ?? []).filter(({ event }) => event.type === 'detected'),
  );
  await mustRun(whole.stack.cli, 'maya', 'claim', id, '--session', login.session);
  return {
    ...(await trace(watched, login.sighting)),
    rangMeanwhile: channels.filter((channel) => meanwhile[channel] > 0),
    toAlarmMs: await toAlarm(watched, login, up),
    unclaimed: unclaimed.length,
    cases: detected.length,
  };
};

/** What came of a login whose hook was lost, and came after all when the sweep had found it. */
export interface Found extends Trace {
  readonly toAlarmMs: number;
  /** Whether the alarm says how it was found. */
  readonly saysSo: boolean;
}

export const loseHook = async (watched: Watched): Promise<Found> => {
  const { door, whole } = watched;
  door.isShut = true;
  const login = await watched.logIn('aal1');
  await rowsAndAlarms(watched, login, 1);
  door.isShut = false;
  for (const hook of login.hooks) await post(door.target, hook);
  await watched.lookout.quiet();
  const chat = await chatMessages(whole.stack);
  const saying = chat.find((each) => each.whole.includes(`alarm/${login.sighting}`));
  return {
    ...(await trace(watched, login.sighting)),
    toAlarmMs: await toAlarm(watched, login, channels),
    saysSo: saying?.whole.includes('hook for this login never came') === true,
  };
};

/** The sentinel killed when the alarm has rung and no row is written, and started again before Postgres is. */
export const killBeforeRow = async (watched: Watched): Promise<Trace> => {
  const { whole } = watched;
  await watched.stopServer('postgres');
  const login = await watched.logIn('aal1');
  const [report] = login.hooks.map(reportIn);
  await until('the alarm to be noted', async () => {
    const spool = await readFile(join(whole.stack.stateFolder, 'spool', 'spool.jsonl'), 'utf8');
    return channels.every((channel) => spool.includes(`{"note":"${report}","name":"rang/${channel}"`));
  });
  await watched.kill('sentinel');
  await whole.stack.restart('sentinel');
  await watched.startServer('postgres');
  await rowsAndAlarms(watched, login, 1);
  await watched.lookout.quiet();
  return trace(watched, login.sighting);
};

/** Sessions that ended, by the rows that call them a logout nobody declared. */
export interface Ended {
  readonly loggedOut: number;
  readonly stopped: number;
}

/** A stranger who logs out again, and one whose session is ended by `breakglass stop`. */
export const endBoth = async (watched: Watched): Promise<Ended> => {
  const { lookout, whole } = watched;
  const { stateFolder, cli } = whole.stack;
  const isSwept = async ({ session }: Stranger): Promise<boolean> =>
    (await readFile(join(stateFolder, 'spool', 'sessions.json'), 'utf8')).includes(session);
  const logouts = async ({ session }: Stranger): Promise<number> =>
    (await lookout.rowsAfter(0)).filter((row) => row.key === `logout/${session}`).length;

  const [leaving, staying] = [await watched.logIn('aal1'), await watched.logIn('aal1')];
  await until('the sweep to see both', async () => (await isSwept(leaving)) && (await isSwept(staying)));
  await leaving.logOut();
  await until('the logout', async () => (await logouts(leaving)) > 0);
  const id = await undeclaredCase(watched, staying);
  await mustRun(cli, 'omar', 'stop', id, '--reason', 'nobody knows who this is');
  await until('its sessions to be ended', async () => (await lookout.caseState(id)).sessionsEnded !== null);
  // While it is rotated the sweep waits: only afterwards it could take the end for a logout.
  await until('the rotation', async () => {
    const { rotation, rotationsOwed } = await lookout.accountState(whole.account);
    return rotation === null && rotationsOwed.length === 0;
  });
  // More than one further look of the sweep.
  await sleep(5_000);
  return { loggedOut: await logouts(leaving), stopped: await logouts(staying) };
};
