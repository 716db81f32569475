import type { AccountEvent } from '../../contracts/events.ts';
import type { PersonId } from '../../contracts/ids.ts';
import { commands } from './commands.ts';
import { alarmed, holders } from '../holders.ts';
import { lateBy, named, spoken, type Draft, type Happening } from './compose.ts';
import { custodiansOf } from './ofCase.ts';
import { answersTo } from './ofUndeclared.ts';

type EventOf<T extends AccountEvent['type']> = Extract<AccountEvent, { type: T }>;

/** The case that the login opened says it all; one that joined it, or that can have none, is told here. */
const unclaimed = (it: Happening, event: EventOf<'session-unclaimed'>): Draft[] => {
  const { account, config } = it;
  const isOpening = (it.beside ?? []).some(
    (each) => 'case' in each && each.event.type === 'detected' && each.event.sighting.id === event.sighting,
  );
  if (isOpening) return [];
  const seen = account.seen.find((each) => each.sighting.id === event.sighting)?.sighting;
  const where = seen === undefined ? '' : ` from ${seen.ip} at ${spoken(seen.at)}`;
  const said = `Somebody signed in to ${account.account}${where}, and nobody has claimed the session (sighting ${event.sighting})${lateBy(event.late)}.`;
  const base = { audience: 'alarm', severity: 'alarm', to: alarmed(config), ringsSecurity: true } as const;
  const id = event.case;
  if (id === undefined)
    return [
      {
        ...base,
        title: `Undeclared login to ${account.account}`,
        text: `${said}\nTreat it as hostile until it is explained: find out who it is, end the session, rotate the credential.`,
        command: commands.rotate(account.account),
      },
    ];
  return [
    {
      ...base,
      title: `Another undeclared login to ${account.account}`,
      text: `${said}\nIt is part of ${id}, which waits for its answer.\n${answersTo(id, seen?.session ?? null)}`,
      command: commands.stop(id),
    },
  ];
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
    `${event.workflow} must run and does not: somebody terminated or deleted it, it failed at every task, or Temporal lost it.`,
    'It is started again from the ledger, with all that is owed. Find out who reached Temporal past the process, or which change of code it does not fit.',
  ].join('\n'),
  command: commands.status(account.account),
  ringsSecurity: true,
});

const ownersOf = ({ account, config }: Happening): PersonId[] => [
  ...(config.accounts[account.account]?.owners ?? []),
];

const distrusted = (it: Happening, event: EventOf<'credential-distrusted'>): Draft => ({
  audience: 'alarm',
  severity: 'alarm',
  to: [...ownersOf(it), ...alarmed(it.config)],
  title: `The old credential of ${it.account.account} still works`,
  text: [
    `The requester of ${event.case} tried it after the rotation, and signed that it still opens ${it.account.account}.`,
    'Another rotation is owed and begins as soon as no case is open; the case cannot close before it is proven.',
  ].join('\n'),
  command: commands.status(event.case),
  ringsSecurity: true,
});

/** Once for each spell of lateness: what comes on top of it raises nothing further. */
const overdue = ({ account, config }: Happening, event: EventOf<'case-overdue'>): Draft[] =>
  account.overdue[0] !== `${event.case}: ${event.obligation}`
    ? []
    : [
        {
          audience: 'compliance',
          severity: 'warning',
          to: holders(config, 'compliance'),
          title: `Overdue paperwork raises the quorum of ${account.account}`,
          text: `${event.obligation} of ${event.case} is overdue. Until it is done, the next case of ${account.account} needs one signature more.`,
          command: commands.status(event.case),
        },
      ];

const overridden = (it: Happening, event: EventOf<'overridden'>): Draft => ({
  audience: 'alarm',
  severity: 'alarm',
  to: [...ownersOf(it), ...holders(it.config, 'admin', 'oncall', 'security', 'compliance')],
  title: `Two owners overrode what blocks ${it.account.account}`,
  text: [
    `Blocked: ${event.blocked}.`,
    `The next request for ${it.account.account} is taken all the same, until ${spoken(event.until)}; only that one.`,
    'If you know of no reason for it, find out why, and deny the request.',
  ].join('\n'),
  command: commands.status(it.account.account),
  ringsSecurity: true,
});

const overrideSigned = (it: Happening, event: EventOf<'override-signed'>): Draft[] => {
  // The second signature overrides in the same row: that rings for all.
  if (it.account.overriddenUntil !== null) return [];
  const { account } = it.account;
  const signed = it.account.overrideSignatures.map((each) => each.by);
  return [
    {
      audience: 'owners',
      severity: 'alarm',
      to: [
        ...ownersOf(it).filter((each) => !signed.includes(each)),
        ...holders(it.config, 'admin', 'oncall', 'security', 'compliance'),
      ],
      title: `An owner signed to override what blocks ${account}`,
      text: `${named(it.config, event.by)}: ${event.reason}. If a second owner signs by ${spoken(event.expiresAt)}, the next request is taken although ${account} is blocked.`,
      command: commands.override(account),
      ringsSecurity: true,
    },
  ];
};

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
      return unclaimed(it, event);
    case 'rotation-failed':
      return [failed(it, event)];
    case 'workflow-gone':
      return [gone(it, event)];
    case 'credential-distrusted':
      return [distrusted(it, event)];
    case 'case-overdue':
      return overdue(it, event);
    case 'override-signed':
      return overrideSigned(it, event);
    case 'overridden':
      return [overridden(it, event)];
    case 'provision-signed':
      return secondOwner(it, event);
    case 'rotation-proven':
      return proven(it, event);
    case 'rotation-started':
    case 'session-recorded':
    case 'candidates-named':
    case 'case-opened':
    case 'case-left':
    case 'session-claimed':
    case 'session-sighted':
    case 'session-gone':
    case 'attested':
    case 'workflow-rebuilt':
    case 'case-caught-up':
      return [];
  }
};
