import type { Config } from '../../core/contracts/config.ts';
import type { AccountId, Digest, Part } from '../../core/contracts/ids.ts';
import type { Message, Row } from '../../core/contracts/ledger.ts';
import type { KnownConfig } from '../../core/trust/configChain.ts';

/** A login that truly happened, whoever was told of it. */
export interface Login {
  readonly sighting: string;
  readonly session: string;
  readonly at: string;
}

/** A channel took a message or an alarm. */
export interface Taken {
  readonly id: string;
  readonly channel: string;
  readonly text: string;
}

/** One look, from outside, at whether the account could be opened from what the ledger named at that instant. */
export interface WayIn {
  readonly when: string;
  /** How many generations of each part the ledger named. */
  readonly named: Readonly<Record<Part, number>>;
  readonly opens: boolean;
}

/** What is left of a run, for the checkers: nothing in it was made by what they check, but the rows themselves. */
export interface Evidence {
  readonly account: AccountId;
  readonly rows: readonly Row[];
  readonly messages: readonly Message[];
  readonly taken: readonly Taken[];
  readonly logins: readonly Login[];
  readonly waysIn: readonly WayIn[];
  /** Every credential that was ever set: none may be found anywhere. */
  readonly secrets: readonly string[];
  /** What was written down besides rows and messages: errors, logs. */
  readonly said: readonly string[];
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly config: Config;
  /** Digest of the config in force. */
  readonly current: Digest;
  /** The workflows' own copies of their streams, by workflow id, as plain JSON. */
  readonly copies: ReadonlyMap<string, unknown>;
  /** Whether everybody has done what they owe at the end, so that everything must be over. */
  readonly isSettled: boolean;
}

/** What checkers go through; of an empty one they have nothing to say. */
export const sizeNames = [
  ...(['rows', 'messages', 'taken', 'logins', 'waysIn', 'secrets', 'said', 'copies'] as const),
] as const;
/** How many there were of each. */
export type Sizes = Readonly<Record<(typeof sizeNames)[number], number>>;

const sizesBy = (sizeOf: (name: (typeof sizeNames)[number]) => number): Sizes => ({
  ...{ rows: sizeOf('rows'), messages: sizeOf('messages'), taken: sizeOf('taken'), logins: sizeOf('logins') },
  ...{ waysIn: sizeOf('waysIn'), secrets: sizeOf('secrets'), said: sizeOf('said'), copies: sizeOf('copies') },
});
export const noSizes = sizesBy(() => 0);
export const sizesOf = (evidence: Evidence): Sizes =>
  sizesBy((name) => (name === 'copies' ? evidence.copies.size : evidence[name].length));
export const sumOfSizes = (one: Sizes, other: Sizes): Sizes => sizesBy((name) => one[name] + other[name]);
