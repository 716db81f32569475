import type { KratosAdmin } from '../adapters/kratos/index.ts';
import { accountOf, type CaseId } from '../core/contracts/ids.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import { loadStreams } from '../core/rules/streams.ts';
import { caseNews, type CaseNews } from './news.ts';
import { machineDeed, type Configs, type Recorder } from './recorder.ts';

export interface SessionDeps {
  readonly ledger: Ledger;
  readonly record: Recorder;
  readonly configs: () => Configs;
  readonly admin: Pick<KratosAdmin, 'findIdentity' | 'listSessions' | 'endSession'>;
  readonly clock: () => Date;
}

/** Ending what a case's login left alive. */
export const createSessionActivities = ({ ledger, record, configs, admin, clock }: SessionDeps) => ({
  /**
   * Ends every session of the case's identity but a rotation's own or another
   * case's, and records which. Deactivated, not deleted, so that Kratos keeps the record.
   */
  async endSessions({ id, after }: { id: CaseId; after: number }): Promise<CaseNews> {
    const key = `${id}/sessions-ended`;
    const account = accountOf(id);
    const load = async () => (await ledger.transact((tx) => loadStreams(tx, account, { case: id }))).account;
    const address = configs().current.config.accounts[account]?.address;
    const identity =
      (await load()).identity ?? (address === undefined ? undefined : await admin.findIdentity(address));
    if (identity === undefined)
      throw new Error(`${account} has no identity in kratos whose sessions could be ended`);
    const alive = await admin.listSessions(identity, { active: true });
    // Read after the list: a rotation, or the next case, may have begun while Kratos was away.
    const { claims } = await load();
    const active = alive.filter((each) => (claims[each.id] ?? id) === id);
    for (const session of active) await admin.endSession(session.id);
    const sessions = active.map((each) => each.id);
    // This process's clock, not the workflow's: the workflow's stands still while sessions are being ended.
    const now = clock().toISOString();
    await record({
      ...{ account, about: { case: id }, key, now },
      judge: () => ({
        kind: 'events',
        deed: machineDeed('worker', 'break_glass_sessions_ended', { sessions }),
        events: [{ case: id, event: { type: 'sessions-ended', at: now, sessions } }],
        case: id,
      }),
    });
    return ledger.transact((tx) => caseNews(tx, id, after));
  },
});
