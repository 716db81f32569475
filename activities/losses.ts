import type { AccountId, RotationId } from '../core/contracts/ids.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import { judgeLook } from '../core/rules/account/losses.ts';
import type { Tick } from './clock.ts';
import { accountNews, type AccountNews } from './news.ts';
import { judgedAt, machineDeed, type Recorder } from './recorder.ts';

/** What an account notices of its own workflows; the rest is the watchdog's. */
export const createLossActivities = ({
  ledger,
  record,
  clock,
}: {
  ledger: Ledger;
  record: Recorder;
  clock: () => Date;
}) => ({
  /** A rotation ended without a result, or its id was free though it is not over: recorded, and rung. */
  async recordGone({
    id,
    key,
    after,
    workflow,
    ...asked
  }: Tick<AccountId> & { readonly workflow: RotationId }): Promise<AccountNews> {
    const now = judgedAt(asked.now, clock);
    await record({
      ...{ account: id, about: {}, key, now },
      judge: (streams) => {
        const events = judgeLook(streams, workflow, false, now).map((event) => ({ account: id, event }));
        const deed = machineDeed('worker', 'break_glass_workflow_gone', { workflow });
        return events.length === 0 ? { kind: 'nothing' } : { kind: 'events', deed, events, case: null };
      },
    });
    return ledger.transact((tx) => accountNews(tx, id, after));
  },
});
