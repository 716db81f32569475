import { describe, expect, it } from 'vitest';
import { diffConfigs } from '../../core/rules/configDiff/index.ts';
import type { Config } from '../../core/contracts/config.ts';
import { configWith, type ConfigData } from '../support/rules.ts';

type Change = (data: ConfigData) => unknown;
interface AccountData {
  principals: string[];
  owners: string[];
  scenarios: string[];
  quorum: { need: number; role: string };
  custody: Record<'password' | 'mfa', { threshold: number; custodians: string[] }>;
}
const account = (data: ConfigData): AccountData => data.accounts['acme-eu'] as AccountData;
const people = (data: ConfigData) =>
  data.people as Record<
    string,
    { name: string; roles: string[]; sshKeys: string[]; ageRecipient: string; channels: string[] }
  >;

/** `!` before what is looser, `+`, `-` or `~` before the rest. */
const told = (before: Config, after: Config): string[] =>
  diffConfigs(before, after).map(
    ({ isLooser, effect, says }) =>
      `${isLooser ? '!' : { gains: '+', loses: '-', changes: '~' }[effect]} ${says}`,
  );
const lena: Change = (d) =>
  (people(d)['lena'] = {
    ...{ name: 'Lena', roles: [], channels: ['ops'] },
    ...{ sshKeys: [`ssh-ed25519 ${'l'.repeat(60)}`], ageRecipient: `age1${'l'.repeat(58)}` },
  });
/** Each with lena in it, who is nobody in particular. */
const of = (change: Change): Config =>
  configWith((data) => {
    lena(data);
    change(data);
  });
const from = (before: Change, after: Change): string[] => told(of(before), of(after));
const same: Change = () => undefined;

describe('what a change of the config means', () => {
  it('given two that say the same in another order, is nothing', () => {
    expect(from(same, (d) => account(d).principals.reverse())).toEqual([]);
  });

  it.each<[string, Change, string, string]>([
    [
      'a principal',
      (d) => account(d).principals.push('lena'),
      '! lena may ask for acme-eu and use it',
      '- lena may no longer ask for acme-eu',
    ],
    [
      'an owner',
      (d) => account(d).owners.push('lena'),
      '! lena owns acme-eu: may provision it, rotate it and override what blocks it',
      '- lena no longer owns acme-eu',
    ],
    [
      'a scenario',
      (d) => account(d).scenarios.push('elsewhere'),
      '! acme-eu may be opened for elsewhere',
      '- acme-eu may no longer be opened for elsewhere',
    ],
    [
      'a custodian',
      (d) => account(d).custody.mfa.custodians.push('lena'),
      '! lena gets a share of the mfa of acme-eu when it is next sealed',
      '- lena gets no share of the mfa of acme-eu when it is next sealed; the one now held is good until then',
    ],
    [
      'a role that approves',
      (d) => people(d)['lena']?.roles.push('senior'),
      '! lena’s signature counts toward opening acme-eu',
      '- lena’s signature no longer counts toward opening acme-eu',
    ],
    [
      'a role that signs configs',
      (d) => people(d)['lena']?.roles.push('admin'),
      '! lena may sign configs',
      '- lena may no longer sign configs',
    ],
    [
      'a role that is alarmed',
      (d) => people(d)['lena']?.roles.push('security'),
      '+ lena is named in alarms and may stop a use',
      '- lena is no longer named in alarms',
    ],
    [
      'a key',
      (d) => people(d)['lena']?.sshKeys.push(`ssh-ed25519 ${'z'.repeat(52)}endofkey lena@new`),
      '! whoever holds the key ssh-ed25519 …endofkey (lena@new) may sign as lena',
      '- the key ssh-ed25519 …endofkey (lena@new) no longer signs as lena',
    ],
    [
      'a person',
      (d) =>
        (people(d)['zoe'] = {
          ...{ name: 'Zoe', roles: [], channels: ['ops'] },
          ...{ sshKeys: [`ssh-ed25519 ${'z'.repeat(60)}`], ageRecipient: `age1${'z'.repeat(58)}` },
        }),
      '+ zoe is new',
      '- zoe is gone',
    ],
  ])('given %s more, and one less, says so', (_, change, more, less) => {
    expect(from(same, change)).toContain(more);
    expect(from(change, same)).toContain(less);
  });

  it.each<[string, Change, string]>([
    ['a smaller quorum', (d) => (account(d).quorum.need = 3), '! 2 must agree to open acme-eu, 3 before'],
    [
      'a longer deadline',
      (d) => Object.assign(d.deadlines, { request: 300 }),
      '! deadline request: 10 min, 5 min before',
    ],
    [
      'a shorter deadline',
      (d) => Object.assign(d.deadlines, { answer: 7200 }),
      '~ deadline answer: 5 min, 2 h before',
    ],
    [
      'a lower threshold',
      (d) => Object.assign(account(d).custody.mfa, { threshold: 3 }),
      '! 2 shares open the mfa of acme-eu once it is sealed again, 3 before',
    ],
    [
      'another approving role',
      (d) => (account(d).quorum.role = 'admin'),
      '! people of role senior agree to open acme-eu, admin before',
    ],
    [
      'another place of a part',
      (d) => Object.assign(account(d).custody.mfa, { unlockFactor: 'elsewhere' }),
      '! accounts.acme-eu.custody.mfa.unlockFactor: "a vault", "elsewhere" before',
    ],
    ['another name', (d) => (d.organisation = 'Acme Ltd'), '~ organisation: "Acme", "Acme Ltd" before'],
    [
      'a reason that is refused no longer',
      (d) => Object.assign(d.refused, { boredom: d.refused.convenience }),
      '! refused reason boredom is gone',
    ],
  ])('given %s, says so', (_, before, says) => {
    expect(from(before, same)).toContain(says);
  });

  it('given an account that is new, says whose it is', () => {
    const said = from(same, (d) => (d.accounts['acme-us'] = { ...account(d), address: 'b@acme.example' }));
    expect(said).toContain('+ acme-us is new');
    expect(said).toContain('! alice may ask for acme-us and use it');
    expect(said.filter((each) => each.includes('accounts.'))).toEqual([]);
  });
});

describe('how few people it takes', () => {
  const sharing =
    (...ids: string[]): Change =>
    (d) => {
      for (const id of ids) people(d)[id]?.sshKeys.push(`ssh-ed25519 ${'s'.repeat(60)}`);
    };

  it('given custodians who approve, says how many can open it together', () => {
    const [first] = from(same, (d) => {
      account(d).custody.mfa.custodians = ['bob', 'carol'];
    }).filter((each) => each.includes('to open acme-eu'));
    expect(first).toMatch(/^! it takes \d people to open acme-eu, \d before \(such as /);
  });

  it('given one key under two names, says first what its holder can do alone', () => {
    const before: Change = same;
    const said = from(before, sharing('bob', 'carol'));
    expect(said.slice(0, 2)).toEqual([
      '! bob = carol can alone put a config in force, which needed 2 people before',
      '! bob = carol can alone provision acme-eu, or override what blocks it, which needed 2 people before',
    ]);
  });

  it('given requester, approvers and custodians who are one hand, says that it opens the account alone', () => {
    const all: Change = (d) => {
      const { custody, principals } = account(d);
      sharing(
        ...new Set([
          ...principals,
          'bob',
          'carol',
          'dan',
          ...custody.password.custodians,
          ...custody.mfa.custodians,
        ]),
      )(d);
    };
    const said = diffConfigs(configWith(), configWith(all));
    expect(
      said.filter(({ what }) => what === 'alone').map(({ says }) => / can alone (\S+)/.exec(says)?.[1]),
    ).toEqual(expect.arrayContaining(['open', 'put', 'provision']));
  });

  it('given a quorum that nobody can meet, says that nobody can open it any more', () => {
    expect(from(same, (d) => (account(d).quorum.need = 99))).toContain('~ nobody can open acme-eu any more');
  });
});

describe('no change goes untold', () => {
  const whole = configWith();
  /** Every place where a value stands, lists as wholes. */
  const places = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, below]) => places(below, [...path, name]))
      : [path];
  const changed = (value: unknown): unknown => {
    if (Array.isArray(value)) return [...(value as unknown[]), 'another'];
    return typeof value === 'number' ? value + 1 : `${String(value)} changed`;
  };
  const withChange = (path: readonly string[]): Config => {
    const copy = structuredClone(whole);
    let at: unknown = copy;
    for (const step of path.slice(0, -1)) at = (at as Record<string, unknown>)[step];
    const last = path.at(-1) ?? '';
    (at as Record<string, unknown>)[last] = changed((at as Record<string, unknown>)[last]);
    return copy;
  };

  it('whichever value of a config it is', () => {
    const untold = places(whole).filter((path) => diffConfigs(whole, withChange(path)).length === 0);
    expect(places(whole).length).toBeGreaterThan(80);
    expect(untold.map((path) => path.join('.'))).toEqual([]);
  });
});
