import { z } from 'zod';
import { accountEvent, caseEvent } from './events.ts';
import { accountId, caseId, instant, nonce } from './ids.ts';
import { envelope, type Statement } from './statements.ts';

/** What a row reports; one name for each kind of step. */
export const action = z.enum([
  'break_glass_requested',
  'break_glass_approved',
  'break_glass_denied',
  'break_glass_withdrawn',
  'break_glass_expired',
  'break_glass_share_released',
  'break_glass_login',
  'break_glass_claimed',
  'break_glass_unclaimed',
  'break_glass_ended',
  'break_glass_sessions_ended',
  'break_glass_old_credential',
  'break_glass_attested',
  'break_glass_written_up',
  'break_glass_reminded',
  'break_glass_escalated',
  'break_glass_closed',
  'break_glass_provision_signed',
  'break_glass_rotation',
  'break_glass_alarm',
  'break_glass_message',
  'break_glass_config',
  'break_glass_refused',
  'break_glass_machine_refused',
  'break_glass_finding',
  'break_glass_workflow_gone',
  'break_glass_workflow_rebuilt',
  'break_glass_override',
  'break_glass_stopped',
  'break_glass_logout',
  'break_glass_silence',
]);
export type Action = z.infer<typeof action>;

/** What an accepted statement is reported as. */
export const actionOf = {
  request: 'break_glass_requested',
  approval: 'break_glass_approved',
  denial: 'break_glass_denied',
  withdrawal: 'break_glass_withdrawn',
  release: 'break_glass_share_released',
  claim: 'break_glass_claimed',
  end: 'break_glass_ended',
  refusals: 'break_glass_old_credential',
  attestation: 'break_glass_attested',
  'write-up': 'break_glass_written_up',
  finding: 'break_glass_finding',
  provision: 'break_glass_provision_signed',
  rotate: 'break_glass_rotation',
  override: 'break_glass_override',
  'machine-refusal': 'break_glass_machine_refused',
  stop: 'break_glass_stopped',
} as const satisfies Record<Statement['type'], Action>;

/** An event carried by a row, in the order in which it is folded. */
export const streamEvent = z.union([
  z.strictObject({ account: accountId, event: accountEvent }),
  z.strictObject({ case: caseId, event: caseEvent }),
]);
export type StreamEvent = z.infer<typeof streamEvent>;

/** Free detail of a row; the first three are the AWS runbook's own fields. */
export const metadata = z
  .object({
    reason: z.string().optional(),
    incident_channel: z.string().optional(),
    expected_session_duration_minutes: z.int().optional(),
    /** The signed statement the row rests on: evidence that needs no trust in us. */
    envelope: envelope.optional(),
    events: z.array(streamEvent).optional(),
  })
  .catchall(z.unknown());
export type Metadata = z.infer<typeof metadata>;

/** A row before it has its place in the chain. Fields and their names are the AWS runbook's. */
export const rowDraft = z.strictObject({
  timestamp: instant,
  actor_id: z.string(),
  actor_role: z.string(),
  action,
  resource_type: z.enum(['account', 'config', 'ledger', 'process']),
  resource_id: z.string(),
  ip_address: z.string().nullable(),
  user_agent: z.string().nullable(),
  result: z.enum(['success', 'refused', 'failure']),
  case_id: caseId.nullable(),
  nonce: nonce.nullable(),
  /** Idempotency key: workflow id and step. The same key is written once. */
  key: z.string().min(1).max(300),
  metadata,
});
export type RowDraft = z.infer<typeof rowDraft>;

/** A row of `agent_audit_log`. `hash` covers `previous` and every other field. */
export const row = rowDraft.extend({ seq: z.int().min(1), previous: z.string(), hash: z.string() });
export type Row = z.infer<typeof row>;

/** A message to people, written with the row that causes it and delivered afterwards. */
export const message = z.strictObject({
  /** Stable: the same message has the same id on every channel and every retry. */
  id: z.string().min(1).max(200),
  /** Null: it is about the ledger or the process itself. */
  account: accountId.nullable(),
  case: caseId.nullable(),
  severity: z.enum(['info', 'act', 'warning', 'alarm']),
  /** Who must act. */
  to: z.array(z.string()),
  channels: z.array(z.string()),
  title: z.string(),
  text: z.string(),
  /** The command that answers it. */
  command: z.string().nullable(),
  link: z.string().nullable(),
  drill: z.boolean(),
});
export type Message = z.infer<typeof message>;

/** The ledger inside one transaction; appends are serialised, so what is read stays true until commit. */
export interface LedgerTransaction {
  /** The row written under an idempotency key, if there is one. */
  rowByKey(key: string): Promise<Row | null>;
  /** Whether an accepted statement has used this nonce. */
  isNonceUsed(nonce: string): Promise<boolean>;
  /** Rows that carry events of this case, in order, after `seq`. */
  rowsOfCase(id: z.infer<typeof caseId>, after: number): Promise<Row[]>;
  /** Rows that carry events of this account, in order, after `seq`. */
  rowsOfAccount(id: z.infer<typeof accountId>, after: number): Promise<Row[]>;
  append(draft: RowDraft): Promise<Row>;
  enqueue(message: Message): Promise<void>;
}

/** The append-only audit log, for those who may add to it. */
export interface Ledger {
  transact<T>(work: (tx: LedgerTransaction) => Promise<T>): Promise<T>;
}
