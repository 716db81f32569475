import type { Config } from '../core/contracts/config.ts';
import { accountId } from '../core/contracts/ids.ts';
import type { Message, RowDraft } from '../core/contracts/ledger.ts';
import { alarmed } from '../core/rules/messages.ts';

/** A process that is watched. */
export type Watched = 'worker' | 'sentinel';

const meaning: Readonly<Record<Watched, string>> = {
  sentinel:
    'While it is away no login rings. Kratos does not repeat its hooks: the sweep finds them afterwards.',
  worker:
    'While it is away no decision is taken, no deadline rings, no session is ended, nothing is rotated.',
};

/** No account is meant, but a message names one. */
const noAccount = accountId.parse('none');

/** What rings when a process falls silent, or is heard again. `since` tells one silence from the next. */
export const noticeOf = (
  peer: Watched,
  what: 'silent' | 'back',
  it: { readonly self: Watched; readonly since: string; readonly at: string; readonly config: Config },
): Message => ({
  id: `vigil/${peer}/${what}/${it.since}`,
  account: noAccount,
  case: null,
  severity: what === 'silent' ? 'alarm' : 'warning',
  to: alarmed(it.config),
  channels: it.config.security.channels,
  title: what === 'silent' ? `The ${peer} is silent` : `The ${peer} is back`,
  text:
    what === 'silent'
      ? `The ${it.self} has not heard the ${peer} since ${it.since}. ${meaning[peer]} Start it, and find out who stopped it.`
      : `The ${it.self} hears the ${peer} again since ${it.at}; it was silent from ${it.since} on. Find out why.`,
  command: null,
  link: null,
  drill: false,
});

/** The row that tells of a notice. */
export const rowOf = (
  peer: Watched,
  self: Watched,
  it: { readonly message: Message; readonly at: string; readonly accepted: ReadonlyMap<string, string> },
): RowDraft => ({
  timestamp: it.at,
  actor_id: self,
  actor_role: self,
  action: 'break_glass_silence',
  resource_type: 'process',
  resource_id: peer,
  ip_address: null,
  user_agent: null,
  result: it.accepted.size > 0 ? 'success' : 'failure',
  case_id: null,
  nonce: null,
  key: it.message.id,
  metadata: { message: it.message.id, title: it.message.title, accepted: Object.fromEntries(it.accepted) },
});
