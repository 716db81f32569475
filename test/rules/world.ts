/** One account with its cases as the process has them: rows, folded anew for each decision, and a clock. */
import type { Config } from '../../core/contracts/config.ts';
import type { AccountEvent, CaseEvent, Pair, Sighting } from '../../core/contracts/events.ts';
import type { CaseId, Digest } from '../../core/contracts/ids.ts';
import {
  streamEvent,
  type LedgerTransaction,
  type Row,
  type StreamEvent,
} from '../../core/contracts/ledger.ts';
import { accountStatement, caseStatement, type Statement } from '../../core/contracts/statements.ts';
import { decideAccount, openCase } from '../../core/rules/account/decide.ts';
import { dueAccount, nextAccountDeadline } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount, type AccountState } from '../../core/rules/account/state.ts';
import { decideCase } from '../../core/rules/case/decide.ts';
import { withDetected } from '../../core/rules/case/detect.ts';
import { dueCase, nextCaseDeadline } from '../../core/rules/case/due.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import type { Decision } from '../../core/rules/decision.ts';
import { earliest } from '../../core/rules/obligations.ts';
import {
  advance,
  foldAccount,
  foldCase,
  loadStreams,
  type About,
  type Streams,
} from '../../core/rules/streams.ts';
import { account, configDigest, digestOf, person } from '../support/rules.ts';

/** A row of the world: what the rules said, when, and under which config. */
export interface Entry {
  readonly now: string;
  readonly current: Config;
  readonly events: readonly StreamEvent[];
}

const again = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const rowOf = ({ now, events }: Entry, seq: number): Row => ({
  ...{
    timestamp: now,
    actor_id: 'x',
    actor_role: 'x',
    action: 'break_glass_config',
    resource_type: 'account',
  },
  ...{
    resource_id: account,
    ip_address: null,
    user_agent: null,
    result: 'success',
    case_id: null,
    nonce: null,
  },
  ...{ key: `${seq}`, metadata: { events: [...events] }, seq, previous: '', hash: '' },
});

export class World {
  now: string;
  current: Config;
  readonly entries: Entry[] = [];
  /** The workflows' copies: one event after the other, as they come. */
  account: AccountState = emptyAccount(account);
  readonly cases = new Map<CaseId, CaseState>();

  constructor(now: string, current: Config) {
    this.now = now;
    this.current = current;
  }

  private readonly rows: Row[] = [];
  /** Rows by the case or account that they are about, since every decision reads them again. */
  private readonly rowsOf = new Map<string, Row[]>();

  private keep(row: Row): void {
    this.rows.push(row);
    const { events = [] } = row.metadata;
    for (const id of new Set(events.map((each) => ('case' in each ? each.case : each.account))))
      this.rowsOf.set(id, [...(this.rowsOf.get(id) ?? []), row]);
  }

  private transaction(): LedgerTransaction {
    const about = (id: string): Promise<Row[]> => Promise.resolve(this.rowsOf.get(id) ?? []);
    const never = () => Promise.reject(new Error('the rules neither write nor look up'));
    return {
      ...{ rowByKey: never, isNonceUsed: never, append: never, enqueue: never },
      rowsOfCase: (id) => about(id),
      rowsOfAccount: (id) => about(id),
    };
  }

  /** As the recorder does it: fold, judge, apply with all that follows, and write in one row. */
  async record(
    about: About,
    judge: (streams: Streams) => Decision<StreamEvent>,
  ): Promise<readonly StreamEvent[]> {
    const streams = await loadStreams(this.transaction(), account, about);
    const decision = judge(streams);
    if (!decision.ok || decision.events.length === 0) return [];
    const { events } = advance(streams, decision.events, this.now);
    // What cannot be stored and read back as the contract has it is no event.
    const stored = events.map((each) => streamEvent.parse(again(each)));
    const entry = { now: this.now, current: this.current, events: stored };
    this.keep(rowOf(entry, this.entries.push(entry)));
    for (const each of stored) {
      if ('case' in each)
        this.cases.set(each.case, evolveCase(this.cases.get(each.case) ?? null, each.event));
      else this.account = evolveAccount(this.account, each.event);
    }
    return stored;
  }

  /** The account workflow or the case workflow hears a statement whose signature holds. */
  async hear(it: Statement, digest: Digest): Promise<readonly StreamEvent[]> {
    const { now, current } = this;
    const byCase = caseStatement.safeParse(it);
    if (byCase.success && byCase.data.case !== null) {
      const statement = byCase.data;
      const id = byCase.data.case;
      return this.record({ case: id }, ({ cases }) => {
        const state = cases.get(id);
        if (state === undefined) return { ok: true, events: [] };
        const decision = decideCase(state, statement, { now, current, digest });
        return decision.ok
          ? { ok: true, events: decision.events.map((event) => ({ case: id, event })) }
          : decision;
      });
    }
    const byAccount = accountStatement.safeParse(it);
    if (!byAccount.success) return [];
    const statement = byAccount.data;
    return this.record({ case: null }, (streams) => {
      const openId = streams.account.openCase?.case;
      const openPhase = openId === undefined ? null : (streams.cases.get(openId)?.phase ?? null);
      const about = { now, current, currentDigest: configDigest, digest, openPhase };
      const decision = decideAccount(streams.account, statement, about);
      if (!decision.ok) return decision;
      return {
        ok: true,
        events: decision.events.flatMap((event): StreamEvent[] =>
          event.type === 'case-opened' && statement.type === 'request'
            ? [
                { account, event },
                { case: event.case, event: openCase(streams.account, event, statement, current) },
              ]
            : [{ account, event }],
        ),
      };
    });
  }

  private ofAccount(event: AccountEvent, about: About = {}): Promise<readonly StreamEvent[]> {
    return this.record(about, () => ({ ok: true, events: [{ account, event }] }));
  }

  private ofCase(id: CaseId, event: CaseEvent): Promise<readonly StreamEvent[]> {
    return this.record({ case: id }, () => ({ ok: true, events: [{ case: id, event }] }));
  }

  see(sighting: Sighting, claimBy: string): Promise<readonly StreamEvent[]> {
    return this.ofAccount(
      { type: 'session-sighted', at: sighting.at, sighting, claimBy },
      { session: sighting.session },
    );
  }

  /** The running rotation made a session of its own. */
  async recordSession(session: string): Promise<void> {
    const running = this.account.rotation?.id;
    if (running !== undefined)
      await this.ofAccount({ type: 'session-recorded', at: this.now, rotation: running, session });
  }

  /** The sweep found a session gone. */
  async lose(session: string): Promise<void> {
    const event = { type: 'session-gone', at: this.now, session, lastActiveAt: this.now } as const;
    await this.ofAccount(event, { session });
  }

  /** Rotations are proven in the order of their generations. */
  async prove(pair: Pair): Promise<void> {
    const running = this.account.rotation;
    if (running === null) return;
    const identity = digestOf('identity');
    // Every third rotation finds an admin that nobody knows.
    const unknown = { id: 'admin-1', says: 'an admin that nobody knows' };
    const owners = ['bob', 'carol'].map(person);
    const findings = pair.password.generation % 3 === 0 ? { findings: { found: [unknown], owners } } : {};
    const proven = { type: 'rotation-proven', at: this.now, rotation: running.id, identity, pair } as const;
    const event = { ...proven, ...findings };
    // Says nothing of its case: which one it settles is the account's to know.
    await this.ofAccount(event);
  }

  async failRotation(): Promise<void> {
    const running = this.account.rotation?.id;
    if (running !== undefined)
      await this.ofAccount({ type: 'rotation-failed', at: this.now, rotation: running, why: 'x' });
  }

  /** The worker ends what the logins of ended cases left alive. */
  async endSessions(): Promise<void> {
    for (const [id, state] of this.cases)
      if (state.endedAt !== null && state.sessionsEnded === null)
        await this.ofCase(id, { type: 'sessions-ended', at: this.now, sessions: [] });
  }

  /** Every workflow's clock ticks once: what is due now, in the account and in each case. @returns how many rows it took */
  async tick(): Promise<number> {
    const { now } = this;
    const before = this.entries.length;
    await this.record({}, (streams) => ({
      ok: true,
      events: withDetected(streams.account, dueAccount(streams.account, now), {
        config: this.current,
        digest: configDigest,
      }),
    }));
    for (const id of [...this.cases.keys()])
      await this.record({ case: id }, ({ cases }) => {
        const state = cases.get(id);
        const due = state === undefined ? [] : dueCase(state, now);
        return { ok: true, events: due.map((event) => ({ case: id, event })) };
      });
    return this.entries.length - before;
  }

  nextDeadline(): string | null {
    return earliest([nextAccountDeadline(this.account), ...[...this.cases.values()].map(nextCaseDeadline)]);
  }

  /** The streams folded from nothing, as a rebuilt workflow or the api does. */
  folded(): { account: AccountState; cases: Map<CaseId, CaseState | null> } {
    const rows = this.rows;
    return {
      account: foldAccount(rows, account),
      cases: new Map([...this.cases.keys()].map((id) => [id, foldCase(rows, id)])),
    };
  }

  /** The workflows continue as new: their states pass through JSON. */
  continueAsNew(): void {
    this.account = again(this.account);
    for (const [id, state] of this.cases) this.cases.set(id, again(state));
  }
}
