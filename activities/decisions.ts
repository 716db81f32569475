import type { Config } from '../core/contracts/config.ts';
import { failureNames, type Refusal } from '../core/contracts/failures.ts';
import { accountOf, type AccountId, type CaseId } from '../core/contracts/ids.ts';
import {
  actionOf,
  type Ledger,
  type LedgerTransaction,
  type Row,
  type StreamEvent,
} from '../core/contracts/ledger.ts';
import { accountStatement, caseStatement, type Statement } from '../core/contracts/statements.ts';
import type { Accepted, Submission } from '../core/contracts/temporal.ts';
import { decideAccount, openCase } from '../core/rules/account/decide.ts';
import { decideCase } from '../core/rules/case/decide.ts';
import type { Decision } from '../core/rules/decision.ts';
import type { Streams } from '../core/rules/streams.ts';
import { openEnvelope } from '../core/trust/envelope.ts';
import { finalFailure } from './final.ts';
import { accountNews, caseNews, type AccountNews, type CaseNews } from './news.ts';
import { judgedAt, type Configs, type Deed, type Recorder, type Verdict } from './recorder.ts';

/** A statement brought before a workflow. */
export interface Hearing<Id> {
  readonly id: Id;
  readonly submission: Submission;
  /** Workflow id and update id. */
  readonly key: string;
  readonly now: string;
  /** The last row the workflow has absorbed. */
  readonly after: number;
}

export interface Heard<News> {
  readonly accepted: Accepted;
  readonly news: News;
}

const roles = {
  request: 'requester',
  approval: 'approver',
  denial: 'approver',
  withdrawal: 'requester',
  release: 'custodian',
  claim: 'requester',
  end: 'requester',
  refusals: 'requester',
  attestation: 'custodian',
  'write-up': 'requester',
  finding: 'owner',
  provision: 'owner',
  rotate: 'owner',
  override: 'owner',
  'machine-refusal': 'person',
  stop: 'responder',
} as const satisfies Record<Statement['type'], string>;

type Opened = Extract<ReturnType<typeof openEnvelope>, { ok: true }>;

/** An envelope that opened, or the refusal to be written. */
const open = (
  it: Hearing<unknown>,
  { configs, current }: Configs,
): Opened | { ok: false; refusal: Refusal; by: string | null } =>
  openEnvelope({ envelope: it.submission.envelope, configs, current: current.digest, now: it.now });

const deedOf = (it: Hearing<unknown>, opened: ReturnType<typeof open>): Deed => {
  const { envelope, origin } = it.submission;
  const from = { ip_address: origin.ip, user_agent: origin.userAgent };
  if (!opened.ok)
    return {
      ...{
        actor_id: opened.by ?? 'unknown',
        actor_role: 'unproven',
        action: 'break_glass_refused',
        nonce: null,
      },
      ...from,
      metadata: { envelope },
    };
  const { statement, digest, fingerprint } = opened;
  return {
    ...{ actor_id: statement.by, actor_role: roles[statement.type], action: actionOf[statement.type] },
    nonce: statement.nonce,
    ...from,
    metadata: { envelope, statement: digest, key_fingerprint: fingerprint },
  };
};

const refused = (deed: Deed, refusal: Refusal, id: CaseId | null): Verdict => ({
  kind: 'refused',
  // A refused statement does not use up its nonce: it may be right later.
  deed: { ...deed, action: 'break_glass_refused', nonce: null },
  refusal,
  case: id,
});

const replayed: Refusal = {
  code: 'replayed',
  why: 'this very statement was accepted before; sign a new one',
};

const wrongPlace = (id: string, type: string): Refusal => ({
  code: 'wrong-case',
  why: `${id} takes no statement of type ${type}`,
});

/** The outcome of a row, for the person who submitted; refusals become failures here. */
const acceptedBy = (row: Row): Accepted => {
  if (row.result === 'refused') {
    const { code, why } = row.metadata;
    throw finalFailure(String(why), failureNames.refused, { code, why, seq: row.seq });
  }
  const events = row.metadata.events ?? [];
  const rotation = events.flatMap(({ event }) => ('rotation' in event ? [event.rotation] : []))[0] ?? null;
  return { seq: row.seq, case: row.case_id, rotation, events: events.map(({ event }) => event.type) };
};

const judgeAccount = (
  it: Hearing<AccountId>,
  opened: Opened,
  streams: Streams,
  { current }: Configs,
): { decision: Decision<StreamEvent>; case: CaseId | null } => {
  const statement = accountStatement.safeParse(opened.statement);
  if (!statement.success)
    return { decision: { ok: false, refusal: wrongPlace(it.id, opened.statement.type) }, case: null };
  const openId = streams.account.openCase?.case;
  const decision = decideAccount(streams.account, statement.data, {
    now: it.now,
    current: current.config,
    currentDigest: current.digest,
    digest: opened.digest,
    openPhase: openId === undefined ? null : (streams.cases.get(openId)?.phase ?? null),
  });
  if (!decision.ok) return { decision, case: null };
  const events: StreamEvent[] = decision.events.map((event) => ({ account: it.id, event }));
  const opening = decision.events.find((event) => event.type === 'case-opened');
  if (opening !== undefined && statement.data.type === 'request')
    events.push({
      case: opening.case,
      event: openCase(streams.account, opening, statement.data, current.config),
    });
  const about = opening?.case ?? (statement.data.type === 'claim' ? statement.data.case : null);
  return { decision: { ok: true, events }, case: about };
};

const judgeCase = (
  it: Hearing<CaseId>,
  opened: Opened,
  streams: Streams,
  current: Config,
): Decision<StreamEvent> => {
  const statement = caseStatement.safeParse(opened.statement);
  if (!statement.success) return { ok: false, refusal: wrongPlace(it.id, opened.statement.type) };
  const state = streams.cases.get(it.id);
  if (state === undefined)
    return { ok: false, refusal: { code: 'wrong-case', why: `the ledger knows no ${it.id}` } };
  const decision = decideCase(state, statement.data, { now: it.now, current, digest: opened.digest });
  return decision.ok
    ? { ok: true, events: decision.events.map((event) => ({ case: it.id, event })) }
    : decision;
};

/**
 * Hearing what people sign: proof, rules and row in one transaction. A refusal
 * is a row too, and then a final failure (`Refused`) with its code.
 */
export const createDecisionActivities = (deps: {
  ledger: Ledger;
  configs: () => Configs;
  record: Recorder;
  clock: () => Date;
}) => {
  const hear = async <Id extends string>(
    asked: Hearing<Id>,
    account: AccountId,
    id: CaseId | null,
    judge: (
      it: Hearing<Id>,
      opened: Opened,
      streams: Streams,
      configs: Configs,
    ) => { decision: Decision<StreamEvent>; case: CaseId | null },
  ): Promise<Accepted> => {
    const it = { ...asked, now: judgedAt(asked.now, deps.clock) };
    const configs = deps.configs();
    const opened = open(it, configs);
    const deed = deedOf(it, opened);
    const verdict = async (streams: Streams, tx: LedgerTransaction): Promise<Verdict> => {
      if (!opened.ok) return refused(deed, opened.refusal, id);
      if (await tx.isNonceUsed(opened.statement.nonce)) return refused(deed, replayed, id);
      const { decision, case: about } = judge(it, opened, streams, configs);
      return decision.ok
        ? { kind: 'events', deed, events: decision.events, case: about }
        : refused(deed, decision.refusal, about);
    };
    const row = await deps.record({ account, about: { case: id }, key: it.key, now: it.now, judge: verdict });
    if (row === null) throw new Error(`no row was written for ${it.key}`);
    return acceptedBy(row);
  };

  return {
    /** Hears a statement brought before an account. */
    async hearAccount(asked: Hearing<AccountId>): Promise<Heard<AccountNews>> {
      const { id, after } = asked;
      const accepted = await hear(asked, id, null, judgeAccount);
      return { accepted, news: await deps.ledger.transact((tx) => accountNews(tx, id, after)) };
    },
    /** Hears a statement brought before a case. */
    async hearCase(asked: Hearing<CaseId>): Promise<Heard<CaseNews>> {
      const { id, after } = asked;
      const accepted = await hear(asked, accountOf(id), id, (it, opened, streams, configs) => ({
        decision: judgeCase(it, opened, streams, configs.current.config),
        case: id,
      }));
      return { accepted, news: await deps.ledger.transact((tx) => caseNews(tx, id, after)) };
    },
  };
};
