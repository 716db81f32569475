import { accountOf, type AccountId, type CaseId } from '../core/contracts/ids.ts';
import type { Action, Ledger, StreamEvent } from '../core/contracts/ledger.ts';
import { dueAccount } from '../core/rules/account/due.ts';
import { withDetected } from '../core/rules/case/detect.ts';
import { dueCase } from '../core/rules/case/due.ts';
import { caseIn } from '../core/rules/streams.ts';
import { accountNews, caseNews, type AccountNews, type CaseNews } from './news.ts';
import { judgedAt, machineDeed, type Configs, type Recorder, type Verdict } from './recorder.ts';

/** A workflow's timer fired, or somebody woke it. */
export interface Tick<Id> {
  readonly id: Id;
  /** Workflow id and the instant of the tick. */
  readonly key: string;
  /** The workflow's time. */
  readonly now: string;
  readonly after: number;
}

const actionOf = (events: readonly StreamEvent[]): Action => {
  switch (events[0]?.event.type) {
    case 'expired':
      return 'break_glass_expired';
    case 'ended':
      return 'break_glass_ended';
    case 'reminded':
      return 'break_glass_reminded';
    case 'old-credential':
      return 'break_glass_old_credential';
    case 'unsighted':
      return 'break_glass_silence';
    case 'session-unclaimed':
      return 'break_glass_unclaimed';
    default:
      return 'break_glass_escalated';
  }
};

const verdict = (events: StreamEvent[]): Verdict =>
  events.length === 0
    ? { kind: 'nothing' }
    : { kind: 'events', deed: machineDeed('clock', actionOf(events)), events, case: caseIn(events) };

/** What the clock brings about, and what a woken workflow reads. */
export const createClockActivities = ({
  ledger,
  record,
  configs,
  clock,
}: {
  ledger: Ledger;
  record: Recorder;
  configs: () => Configs;
  clock: () => Date;
}) => ({
  /** Records what is due at `now` for a case, and tells what it has missed. */
  async tickCase({ id, key, after, ...asked }: Tick<CaseId>): Promise<CaseNews> {
    const now = judgedAt(asked.now, clock);
    await record({
      ...{ account: accountOf(id), about: { case: id }, key, now },
      judge: (streams) => {
        const state = streams.cases.get(id);
        return verdict(state === undefined ? [] : dueCase(state, now).map((event) => ({ case: id, event })));
      },
    });
    return ledger.transact((tx) => caseNews(tx, id, after));
  },
  /** The same for an account. */
  async tickAccount({ id, key, after, ...asked }: Tick<AccountId>): Promise<AccountNews> {
    const now = judgedAt(asked.now, clock);
    await record({
      ...{ account: id, about: {}, key, now },
      judge: ({ account }) => verdict(withDetected(account, dueAccount(account, now), configs().current)),
    });
    return ledger.transact((tx) => accountNews(tx, id, after));
  },
});
