import { NO_ANSWER } from '../adapters/askHealth.ts';
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

/** A process that still speaks needs no start: what it stands on does. */
const remedyOf = (why: string): string =>
  why === NO_ANSWER
    ? 'Start it, and find out who stopped it.'
    : 'Mend what it names: the process itself runs.';

/** No account is meant, but a message names one. */
const noAccount = accountId.parse('none');

/** `why` it counts as silent, in words that go on after "it". */
export type NoticeKind = { readonly what: 'silent'; readonly why: string } | { readonly what: 'back' };

/** What rings when a process falls silent or cannot work, or is well again. `since` tells one silence from the next. */
export const noticeOf = (
  peer: Watched,
  kind: NoticeKind,
  it: { readonly self: Watched; readonly since: string; readonly at: string; readonly config: Config },
): Message => ({
  id: `vigil/${peer}/${kind.what}/${it.since}`,
  account: noAccount,
  case: null,
  severity: kind.what === 'silent' ? 'alarm' : 'warning',
  to: alarmed(it.config),
  channels: it.config.security.channels,
  title:
    kind.what === 'silent'
      ? `The ${peer} ${kind.why === NO_ANSWER ? 'is silent' : 'cannot work'}`
      : `The ${peer} is back`,
  text:
    kind.what === 'silent'
      ? `The ${it.self} last found the ${peer} well at ${it.since}; since then it ${kind.why}. ${meaning[peer]} ${remedyOf(kind.why)}`
      : `The ${it.self} finds the ${peer} well again at ${it.at}; it was not from ${it.since} on. Find out why.`,
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
