/** What the ledger tells, as numbers: how long steps took, what is owed, how near a lock-out is. */
import { Counter, Gauge, Histogram, Registry } from '../../adapters/metrics/index.ts';
import type { LedgerReader, Waiting } from '../../adapters/postgres/index.ts';
import { sighting } from '../../core/contracts/events.ts';
import { parts, type AccountId } from '../../core/contracts/ids.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { finalPhases, kindOf, kinds } from '../../core/rules/case/state.ts';
import { LONGEST_DAYS } from '../../core/rules/duties.ts';
import { steps } from '../../core/rules/measures.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import { followLedger, type Followed } from './follow.ts';

/** Seconds: from a moment's work to the days that paperwork may take. */
const buckets = [1, 5, 15, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400, 172_800, 604_800];

const secondsSince = (at: string, now: Date): number => Math.max(0, (now.getTime() - Date.parse(at)) / 1000);
const isLate = (at: string | undefined, now: Date): boolean =>
  at === undefined || secondsSince(at, now) > LONGEST_DAYS * 86_400;

/** How many more custodians may be lost before fewer are left than are needed, counting those who attested. */
const marginOf = ({ pair, attested }: AccountState): number =>
  Math.min(
    ...parts.map((part) => {
      const sealed = pair?.[part];
      if (sealed === undefined) return Number.POSITIVE_INFINITY;
      return sealed.custodians.filter((by) => attested.includes(`${part}/${by}`)).length - sealed.threshold;
    }),
  );

const counters = (register: Registry) => {
  const registers = [register];
  const took = new Histogram({
    name: 'breakglass_case_step_seconds',
    help: 'How long steps of cases took: authorised, released, access (asked to logged in), and from the end of the use revoked, rotated, closed.',
    labelNames: ['step', 'kind'],
    ...{ buckets, registers },
  });
  const rotations = new Histogram({
    name: 'breakglass_rotation_seconds',
    help: 'How long rotations took from their start until the new credential was proven.',
    ...{ buckets, registers },
  });
  const failed = new Counter({
    name: 'breakglass_rotations_failed_total',
    help: 'Rotations that no retry could mend.',
    registers,
  });
  const logins = new Counter({
    name: 'breakglass_logins_total',
    help: 'Logins recorded, by what told of them first; session-sweep: the hook did not.',
    labelNames: ['source'],
    registers,
  });
  const refused = new Counter({
    name: 'breakglass_refused_total',
    help: 'Statements refused, by the rules, or by a person’s own machine that did not believe what it was shown.',
    labelNames: ['by'],
    registers,
  });
  // What is there from the start has somewhere to rise from: of a series that begins at 1 Prometheus sees no increase.
  for (const step of steps) for (const kind of kinds) took.zero({ step, kind });
  for (const source of sighting.shape.source.options) logins.inc({ source }, 0);
  for (const by of ['rules', 'machine']) refused.inc({ by }, 0);
  return { took, rotations, failed, logins, refused };
};

const gauges = (register: Registry) => {
  const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `breakglass_${name}`, help, labelNames, registers: [register] });
  return {
    obligations: gauge('obligations', 'Steps that people owe, by kind; overdue ones among them.', [
      'kind',
      'state',
    ]),
    open: gauge('cases_open', 'Cases that are not over.', ['kind', 'phase']),
    accounts: gauge('accounts', 'Accounts: ready for a request, blocked, or not provisioned.', ['state']),
    late: gauge('accounts_late', `Provisioned accounts without rotation or drill in ${LONGEST_DAYS} days.`, [
      'duty',
    ]),
    oldest: gauge('credential_oldest_seconds', 'Age of the oldest credential in force.'),
    margin: gauge(
      'custody_margin',
      'The fewest custodians that some part may lose and still open; below 0: too few.',
    ),
    undeclared: gauge('undeclared_open', 'Undeclared uses that nobody has ended.'),
    unclaimed: gauge('logins_unclaimed', 'Logins that nobody has claimed yet.'),
    lost: gauge('workflows_lost', 'Workflows found gone that do not run again yet.'),
    rows: gauge('ledger_rows', 'The last row of the ledger.'),
    waiting: gauge('messages_waiting', 'Messages that a channel has not taken.', ['channel']),
  };
};

const fill = (
  g: ReturnType<typeof gauges>,
  { cases, accounts, drills, seq }: Followed,
  waiting: readonly Waiting[],
  now: Date,
): void => {
  for (const each of Object.values(g)) each.reset();
  for (const state of cases.values()) {
    if (finalPhases.includes(state.phase)) continue;
    g.open.inc({ kind: kindOf(state), phase: state.phase });
    for (const { kind, due } of state.obligations.filter(isOwed)) {
      g.obligations.inc({ kind, state: 'owed' });
      if (due <= now.toISOString()) g.obligations.inc({ kind, state: 'overdue' });
    }
  }
  const states = [...accounts.values()];
  for (const state of states)
    g.accounts.inc({
      state: state.pair === null ? 'unprovisioned' : blockedBy(state) === null ? 'ready' : 'blocked',
    });
  const provisioned = states.filter(({ pair }) => pair !== null);
  const ages = provisioned.flatMap(({ lastRotation }) =>
    lastRotation === null ? [] : [secondsSince(lastRotation.at, now)],
  );
  const drillOf = (account: AccountId): string | undefined => drills.get(account);
  g.late.set({ duty: 'rotation' }, provisioned.filter((it) => isLate(it.lastRotation?.at, now)).length);
  g.late.set({ duty: 'drill' }, provisioned.filter((it) => isLate(drillOf(it.account), now)).length);
  if (ages.length > 0) g.oldest.set(Math.max(...ages));
  // Of no account there is no margin: not a number is neither too few nor enough.
  g.margin.set(provisioned.length > 0 ? Math.min(...provisioned.map(marginOf)) : Number.NaN);
  g.undeclared.set(states.reduce((sum, { undeclared }) => sum + undeclared.length, 0));
  g.unclaimed.set(
    states.reduce((sum, { seen }) => sum + seen.filter((it) => it.claimedFor === null).length, 0),
  );
  g.lost.set(states.reduce((sum, { lost }) => sum + lost.length, 0));
  g.rows.set(seq());
  for (const { channel, messages } of waiting) g.waiting.set({ channel }, messages);
};

export interface LedgerMetrics {
  /** Reads what is new and gives it all; empty until the whole ledger was read once. @throws as the reader does */
  readonly expose: (now: Date) => Promise<string>;
}

/**
 * @param reader - of the ledger
 * @param askWaiting - what waits in the outbox
 */
export const createLedgerMetrics = (
  reader: Pick<LedgerReader, 'rowsAfter'>,
  askWaiting: () => Promise<readonly Waiting[]>,
): LedgerMetrics => {
  const register = new Registry();
  const { took, rotations, failed, logins, refused } = counters(register);
  const values = gauges(register);
  const followed = followLedger(reader, {
    onMeasure: ({ step, kind, seconds }) => took.observe({ step, kind }, seconds),
    onRow: ({ action }) => {
      if (action === 'break_glass_refused') refused.inc({ by: 'rules' });
      if (action === 'break_glass_machine_refused') refused.inc({ by: 'machine' });
    },
    onAccountEvent: (event, { rotation }) => {
      if (event.type === 'session-sighted') logins.inc({ source: event.sighting.source });
      if (event.type === 'rotation-failed') failed.inc();
      if (event.type === 'rotation-proven' && rotation !== null)
        rotations.observe(Math.max(0, (Date.parse(event.at) - Date.parse(rotation.startedAt)) / 1000));
    },
  });
  return {
    expose: async (now) => {
      const [waiting] = await Promise.all([askWaiting(), followed.catchUp()]);
      fill(values, followed, waiting, now);
      return followed.isWhole() ? register.metrics() : '';
    },
  };
};
