import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDraft } from '../../core/contracts/configDraft.ts';
import { checkConfig } from '../../core/rules/configCheck/index.ts';
import { makeOrg, type ConfigData, type Org } from '../support/org.ts';

type Change = (data: ConfigData) => unknown;
const account = (data: ConfigData) => data.accounts['acme-eu'];

describe('a config that has the right shape', () => {
  let org: Org;
  beforeAll(async () => {
    org = await makeOrg();
  });
  afterAll(() => org.remove());

  const findings = (change: Change) => {
    const data = structuredClone(org.data);
    change(data);
    return checkConfig(configDraft.parse(data) ?? {}).map(
      ({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`,
    );
  };
  const errors = (change: Change) => findings(change).filter((each) => each.startsWith('error'));

  it('given a sound one, has no errors', () => {
    expect(errors(() => undefined)).toEqual([]);
  });

  it.each<[string, Change, string]>([
    [
      'an unknown principal',
      (d) => account(d).principals.push('zoe'),
      'principals.2: no person is named zoe',
    ],
    ['an unknown owner', (d) => account(d).owners.push('zoe'), 'owners.2: no person is named zoe'],
    [
      'a person named like a member of every object',
      (d) => account(d).owners.push('constructor'),
      'owners.2: no person',
    ],
    [
      'an unknown custodian',
      (d) => account(d).custody.mfa.custodians.push('zoe'),
      'custody.mfa.custodians.2: no person is named zoe',
    ],
    [
      'an unknown channel',
      (d) => d.people.alice.channels.push('pager'),
      'channels.1: no channel is named pager',
    ],
    [
      'a time zone that is none',
      (d) => Object.assign(d.people.alice, { timezone: 'Europe/Berlim' }),
      'people.alice.timezone: no time zone is named Europe/Berlim',
    ],
    [
      'an unknown security channel',
      (d) => (d.security.channels = ['pager']),
      'security.channels.0: no channel',
    ],
    [
      'an unknown scenario',
      (d) => account(d).scenarios.push('boredom'),
      'scenarios.1: no scenario is named boredom',
    ],
    ['an owner named twice', (d) => (account(d).owners = ['bob', 'bob']), 'owners.1: bob is named twice'],
    [
      'a custodian of both parts',
      (d) => (account(d).custody.mfa.custodians = ['grace', 'erin']),
      'custody.mfa.custodians.1: erin holds a share of the password too',
    ],
    [
      'one unlock factor for both parts',
      (d) => (account(d).custody.mfa.unlockFactor = 'Safe in berlin '),
      'custody.mfa.unlockFactor: password and mfa lie behind the same',
    ],
    [
      'more shares needed than people hold',
      (d) => (account(d).custody.password.threshold = 3),
      'custody.password.threshold: 3 shares are needed and 2 people hold one',
    ],
    [
      'a quorum that one principal’s absence from it breaks',
      (d) => (account(d).quorum.need = 4),
      'quorum: when alice asks, 4 of role senior are needed and there are 3',
    ],
    [
      'one principal, no quorum and no accepted risk',
      (d) => Object.assign(account(d), { principals: ['alice'], quorum: { need: 4, role: 'senior' } }),
      'quorum: when alice asks, 4 of role senior',
    ],
    [
      'an address that is a person’s name',
      (d) => (account(d).address = 'Alice@acme.example'),
      "address: the address is alice's",
    ],
    [
      'an address that a person’s key carries',
      (d) => {
        d.people.lena.sshKeys = d.people.lena.sshKeys.map((key) => `${key} breakglass-eu@acme.example`);
      },
      "address: the address is lena's",
    ],
    [
      'two accounts of one address',
      (d) => Object.assign(d.accounts, { 'acme-us': account(d) }),
      'acme-us.address: acme-eu has the same address',
    ],
    [
      'two people with one key, its comment changed',
      (d) => {
        const [key = ''] = d.people.bob.sshKeys;
        d.people.carol.sshKeys.push(key.replace(/ bob.*/, ' carol@laptop'));
      },
      'people.carol.sshKeys.1: bob has the same ssh key',
    ],
    [
      'the worker’s key in a person’s hands',
      (d) => d.people.carol.sshKeys.push(d.worker.sshKey),
      'people.carol.sshKeys.1: the worker has the same ssh key',
    ],
    [
      'two people with one age recipient',
      (d) => (d.people.heidi.ageRecipient = d.people.grace.ageRecipient),
      'people.heidi.ageRecipient: grace has the same age recipient',
    ],
    [
      'one admin only',
      (d) => {
        d.people.bob.roles = ['senior'];
        d.people.carol.roles = ['senior'];
      },
      'people: 1 of role admin',
    ],
    [
      'a scenario that is refused by name too',
      (d) => Object.assign(d.refused, { 'sso-down': d.refused.convenience }),
      'scenarios.sso-down: sso-down is among the reasons refused',
    ],
  ])('given %s, is an error that says where', (_, change, text) => {
    expect(errors(change).filter((each) => each.includes(text))).toHaveLength(1);
  });

  it.each<[string, Change, string]>([
    [
      'a quorum with nobody to spare',
      (d) => (account(d).quorum.need = 3),
      'quorum: when alice asks, 3 of role senior are needed and there are 3: with one away',
    ],
    ['every custodian needed', () => undefined, 'custody.password.threshold: every custodian is needed'],
    [
      'two admins',
      (d) => (d.people.mona.roles = ['engineer']),
      'people: two of role admin: with one away this config cannot be changed',
    ],
    [
      'one principal',
      (d) => (account(d).principals = ['alice']),
      'principals: one principal only; name the accepted risk in singlePrincipalRisk',
    ],
    [
      'one principal with an accepted risk',
      (d) => Object.assign(account(d), { principals: ['alice'], singlePrincipalRisk: 'RISK-7' }),
      'principals: one principal only; accepted risk: RISK-7',
    ],
    [
      'one principal with an accepted risk and no quorum',
      (d) =>
        Object.assign(account(d), {
          principals: ['alice'],
          singlePrincipalRisk: 'RISK-7',
          quorum: { need: 4, role: 'senior' },
        }),
      'quorum: when alice asks, 4 of role senior are needed and there are 3',
    ],
    [
      'a scenario nobody may use',
      (d) => Object.assign(d.scenarios, { unused: d.scenarios['sso-down'] }),
      'scenarios.unused: no account is opened for unused',
    ],
    [
      'a session longer than anybody may ask for',
      (d) => (d.scenarios['sso-down'].longestSessionMinutes = 1441),
      'longestSessionMinutes: a request may ask for 1440 minutes at most',
    ],
    [
      'a session longer than its post-mortem’s deadline',
      (d) => Object.assign(d, { deadlines: { postMortem: 3599, sessionLog: 60 } }),
      'longestSessionMinutes: a session may outlast',
    ],
    [
      'a wait longer than a signature lives',
      (d) => Object.assign(d, { deadlines: { request: 24 * 3600 + 1 } }),
      'deadlines.request: longer than the 24 hours',
    ],
    [
      'a session log due after the post-mortem',
      (d) => Object.assign(d, { deadlines: { sessionLog: 300_000 } }),
      'deadlines.sessionLog: the session log is due after',
    ],
    [
      'a login unclaimed for longer than it is waited for',
      (d) => Object.assign(d, { deadlines: { claim: 3600 } }),
      'deadlines.claim: a login may stay unclaimed',
    ],
    [
      'a silence that rings after the case has expired',
      (d) => Object.assign(d, { deadlines: { session: 600 } }),
      'deadlines.sighting: a released case expires before',
    ],
  ])('given %s, is a warning and no error', (_, change, text) => {
    expect(errors(change)).toEqual([]);
    expect(findings(change).some((each) => each.startsWith('warning') && each.includes(text))).toBe(true);
  });
});
