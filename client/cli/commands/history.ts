import { z } from 'zod';
import { row as rowSchema, type Action, type Row } from '../../../core/contracts/ledger.ts';
import { casePath, resolveCase } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { table, when } from '../printable.ts';

const rowsAnswer = z.object({ rows: z.array(rowSchema) });

/** `breakglass history`: a case's rows of the ledger, as a story. */
export const addHistory: AddCommand = (program, context) => {
  const command = program
    .command('history')
    .description('tell what happened in a case: when, who, what')
    .argument('<case>')
    .action(async (named: string) => {
      const { api } = await context.connect();
      const id = await resolveCase(named, api);
      const { rows } = await api.get(casePath(id, '/history'), rowsAnswer);
      context.out.data({ case: id, rows }, rows.length === 0 ? 'no rows' : table(rows.map(told)));
      context.out.next('breakglass ledger verify');
    });
  withExamples(command, 'history acme-eu/2026-11-21-01', 'history acme-eu --json');
};

const told = (row: Row): string[] => [
  `#${row.seq}`,
  when(row.timestamp),
  row.actor_id,
  `${row.result === 'success' ? '' : `${row.result}: `}${words[row.action]}${detail(row)}`,
];

const rotationStep = z.string().catch('');

const detail = (row: Row): string => {
  const { metadata, ip_address } = row;
  const step = row.action === 'break_glass_rotation' ? rotationStep.parse(metadata['step']) : '';
  const events = (metadata.events ?? []).map(({ event }) => event);
  const about = events.flatMap((event) => {
    switch (event.type) {
      case 'share-released':
      case 'attested':
        return [event.part];
      case 'session-claimed':
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
        return [`found ${event.finding.id}`];
      case 'finding-settled':
        return [`${event.finding} ${event.how}`];
      case 'written-up':
        return [event.document];
      case 'reminded':
      case 'escalated':
        return [event.obligation];
      // What follows from somebody's deed stands in the deed's own row.
      case 'authorised':
      case 'released':
      case 'closed':
        return words[row.action] === event.type ? [] : [`the case is ${event.type}`];
      default:
        return [];
    }
  });
  const said = [
    ...new Set([
      ...about,
      ...(step === '' ? [] : [step]),
      ...(metadata.reason === undefined ? [] : [`“${metadata.reason}”`]),
    ]),
  ];
  const from = ip_address === null ? '' : ` (from ${ip_address})`;
  return `${said.length === 0 ? '' : `: ${said.join(', ')}`}${from}`;
};

const words = {
  break_glass_requested: 'asked for the account',
  break_glass_approved: 'approved',
  break_glass_denied: 'denied',
  break_glass_withdrawn: 'withdrew the request',
  break_glass_expired: 'waited too long',
  break_glass_share_released: 'released a share',
  break_glass_login: 'a login was seen',
  break_glass_claimed: 'claimed a session',
  break_glass_unclaimed: 'a login nobody claimed',
  break_glass_logout: 'a session gone',
  break_glass_silence: 'silence rang',
  break_glass_ended: 'ended the session',
  break_glass_sessions_ended: 'ended every session',
  break_glass_old_credential: 'the old credential was tried',
  break_glass_attested: 'attested the new share',
  break_glass_written_up: 'delivered a write-up',
  break_glass_reminded: 'reminded',
  break_glass_escalated: 'escalated',
  break_glass_closed: 'closed',
  break_glass_provision_signed: 'signed for provisioning',
  break_glass_rotation: 'rotation',
  break_glass_alarm: 'rang',
  break_glass_message: 'sent a message',
  break_glass_config: 'config',
  break_glass_refused: 'a statement was refused',
  break_glass_stopped: 'stopped the use',
  break_glass_finding: 'looked at what the rotation found',
  break_glass_machine_refused: 'a person’s machine refused what it was shown',
  break_glass_workflow_gone: 'a workflow was gone',
  break_glass_workflow_rebuilt: 'a workflow runs again',
  break_glass_override: 'signed to override what blocks the account',
} satisfies Record<Action, string>;
