import { isIP } from 'node:net';
import { z } from 'zod';
import type { Config } from '../core/contracts/config.ts';
import type { Sighting } from '../core/contracts/events.ts';
import type {
  Ledger,
  LedgerTransaction,
  Metadata,
  Row,
  RowDraft,
  StreamEvent,
} from '../core/contracts/ledger.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import { runbookFields } from '../core/rules/case/state.ts';
import { later } from '../core/rules/decision.ts';
import { messagesOfRow } from '../core/rules/messages.ts';
import { advance, caseIn, loadStreams, type Streams } from '../core/rules/streams.ts';
import { alarmId } from './alarm.ts';

/** What became of an alarm so far. Times are ours, ISO 8601 UTC. */
export interface AlarmFacts {
  readonly receivedAt: string;
  /** When each channel took it. */
  readonly accepted: Readonly<Record<string, string>>;
  /** Why a channel has not taken it yet. */
  readonly failed: Readonly<Record<string, string>>;
}

/** What the rows of a login came to. */
export interface LoginRecorded {
  readonly told: readonly string[];
  /** False when the session was known to be a rotation's own: nobody has anything to do. */
  readonly concernsProcess: boolean;
}

/** Writes what the sentinel saw and did; each row once, whatever is retried. */
export interface SightingRecorder {
  /**
   * The row of a login, with the row of its alarm.
   *
   * @param step - tells the rows of one sighting apart, e.g. `aal2`
   * @returns the channels whose acceptance the alarm's row tells, and whether the process must hear of it
   */
  recordLogin(step: string, sighting: Sighting, alarm: AlarmFacts | null): Promise<LoginRecorded>;
  /** A channel that took the alarm after its row was written. */
  recordLateAcceptance(
    sighting: Sighting,
    channel: string,
    receivedAt: string,
    acceptedAt: string,
  ): Promise<void>;
}

const acceptedIn = z.object({ accepted: z.record(z.string(), z.string()) });

const strength = { unknown: 0, aal1: 1, aal2: 2 } as const;

/** Reports of one login may come late: what is known already and stronger stays. */
const merged = (streams: Streams, sighting: Sighting): Sighting => {
  const known = streams.account.seen.find((each) => each.sighting.id === sighting.id)?.sighting;
  if (known === undefined) return sighting;
  const session = sighting.session ?? known.session;
  return strength[known.aal] > strength[sighting.aal] ? { ...known, session } : { ...sighting, session };
};

/** What the sentinel's rows about an account have in common. */
export const rowOn = (account: AccountId, timestamp: string) =>
  ({
    timestamp,
    // The role by which the process knows that no workflow wrote the row.
    actor_role: 'sentinel',
    resource_type: 'account',
    resource_id: account,
    nonce: null,
  }) as const;

const base = (sighting: Sighting, timestamp: string) => ({
  ...rowOn(sighting.account, timestamp),
  ip_address: isIP(sighting.ip) > 0 ? sighting.ip : null,
  user_agent: sighting.userAgent,
});

const alarmDraft = (
  sighting: Sighting,
  key: string,
  now: string,
  metadata: Metadata,
  isHeard: boolean,
): RowDraft => ({
  ...base(sighting, now),
  actor_id: 'sentinel',
  action: 'break_glass_alarm',
  result: isHeard ? 'success' : 'failure',
  case_id: null,
  key,
  metadata: { message: alarmId(sighting), sighting: sighting.id, ...metadata },
});

/** Which case was open tells the reader what to compare with; it does not say that the login belongs to it. */
const openCaseFacts = ({ account, cases }: Streams): Metadata => {
  const state = account.openCase === null ? undefined : cases.get(account.openCase.case);
  return state === undefined ? {} : { open_case: state.case, ...runbookFields(state) };
};

/** Rows are written in the same transaction in which the streams are folded. */
export const createSightingRecorder = (deps: {
  readonly ledger: Ledger;
  readonly config: () => Config;
  readonly now: () => Date;
}): SightingRecorder => {
  const { ledger, config } = deps;
  const now = (): string => deps.now().toISOString();

  const once = async (tx: LedgerTransaction, key: string, draft: () => RowDraft): Promise<Row> =>
    (await tx.rowByKey(key)) ?? (await tx.append(draft()));

  const recordLoginRow = async (tx: LedgerTransaction, key: string, reported: Sighting): Promise<boolean> => {
    // Written before a crash, and nobody knows whether the process heard of it.
    if ((await tx.rowByKey(key)) !== null) return true;
    const before = await loadStreams(tx, reported.account, { session: reported.session });
    const sighting = merged(before, reported);
    const { account, at } = sighting;
    const recordedAt = now();
    // Not from the login's own time: one told of after an outage leaves its person the whole time to claim it, and
    // one that a wrong clock dates ahead no longer than that.
    const claimBy = later(recordedAt, config().deadlines.claim);
    const first: StreamEvent = { account, event: { type: 'session-sighted', at, sighting, claimBy } };
    const { streams, events } = advance(before, [first], recordedAt);
    await tx.append({
      ...base(sighting, at),
      actor_id: addressOf(config(), sighting),
      action: 'break_glass_login',
      result: 'success',
      case_id: caseIn(events),
      key,
      metadata: {
        ...openCaseFacts(before),
        sighting: sighting.id,
        identity: sighting.identity,
        events: [...events],
      },
    });
    for (const message of messagesOfRow(key, events, streams, config())) await tx.enqueue(message);
    const seen = streams.account.seen.find((each) => each.sighting.id === sighting.id);
    return seen?.claimedFor?.startsWith('rotation/') !== true;
  };

  const recordAlarmRow = async (
    tx: LedgerTransaction,
    sighting: Sighting,
    alarm: AlarmFacts,
  ): Promise<string[]> => {
    const { receivedAt, accepted, failed } = alarm;
    const first = Object.values(accepted).sort()[0] ?? null;
    const metadata = { received_at: receivedAt, first_accepted_at: first, accepted, failed };
    const key = alarmId(sighting);
    const row = await once(tx, key, () => alarmDraft(sighting, key, now(), metadata, first !== null));
    return Object.keys(acceptedIn.parse(row.metadata).accepted);
  };

  return {
    recordLogin: (step, sighting, alarm) =>
      ledger.transact(async (tx) => {
        const concernsProcess = await recordLoginRow(tx, `sighting/${sighting.id}/${step}`, sighting);
        const told = alarm === null ? [] : await recordAlarmRow(tx, sighting, alarm);
        return { told, concernsProcess };
      }),
    recordLateAcceptance: (sighting, channel, receivedAt, acceptedAt) =>
      ledger.transact(async (tx) => {
        const key = `${alarmId(sighting)}/${channel}`;
        const metadata = { received_at: receivedAt, accepted: { [channel]: acceptedAt } };
        await once(tx, key, () => alarmDraft(sighting, key, now(), metadata, true));
      }),
  };
};

/** The account's address, as the config has it; the identity where it has none. */
export const addressOf = (
  config: Config,
  { account, identity }: Pick<Sighting, 'account' | 'identity'>,
): string => {
  const known = config.accounts[account];
  return known?.kind === 'kratos' ? known.address : identity;
};
