import type { Account, Config } from '../contracts/config.ts';
import type { PersonId } from '../contracts/ids.ts';
import { parts } from '../contracts/ids.ts';
import { eligible } from './quorum.ts';

/** What is wrong with a config that has the right shape. */
export interface ConfigFinding {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** An error must be mended before signing; a warning is for the signers to weigh. */
  readonly severity: 'error' | 'warning';
}

type Path = ConfigFinding['path'];

/** What a request may ask for at most, in minutes (the contract's own limit). */
const longestAsked = 24 * 60;
/** How long a signed statement is good for at most, in seconds. */
const longestLife = 24 * 3600;

const error = (path: Path, message: string): ConfigFinding => ({ path, message, severity: 'error' });
const warning = (path: Path, message: string): ConfigFinding => ({ path, message, severity: 'warning' });

/** The place and name of each entry that a record does not have. */
const unknownIn = (record: object, what: string, path: Path, names: readonly string[]): ConfigFinding[] =>
  names.flatMap((name, index) =>
    Object.hasOwn(record, name) ? [] : [error([...path, index], `no ${what} is named ${name}`)],
  );

const repeated = (path: Path, names: readonly string[]): ConfigFinding[] =>
  names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [error([...path, index], `${name} is named twice; once counts`)],
  );

/** An SSH key without its comment: what two lines are compared by. */
const keyOf = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');
const commentOf = (line: string): string => line.trim().split(/\s+/).slice(2).join(' ').toLowerCase();

const checkPeople = (config: Config): ConfigFinding[] => {
  const holders = new Map<string, string>([[keyOf(config.worker.sshKey), 'the worker']]);
  const findings = Object.entries(config.people).flatMap(([id, person]) => {
    const held = (key: string, path: Path, what: string): ConfigFinding[] => {
      const holder = holders.get(key);
      holders.set(key, holder ?? id);
      if (holder === undefined) return [];
      if (holder === id) return [warning(path, `${id} lists this ${what} twice`)];
      return [error(path, `${holder} has the same ${what}: nobody may sign or open for another`)];
    };
    return [
      ...unknownIn(config.channels, 'channel', ['people', id, 'channels'], person.channels),
      ...person.sshKeys.flatMap((line, index) =>
        held(keyOf(line), ['people', id, 'sshKeys', index], 'ssh key'),
      ),
      ...held(person.ageRecipient, ['people', id, 'ageRecipient'], 'age recipient'),
    ];
  });
  const admins = Object.values(config.people).filter((person) => person.roles.includes('admin')).length;
  if (admins < 2)
    findings.push(
      error(['people'], `${admins} of role admin: two are needed to change this config ever again`),
    );
  else if (admins === 2)
    findings.push(warning(['people'], 'two of role admin: with one away this config cannot be changed'));
  return findings;
};

const checkScenarios = (config: Config): ConfigFinding[] => {
  const used = new Set(Object.values(config.accounts).flatMap((account) => account.scenarios));
  return Object.entries(config.scenarios).flatMap(([name, { longestSessionMinutes }]) => {
    const path = ['scenarios', name];
    const longest = [...path, 'longestSessionMinutes'];
    const findings: ConfigFinding[] = [];
    if (!used.has(name)) findings.push(warning(path, `no account is opened for ${name}`));
    if (Object.hasOwn(config.refused, name))
      findings.push(error(path, `${name} is among the reasons refused by name too`));
    if (longestSessionMinutes > longestAsked)
      findings.push(warning(longest, `a request may ask for ${longestAsked} minutes at most`));
    if (longestSessionMinutes * 60 > config.deadlines.postMortem)
      findings.push(warning(longest, 'a session may outlast the time its own post-mortem is due in'));
    return findings;
  });
};

const checkDeadlines = ({ deadlines }: Config): ConfigFinding[] => {
  const findings: ConfigFinding[] = [];
  for (const name of ['request', 'release'] as const) {
    if (deadlines[name] > longestLife)
      findings.push(warning(['deadlines', name], 'longer than the 24 hours a signature is good for'));
  }
  if (deadlines.claim > deadlines.session)
    findings.push(
      warning(['deadlines', 'claim'], 'a login may stay unclaimed for longer than one is waited for'),
    );
  if (deadlines.sighting >= deadlines.session)
    findings.push(
      warning(['deadlines', 'sighting'], 'a released case expires before its silence could ring'),
    );
  if (deadlines.sessionLog > deadlines.postMortem)
    findings.push(
      warning(['deadlines', 'sessionLog'], 'the session log is due after the post-mortem built on it'),
    );
  return findings;
};

const checkCustody = (config: Config, id: string, { custody }: Account): ConfigFinding[] => {
  const at = (part: string, ...rest: (string | number)[]): Path => ['accounts', id, 'custody', part, ...rest];
  const shared = custody.mfa.custodians.flatMap((person, index) =>
    custody.password.custodians.includes(person)
      ? [
          error(
            at('mfa', 'custodians', index),
            `${person} holds a share of the password too: the two parts never meet`,
          ),
        ]
      : [],
  );
  const folded = (text: string): string => text.trim().toLowerCase();
  const sameFactor =
    folded(custody.mfa.unlockFactor) === folded(custody.password.unlockFactor)
      ? [error(at('mfa', 'unlockFactor'), 'password and mfa lie behind the same unlock factor')]
      : [];
  const each = parts.flatMap((part) => {
    const { threshold, custodians } = custody[part];
    const holders = new Set(custodians).size;
    const findings = [
      ...unknownIn(config.people, 'person', at(part, 'custodians'), custodians),
      ...repeated(at(part, 'custodians'), custodians),
    ];
    if (threshold > holders)
      findings.push(
        error(at(part, 'threshold'), `${threshold} shares are needed and ${holders} people hold one`),
      );
    else if (threshold === holders)
      findings.push(
        warning(at(part, 'threshold'), `every custodian is needed: with one away the ${part} stays shut`),
      );
    return findings;
  });
  return [...shared, ...sameFactor, ...each];
};

const checkQuorum = (config: Config, id: string, account: Account): ConfigFinding[] => {
  const { need, role } = account.quorum;
  const path = ['accounts', id, 'quorum'];
  const { singlePrincipalRisk: risk } = account;
  const isSingle = new Set(account.principals).size === 1;
  const findings = account.principals.flatMap((principal): ConfigFinding[] => {
    const others = eligible(config, role, principal).length;
    const count = `when ${principal} asks, ${need} of role ${role} are needed and there are ${others}`;
    if (others < need) return [isSingle && risk !== undefined ? warning(path, count) : error(path, count)];
    return others === need ? [warning(path, `${count}: with one away the quorum cannot be met`)] : [];
  });
  if (isSingle) {
    const accepted =
      risk === undefined ? 'name the accepted risk in singlePrincipalRisk' : `accepted risk: ${risk}`;
    findings.push(warning(['accounts', id, 'principals'], `one principal only; ${accepted}`));
  }
  return findings;
};

const checkAddress = (config: Config, id: string, account: Account): ConfigFinding[] => {
  const path = ['accounts', id, 'address'];
  const address = account.address.toLowerCase();
  const [mailbox = ''] = address.split('@');
  // People have no address here; their name and the comments of their keys give it away.
  const owner = (Object.keys(config.people) as PersonId[]).find(
    (person) =>
      person === mailbox ||
      (config.people[person]?.sshKeys.some((line) => commentOf(line).split(' ').includes(address)) ?? false),
  );
  const twin = Object.entries(config.accounts).find(
    ([other, { address: theirs }]) => other < id && theirs.toLowerCase() === address,
  );
  return [
    ...(owner === undefined ? [] : [error(path, `the address is ${owner}'s: it must belong to no person`)]),
    ...(twin === undefined ? [] : [error(path, `${twin[0]} has the same address`)]),
  ];
};

const checkAccounts = (config: Config): ConfigFinding[] =>
  Object.entries(config.accounts).flatMap(([id, account]) => {
    const at = (name: string): Path => ['accounts', id, name];
    return [
      ...(['principals', 'owners'] as const).flatMap((name) => [
        ...unknownIn(config.people, 'person', at(name), account[name]),
        ...repeated(at(name), account[name]),
      ]),
      ...unknownIn(config.scenarios, 'scenario', at('scenarios'), account.scenarios),
      ...checkQuorum(config, id, account),
      ...checkCustody(config, id, account),
      ...checkAddress(config, id, account),
    ];
  });

/**
 * What a config of the right shape gets wrong: names of nobody, custody in one hand, quorums that cannot be
 * met. Pure; `core/trust` gives each finding its line.
 *
 * @returns errors and warnings; empty when there is nothing to say
 */
export const checkConfig = (config: Config): ConfigFinding[] => [
  ...checkPeople(config),
  ...unknownIn(config.channels, 'channel', ['security', 'channels'], config.security.channels),
  ...checkScenarios(config),
  ...checkAccounts(config),
  ...checkDeadlines(config),
];
