import type { AccountEvent } from '../../contracts/events.ts';
import { commands } from './commands.ts';
import { alarmed, holders, named, spoken, type Draft, type Happening } from './compose.ts';
import { custodiansOf } from './ofCase.ts';

type EventOf<T extends AccountEvent['type']> = Extract<AccountEvent, { type: T }>;

const unclaimed = ({ account, config }: Happening, event: EventOf<'session-unclaimed'>): Draft => {
  const seen = account.seen.find((each) => each.sighting.id === event.sighting)?.sighting;
  const where = seen === undefined ? '' : ` from ${seen.ip} at ${spoken(seen.at)}`;
  return {
    audience: 'alarm',
    severity: 'alarm',
    to: alarmed(config),
    title: `Undeclared login to ${account.account}`,
    text: [
      `Somebody signed in to ${account.account}${where}, and nobody has claimed the session (sighting ${event.sighting}).`,
      'Treat it as hostile until it is explained: find out who it is, end the session, rotate the credential.',
    ].join('\n'),
    command: commands.rotate(account.account),
    ringsSecurity: true,
  };
};

const failed = ({ account, config }: Happening, event: EventOf<'rotation-failed'>): Draft => ({
  audience: 'alarm',
  severity: 'alarm',
  to: [...(config.accounts[account.account]?.owners ?? []), ...holders(config, 'admin', 'oncall')],
  title: `The rotation of ${account.account} failed`,
  text: `${event.rotation} is not proven: ${event.why}. No case may open ${account.account} until a rotation is.`,
  command: commands.rotate(account.account),
  ringsSecurity: true,
});

const gone = ({ account, config }: Happening, event: EventOf<'workflow-gone'>): Draft => ({
  audience: 'alarm',
  severity: 'alarm',
  to: alarmed(config),
  title: `A workflow of ${account.account} is gone`,
  text: [
    `${event.workflow} must run and does not: somebody terminated or deleted it, or Temporal lost it.`,
    'It is started again from the ledger, with all that is owed. Find out who reached Temporal past the process.',
  ].join('\n'),
  command: commands.status(account.account),
  ringsSecurity: true,
});

const secondOwner = ({ account, config }: Happening, event: EventOf<'provision-signed'>): Draft[] => {
  // The second signature starts the rotation in the same row: then nobody is waited for.
  if (account.rotation !== null || account.pair !== null) return [];
  const owners = config.accounts[account.account]?.owners ?? [];
  const signed = account.provisionSignatures.map((each) => each.by);
  return [
    {
      audience: 'owners',
      severity: 'act',
      to: owners.filter((each) => !signed.includes(each)),
      title: `Sign to provision ${account.account}`,
      text: `${named(config, event.by)} signed to provision ${account.account}; a second owner must sign by ${spoken(event.expiresAt)}.`,
      command: commands.provision(account.account),
    },
  ];
};

const proven = (it: Happening, event: EventOf<'rotation-proven'>): Draft[] => {
  // A case's custodians are told by its own event `rotated`, which the same row carries.
  const isOfCase = (it.beside ?? []).some(
    (each) => 'case' in each && each.event.type === 'rotated' && each.event.rotation === event.rotation,
  );
  if (isOfCase) return [];
  const { account } = it.account;
  return [
    {
      audience: 'custodians',
      severity: 'act',
      to: custodiansOf(event.pair),
      title: `Attest your new share of ${account}`,
      text: [
        `${account} has a new credential: password generation ${event.pair.password.generation}, MFA generation ${event.pair.mfa.generation}.`,
        'Your machine downloads the new share, opens it to test it, keeps a copy, and you sign where it lies.',
      ].join('\n'),
      command: commands.attest(account),
    },
  ];
};

/** What people must be told of an account's event. A login itself is rung by the sentinel, before any row. */
export const draftsOfAccount = (it: Happening, event: AccountEvent): Draft[] => {
  switch (event.type) {
    case 'session-unclaimed':
      return [unclaimed(it, event)];
    case 'rotation-failed':
      return [failed(it, event)];
    case 'workflow-gone':
      return [gone(it, event)];
    case 'provision-signed':
      return secondOwner(it, event);
    case 'rotation-proven':
      return proven(it, event);
    case 'rotation-started':
    case 'session-recorded':
    case 'case-opened':
    case 'case-left':
    case 'session-claimed':
    case 'session-sighted':
    case 'attested':
    case 'workflow-rebuilt':
      return [];
  }
};
