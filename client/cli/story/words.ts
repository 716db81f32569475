/** A row of the ledger as a sentence. */
import { z } from 'zod';
import type { AccountEvent, CaseEvent } from '../../../core/contracts/events.ts';
import type { Action, Row } from '../../../core/contracts/ledger.ts';
import type { Config } from '../../../core/contracts/config.ts';

const words = {
  break_glass_requested: 'asked for the account',
  break_glass_approved: 'approved',
  break_glass_denied: 'denied',
  break_glass_withdrawn: 'withdrew the request',
  break_glass_expired: 'gave up waiting',
  break_glass_share_released: 'released a share',
  break_glass_login: 'logged in',
  break_glass_claimed: 'claimed a session',
  break_glass_unclaimed: 'found a login nobody claimed',
  break_glass_logout: 'found a session gone',
  break_glass_silence: 'rang, because nothing was seen',
  break_glass_ended: 'ended the session',
  break_glass_sessions_ended: 'ended every session',
  break_glass_old_credential: 'reported on the old credential',
  break_glass_attested: 'attested the new share',
  break_glass_written_up: 'delivered a write-up',
  break_glass_reminded: 'reminded',
  break_glass_escalated: 'escalated',
  break_glass_closed: 'closed',
  break_glass_provision_signed: 'signed for provisioning',
  break_glass_rotation: 'rotated',
  break_glass_alarm: 'rang',
  break_glass_message: 'sent a message',
  break_glass_config: 'recorded a config',
  break_glass_refused: 'signed something that was refused',
  break_glass_stopped: 'stopped the use',
  break_glass_finding: 'looked at what the rotation found',
  break_glass_machine_refused: 'refused, on their own machine, what it was shown',
  break_glass_workflow_gone: 'found a workflow gone',
  break_glass_workflow_rebuilt: 'started a workflow again',
  break_glass_override: 'signed to override what blocks the account',
} satisfies Record<Action, string>;

/** Whom a row is of, by name where a config has it. */
export const whoDid = (
  { actor_id: id, actor_role: role, action }: Row,
  people: Config['people'][],
): string => {
  if (role === 'unproven') return `somebody who said to be ${nameOf(id, people)}`;
  if (action === 'break_glass_login') return `somebody, as ${id}`;
  if (id === 'sentinel') return 'the sentinel';
  if (id === 'breakglass') return role === 'sentinel' ? 'the sentinel' : 'the process';
  return nameOf(id, people);
};

/** A person's name with their handle, by the first config that has them; the handle alone where none has. */
export const nameOf = (id: string, people: readonly Config['people'][]): string => {
  const found = people.flatMap((each) =>
    Object.entries(each).flatMap(([handle, person]) => (handle === id ? [person.name] : [])),
  )[0];
  return found === undefined ? id : `${found} (${id})`;
};

type Named = (id: string) => string;
/** An obligation's owner is its last piece. */
const ownerOf = (obligation: string): string => obligation.split('/').at(-1) ?? '';
const owedOf = (obligation: string): string => obligation.split('/').slice(0, -1).join(' ');

/** What an event adds to its row's sentence; nothing where the row says it already. */
const about = (event: CaseEvent | AccountEvent, action: Action, named: Named): string[] => {
  switch (event.type) {
    case 'requested':
      return [
        `for ${event.scenario} (${event.conditions.join(', ')}); needs ${event.terms.need} of role ${event.terms.role}`,
      ];
    case 'approved':
      return [`as ${event.role}`];
    case 'share-released':
    case 'attested':
      return [event.part];
    case 'session-claimed':
    case 'session-gone':
      return [event.session];
    case 'session-sighted':
    case 'session-seen':
    case 'detected':
      return [`${event.sighting.aal} from ${event.sighting.ip}`];
    case 'rotation-started':
    case 'rotation-proven':
    case 'rotation-failed':
      return [`${event.rotation} ${event.type.slice('rotation-'.length)}`];
    case 'found':
      return [`found ${event.finding.id}: ${event.finding.says}`];
    case 'finding-settled':
      return [`${event.finding} ${event.how}`];
    case 'written-up':
      return [event.document];
    case 'reminded':
    case 'escalated':
      return [`${named(ownerOf(event.obligation))} of the ${owedOf(event.obligation)}`];
    case 'old-credential':
      return [`${event.proof}${event.by === null ? `: ${event.why}` : ''}`];
    case 'old-credential-works':
      return ['IT STILL WORKS'];
    case 'expired':
      return [`nothing came of the ${event.waitedFor}`];
    case 'ended':
      return event.by === null ? [event.how] : [];
    case 'answered':
      return [`the answer is “${event.how}”`];
    // What follows from somebody's deed stands in the deed's own row.
    case 'authorised':
    case 'released':
    case 'closed':
      return words[action] === event.type ? [] : [`the case is ${event.type}`];
    default:
      return [];
  }
};

const lateIn = (event: CaseEvent | AccountEvent): number => ('late' in event ? (event.late ?? 0) : 0);

/** The most that anything in a row was late by, in seconds; 0 when nothing was. */
export const lateOf = ({ metadata: { events = [] } }: Row): number =>
  Math.max(0, ...events.map(({ event }) => lateIn(event)));

const extras = z.object({
  step: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  why: z.string().optional().catch(undefined),
  accepted: z.record(z.string(), z.string()).optional().catch(undefined),
  to: z.array(z.string()).optional().catch(undefined),
});

/** The reason that was given for this very deed: the case's own stands in each of its rows. */
const reasonOf = (events: readonly (CaseEvent | AccountEvent)[]): string[] =>
  events.flatMap((event) => ('reason' in event ? [`“${event.reason}”`] : []));

/** What a row tells, without who and when. */
export const sentence = (row: Row, people: Config['people'][]): string => {
  const named: Named = (id) => nameOf(id, people);
  const { action, metadata, result, ip_address: ip } = row;
  const events = (metadata.events ?? []).map(({ event }) => event);
  const { step, code, why, accepted, to } = extras.parse(metadata);
  const said = [
    ...new Set([
      ...events.flatMap((event) => about(event, action, named)),
      ...(step === undefined ? [] : [step]),
      ...(accepted === undefined ? [] : Object.keys(accepted)),
      ...(action === 'break_glass_message' && to !== undefined ? [`to ${to.map(named).join(', ')}`] : []),
      ...reasonOf(events),
      ...(result === 'success' || why === undefined ? [] : [`${code ?? ''}: ${why}`]),
    ]),
  ];
  const from = ip === null ? '' : ` (from ${ip})`;
  const outcome = result === 'failure' ? 'FAILED: ' : '';
  return `${outcome}${words[action]}${said.length === 0 ? '' : `: ${said.join(', ')}`}${from}`;
};
