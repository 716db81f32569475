import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../../core/trust/configFile.ts';
import { fillPlaceholders } from '../../support/placeholders.ts';
import { faults, withFaults } from './configs/marks.ts';

const told = (yaml: string) => {
  const parsed = parseConfigText(yaml);
  const problems = parsed.ok ? [] : parsed.problems;
  return [
    ...problems.map((each) => ({ ...each, severity: 'error' })),
    ...parsed.warnings.map((each) => ({ ...each, severity: 'warning' })),
  ].sort((one, other) => one.line - other.line);
};

/** What each fault is told as: its severity, its path, and words of what is wrong and of what to write instead. */
const sayings: Readonly<Record<string, readonly [string, string, RegExp, RegExp]>> = {
  address: ['error', 'origin', /no address/, /https:/],
  'unknown-setting': ['error', 'owner', /unknown setting/, /leave it out; there are version/],
  'unknown-channel': ['error', 'people.jonas.channels[0]', /no channel is named opps/, /mean ops/],
  'misspelt-setting': ['error', 'people.ana.ageRecipent', /unknown setting/, /mean ageRecipient/],
  'same-key': ['error', 'people.lena.sshKeys[0]', /ravi has the same ssh key/, /keygen/],
  'unknown-role': ['error', 'people.sofia.roles[1]', /"securty"/, /mean security/],
  'no-name': ['error', 'people.Karl', /is not a name/, /write karl/],
  missing: ['error', 'people.rosa.sshKeys', /is missing/, /add sshKeys: a list, public keys/],
  'unread-channel': ['warning', 'channels.old-pager', /nobody reads old-pager/, /leave it out/],
  'wrong-kind': ['error', 'scenarios.sso-down.longestSessionMinutes', /is text/, /a whole number/],
  'no-condition': ['error', 'scenarios.mfa-lost.conditions', /no condition/, /a request states/],
  'unknown-kind': ['error', 'accounts.eu.kind', /"kratoss"/, /mean kratos/],
  'unknown-person': ['error', 'accounts.eu.principals[1]', /no person is named zoe/, /there are maya, jonas/],
  'threshold-above': [
    ...(['error', 'accounts.eu.custody.password.threshold', /4 shares are needed and 3 people/] as const),
    /name 2 more, or write 2/,
  ],
  'too-small': ['error', 'accounts.eu.custody.mfa.threshold', /1 is too small/, /write 2 or more/],
  'address-of-person': ['error', 'accounts.us.address', /lena's/, /breakglass-us@acme.example/],
  'unknown-scenario': ['error', 'accounts.us.scenarios[1]', /boredom/, /there are sso-down, mfa-lost/],
  'quorum-without-requester': [
    ...([
      'error',
      'accounts.us.quorum',
      /when dora asks, 4 of role senior are needed and there are 3/,
    ] as const),
    /give 1 more person the role senior, or write need: 3/,
  ],
  'one-person-holds-both': [
    'error',
    'accounts.us.custody.mfa.custodians[2]',
    /rosa holds a share/,
    /holds none/,
  ],
  'quorum-one-away': [
    ...(['warning', 'accounts.billing.quorum', /with one away the quorum cannot be met/] as const),
    /or write need: 3/,
  ],
  'one-factor': ['error', 'accounts.billing.custody.mfa.unlockFactor', /the same unlock factor/, /elsewhere/],
  'single-principal': ['warning', 'accounts.search.principals', /accepted risk: R-001/, /second principal/],
  'normal-vault': ['error', 'accounts.search.custody.password.unlockFactor', /team vault/, /in a safe/],
  'behind-sso': ['warning', 'accounts.search.custody.mfa.unlockFactor', /sso/, /in a safe/],
  'overlapping-deadlines': [
    'warning',
    'deadlines.claim',
    /longer than one is waited for/,
    /write 1800 or less/,
  ],
};

describe('a config with 25 faults', () => {
  it('holds 25, of shape and of meaning, each told in a way of its own', () => {
    expect(faults).toHaveLength(25);
    expect(Object.keys(sayings).toSorted()).toEqual(faults.toSorted());
  });

  it.each([0, 7])('gives one line for each and no other, by its number (%i lines further down)', (before) => {
    const { yaml, marks } = withFaults(faults, before);
    expect(told(yaml).map(({ line }) => line)).toEqual(marks.map(({ line }) => line));
  });

  it('says of each what it is, where, and what to write instead', () => {
    const { yaml, marks } = withFaults(faults);
    const all = told(yaml);
    for (const { fault, line } of marks) {
      const [severity, path, message, instead] = sayings[fault] ?? ['', '', /^$/, /^$/];
      expect(all.find((each) => each.line === line)).toMatchObject({
        ...{ severity, path },
        message: expect.stringMatching(message) as unknown,
        instead: expect.stringMatching(instead) as unknown,
      });
    }
  });

  it.each(faults)('with %s alone left in it, gives that one line', (fault) => {
    const { yaml, marks } = withFaults([fault]);
    expect(told(yaml).map(({ line }) => line)).toEqual(marks.map(({ line }) => line));
  });

  it('with all of them mended gives none', () => {
    expect(told(withFaults([]).yaml)).toEqual([]);
  });
});

describe('the example of Acme', () => {
  const example = readFileSync(new URL('../../../examples/acme/config.yaml', import.meta.url), 'utf8');

  it('gives none, keys filled in', () => {
    expect(told(fillPlaceholders(example))).toEqual([]);
  });

  it('gives a line for each placeholder that is left', () => {
    const found = told(example);
    const left = [...example.matchAll(/: \[?<[^>]+>|, path: </g)];
    expect(found.every(({ message }) => message.startsWith('still holds the placeholder <'))).toBe(true);
    expect(found).toHaveLength(left.length);
  });
});
