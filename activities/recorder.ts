import type { AccountId, CaseId, Digest } from '../core/contracts/ids.ts';
import type {
  Action,
  Ledger,
  LedgerTransaction,
  Metadata,
  Row,
  RowDraft,
  StreamEvent,
} from '../core/contracts/ledger.ts';
import type { Refusal } from '../core/contracts/failures.ts';
import { runbookFields } from '../core/rules/case/state.ts';
import { messagesOfRow } from '../core/rules/messages.ts';
import { advance, loadStreams, type About, type Streams } from '../core/rules/streams.ts';
import type { KnownConfig } from '../core/trust/configChain.ts';

/** The configs a process knows, read from its own disk. */
export interface Configs {
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly current: KnownConfig;
}

export interface RecorderDeps {
  readonly ledger: Ledger;
  readonly configs: () => Configs;
}

/** Who did it, and with what: the fields of a row that do not follow from its events. */
export type Deed = Pick<
  RowDraft,
  'actor_id' | 'actor_role' | 'action' | 'nonce' | 'ip_address' | 'user_agent'
> & {
  readonly metadata: Metadata;
};

/** What an attempt comes to: events to be recorded, a refusal to be recorded, or nothing to do. */
export type Verdict =
  | {
      readonly kind: 'events';
      readonly deed: Deed;
      readonly events: readonly StreamEvent[];
      readonly case: CaseId | null;
    }
  | { readonly kind: 'refused'; readonly deed: Deed; readonly refusal: Refusal; readonly case: CaseId | null }
  | { readonly kind: 'nothing' };

export interface Attempt {
  readonly account: AccountId;
  readonly about: About;
  /** Workflow id and step: the same key is written once, whoever retries. */
  readonly key: string;
  readonly now: string;
  readonly judge: (streams: Streams, tx: LedgerTransaction) => Promise<Verdict> | Verdict;
}

/**
 * The instant by which a step is judged: when it was asked for, or now, if it was held up since. An approval that
 * lapsed while Postgres was away counts no more, and what is late says so.
 */
export const judgedAt = (asked: string, clock: () => Date): string => {
  const now = clock().toISOString();
  return now > asked ? now : asked;
};

/** The row a person or a machine that is no person leaves. */
export const machineDeed = (role: 'worker' | 'clock', action: Action, metadata: Metadata = {}): Deed => ({
  actor_id: 'breakglass',
  actor_role: role,
  action,
  nonce: null,
  ip_address: null,
  user_agent: null,
  metadata,
});

const caseFacts = (streams: Streams, id: CaseId | null): Metadata => {
  const state = id === null ? undefined : streams.cases.get(id);
  return state === undefined ? {} : runbookFields(state);
};

/**
 * Writes decisions: one transaction folds the streams from the ledger, asks
 * `judge`, and commits the row with every event that follows and the messages
 * they cause. A decision takes effect by this row and by nothing else.
 *
 * @returns the row that was written now or, under the same key, before; null when there was nothing to do
 */
export const createRecorder =
  ({ ledger, configs }: RecorderDeps) =>
  (attempt: Attempt): Promise<Row | null> =>
    ledger.transact(async (tx) => {
      const { account, key, now } = attempt;
      const before = await tx.rowByKey(key);
      if (before !== null) return before;
      const streams = await loadStreams(tx, account, attempt.about);
      const verdict = await attempt.judge(streams, tx);
      if (verdict.kind === 'nothing') return null;
      const base = { timestamp: now, resource_type: 'account', resource_id: account, key } as const;
      if (verdict.kind === 'refused') {
        const { code, why } = verdict.refusal;
        const metadata: Metadata = {
          ...caseFacts(streams, verdict.case),
          ...verdict.deed.metadata,
          code,
          why,
        };
        return tx.append({ ...base, ...verdict.deed, case_id: verdict.case, result: 'refused', metadata });
      }
      const { streams: after, events } = advance(streams, verdict.events, now);
      const metadata: Metadata = {
        ...caseFacts(after, verdict.case),
        ...verdict.deed.metadata,
        events: [...events],
      };
      const row = await tx.append({
        ...base,
        ...verdict.deed,
        case_id: verdict.case,
        result: 'success',
        metadata,
      });
      for (const message of messagesOfRow(key, events, after, configs().current.config))
        await tx.enqueue(message);
      return row;
    });
export type Recorder = ReturnType<typeof createRecorder>;
