import type { Config } from '../../contracts/config.ts';
import { accountOf, type AccountId, type CaseId, type PersonId } from '../../contracts/ids.ts';
import type { Message, StreamEvent } from '../../contracts/ledger.ts';
import type { AccountState } from '../account/state.ts';
import { kindOf, type CaseState } from '../case/state.ts';

/** Something that happened, with the states after the whole row that tells it. */
export interface Happening {
  /** Stable: a message's id is this and the audience. */
  readonly id: string;
  readonly event: StreamEvent;
  /** The case, when the event is a case's. */
  readonly case: CaseState | null;
  readonly account: AccountState;
  readonly config: Config;
  /** Every event of the row; only needed to tell a case's rotation from one that was asked for. */
  readonly beside?: readonly StreamEvent[];
}

/** A message before it is addressed. */
export interface Draft {
  /** Told apart from the other messages of the same event. */
  readonly audience: string;
  readonly severity: Message['severity'];
  readonly to: readonly PersonId[];
  readonly title: string;
  readonly text: string;
  readonly command: string | null;
  /** Rings on the channels where logins ring, too. */
  readonly ringsSecurity?: boolean;
}

/** A name for people to read: `Ada Byron (ada)`. */
export const named = (config: Config, id: string): string => {
  const name = Object.hasOwn(config.people, id) ? config.people[id as PersonId]?.name : undefined;
  return name === undefined ? id : `${name} (${id})`;
};

export const namedAll = (config: Config, ids: readonly string[]): string =>
  ids.map((id) => named(config, id)).join(', ');

/** `2026-11-21 08:30:00 UTC`. */
export const spoken = (instant: string): string => instant.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');

/** How late something is, for the end of a sentence; nothing when it came in time. */
export const lateBy = (seconds: number): string => (seconds === 0 ? '' : `, ${seconds} seconds late`);

const unique = (ids: readonly PersonId[]): PersonId[] => [...new Set(ids)];

/** The channels of all these people; where logins ring, when nobody could be told otherwise. */
const channelsOf = (config: Config, people: readonly PersonId[], ringsSecurity: boolean): string[] => {
  const theirs = people.flatMap((id) => config.people[id]?.channels ?? []);
  const security = ringsSecurity || theirs.length === 0 ? config.security.channels : [];
  return [...new Set([...theirs, ...security])];
};

const pathOf = (account: AccountId, id: CaseId | null): string =>
  id === null ? `accounts/${account}` : `cases/${id.slice('case/'.length)}`;

/** Where the api shows an account, or one of its cases. */
export const linkTo = (config: Config, account: AccountId, id: CaseId | null): string =>
  new URL(`/v1/${pathOf(account, id)}`, config.origin).href;

/** Addresses a draft. */
export const compose = (it: Happening, draft: Draft): Message => {
  const { audience, ringsSecurity = false, severity, title, text, command } = draft;
  const id = 'case' in it.event ? it.event.case : null;
  const account = id === null ? it.account.account : accountOf(id);
  const to = unique(draft.to);
  return {
    id: `${it.id}/${audience}`,
    account,
    case: id,
    severity,
    to,
    channels: channelsOf(it.config, to, ringsSecurity),
    title,
    text,
    command,
    link: linkTo(it.config, account, id),
    drill: it.case !== null && kindOf(it.case) === 'drill',
  };
};
