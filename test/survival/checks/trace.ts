/** What one login left behind, read from each place where it must have arrived. */
import type { Row } from '../../../core/contracts/ledger.ts';
import { acceptances } from '../../../dev/stack/times.ts';
import { loginEvents } from '../../whole/checks/alarm.ts';
import { until, type Rung, type Stranger, type Watched } from './watched.ts';

/** The security channels of the example organisation, first the topic. */
export const channels = ['security-topic', 'incident-slack'] as const;

/** Everything that one login left behind. Each count has one right value. */
export interface Trace {
  /** The rows of the login, by what was proven: its factors. */
  readonly rows: readonly string[];
  /** The channels whose acceptance the ledger tells, once for each time it tells it. */
  readonly accepted: readonly string[];
  readonly rung: Rung;
  /** Sightings of the account, and rows of `break_glass_events`. */
  readonly sightings: number;
  readonly events: number;
}

const rowsOf = async ({ lookout }: Watched, sighting: string): Promise<Row[]> =>
  (await lookout.rowsAfter(0)).filter((row) => row.metadata['sighting'] === sighting);

const acceptedIn = (rows: readonly Row[]): [string, string][] =>
  rows
    .filter((row) => row.action === 'break_glass_alarm')
    .flatMap((row) => Object.entries(acceptances.parse(row.metadata).accepted));

const stepOf = ({ key }: Row): string => key.split('/')[2] ?? '';

/** What a login has left behind by now. */
export const trace = async (watched: Watched, sighting: string): Promise<Trace> => {
  const { whole, lookout } = watched;
  const rows = await rowsOf(watched, sighting);
  const { seen } = await lookout.accountState(whole.account);
  return {
    // A session that a crowded machine confirmed late is a row of its own.
    rows: rows.filter((row) => row.action === 'break_glass_login' && stepOf(row) !== 'session').map(stepOf),
    accepted: acceptedIn(rows)
      .map(([channel]) => channel)
      .toSorted(),
    rung: await watched.rung(`alarm/${sighting}`),
    sightings: seen.filter((each) => each.sighting.id === sighting).length,
    events: (await loginEvents(whole.stack, sighting)).length,
  };
};

/** Milliseconds from Kratos's answer until the last of these channels had taken the alarm, by the ledger. */
export const toAlarm = async (watched: Watched, it: Stranger, among: readonly string[]): Promise<number> => {
  const taken = acceptedIn(await rowsOf(watched, it.sighting)).filter(([name]) => among.includes(name));
  return Math.max(...taken.map(([, at]) => Date.parse(at))) - it.answeredAt;
};

/** Waits until the ledger has so many rows of a login, and tells each channel's acceptance. */
export const rowsAndAlarms = (watched: Watched, { sighting }: Stranger, rows: number): Promise<void> =>
  until(`the rows of ${sighting}`, async () => {
    const found = await trace(watched, sighting);
    return found.rows.length >= rows && found.accepted.length >= channels.length;
  });
