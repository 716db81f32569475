import type { KnownConfig } from '../core/trust/configChain.ts';
import type { Digest, AccountId, CaseId, RotationId } from '../core/contracts/ids.ts';
import type { SignedConfig, StoredSeal } from '../core/contracts/http.ts';
import type { Ledger, Row } from '../core/contracts/ledger.ts';
import type { Look } from './examine.ts';
import type { ProcessRun } from '../core/contracts/process.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Accepted, Submission } from '../core/contracts/temporal.ts';
import type { Kind } from '../core/rules/case/state.ts';

/** The configs in force on this machine's disk. */
export interface Configs {
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly current: KnownConfig;
  readonly chain: readonly SignedConfig[];
}

/** What the api reads of the ledger. */
export interface Reader {
  rowsAfter(seq: number, limit: number): Promise<Row[]>;
  rowsOfCase(id: CaseId): Promise<Row[]>;
  rowsOfAccount(id: AccountId): Promise<Row[]>;
  /** Refusals and messages too. */
  historyOfCase(id: CaseId): Promise<Row[]>;
  /** The rows that opened cases, newest first: one for each; only those before a row, at most so many. */
  cases(
    filter: {
      readonly account?: AccountId | undefined;
      readonly kind?: Kind | undefined;
      readonly scenario?: string | undefined;
    },
    page: { readonly limit: number; readonly before?: number },
  ): Promise<Row[]>;
}

/** Where decisions are taken. Throws `RefusedByProcess` or `ProcessUnavailable` (client/errors.ts). */
export interface DecisionProcess {
  submitToAccount(account: AccountId, submission: Submission, updateId: string): Promise<Accepted>;
  submitToCase(id: CaseId, submission: Submission, updateId: string): Promise<Accepted>;
}

/** What Temporal's own history tells; throws `ProcessUnavailable`. */
export interface Runs {
  runsOf(id: CaseId | RotationId): Promise<ProcessRun[]>;
}

/** The log, as far as the api writes it; details hold no body, token or signature. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** How much one address may ask for. */
export interface Limits {
  readonly challengesPerMinute: number;
  readonly statementsPerMinute: number;
  /** Rows of refused envelopes; what goes beyond is counted in one row. */
  readonly refusalRowsPerSecond: number;
}

export const defaultLimits: Limits = {
  challengesPerMinute: 300,
  statementsPerMinute: 300,
  refusalRowsPerSecond: 3,
};

/** All that the api stands on. */
export interface ApiDeps {
  /** UTC, ISO 8601 with milliseconds. */
  readonly now: () => string;
  readonly configs: () => Configs;
  readonly reader: Reader;
  readonly ledger: Ledger;
  readonly seals: { get(digest: Digest): Promise<StoredSeal | null> };
  readonly process: DecisionProcess;
  readonly runs: Runs;
  readonly log: Log;
  /** What is looked at when somebody asks how everything is. */
  readonly looks: readonly Look[];
  /** Told of each answer, for the metrics. */
  readonly onAnswer?: ApiMetrics['onAnswer'];
  readonly limits?: Limits;
  /** Addresses and networks of our own proxies: these alone are believed about whom they were connected from. */
  readonly proxies?: readonly string[];
}
