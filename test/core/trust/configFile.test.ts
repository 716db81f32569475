import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfigText, readConfigText } from '../../../core/trust/configFile.ts';
import { makeOrg, yamlOf, type Org } from '../../support/org.ts';

describe('a config as people write it', () => {
  let org: Org;
  beforeAll(async () => {
    org = await makeOrg();
  });
  afterAll(() => org.remove());

  const problemsOf = (yaml: string) => {
    const parsed = parseConfigText(yaml);
    return parsed.ok ? [] : parsed.problems;
  };
  const lineOf = (yaml: string, text: string): number =>
    yaml.split('\n').findIndex((line) => line.includes(text)) + 1;

  it('given a sound one, is read, and its digest is that of its bytes', () => {
    const yaml = `# ünïcode in a comment counts too\n${org.yaml}`;
    const parsed = parseConfigText(yaml);
    expect(parsed.ok && Object.keys(parsed.config.accounts)).toEqual(['acme-eu']);
    expect(parsed.ok && parsed.digest).toBe(createHash('sha256').update(Buffer.from(yaml)).digest('hex'));
  });

  it('given a wrong value, an unknown setting and a missing one, names each with its line and column', () => {
    const data = structuredClone(org.data);
    Object.assign(data.accounts['acme-eu'], { quorum: { need: 1, role: 'senior' }, surprise: true });
    const { runbook: _, ...account } = data.accounts['acme-eu'];
    const yaml = yamlOf({ ...data, accounts: { 'acme-eu': account } });
    expect(problemsOf(yaml)).toEqual([
      expect.objectContaining({
        path: 'accounts.acme-eu.runbook',
        line: lineOf(yaml, 'acme-eu:'),
        column: 3,
      }),
      expect.objectContaining({
        path: 'accounts.acme-eu.quorum.need',
        line: lineOf(yaml, 'need:'),
        column: 7,
      }),
      expect.objectContaining({
        path: 'accounts.acme-eu.surprise',
        line: lineOf(yaml, 'surprise'),
        column: 5,
        message: 'unknown setting "surprise"',
      }),
    ]);
  });

  it('given what makes no sense, names it with its line', () => {
    const yaml = org.yaml.replace('- heidi', '- nobody');
    expect(problemsOf(yaml)).toEqual([
      {
        line: lineOf(yaml, '- nobody'),
        column: 13,
        path: 'accounts.acme-eu.custody.mfa.custodians[1]',
        message: 'no person is named nobody',
        instead: 'there are alice, bob, carol, dan, erin, frank, grace, heidi, …',
      },
    ]);
  });

  it('given a key that is no key, says so where it stands', () => {
    const data = structuredClone(org.data);
    data.people.lena.sshKeys = ['ssh-ed25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'];
    data.people.nils.ageRecipient = 'age1short';
    const yaml = yamlOf(data);
    expect(problemsOf(yaml).map(({ path, line }) => [path, line > 1])).toEqual([
      ['people.lena.sshKeys[0]', true],
      ['people.nils.ageRecipient', true],
    ]);
  });

  it('given a name twice and other faults, tells them together', () => {
    const yaml = `${org.yaml.replace('- heidi', '- nobody')}organisation: ""\n`;
    expect(problemsOf(yaml).map(({ message }) => message)).toEqual([
      'no person is named nobody',
      'this name is written twice here',
      'is empty',
    ]);
  });

  it('given slips under slips, reads on as it was meant', () => {
    const yaml = org.yaml
      .replace('accounts:', 'acounts:')
      .replace('kind: kratos', 'kind: cratos')
      .replace('quorum:', 'qorum:')
      .replace('role: senior', 'role: seniour')
      .replace('need: 2', 'need: 9');
    expect(problemsOf(yaml).map(({ path, instead }) => `${path}: ${instead}`)).toEqual([
      'acounts: did you mean accounts?',
      'accounts.acme-eu.kind: did you mean kratos?',
      'accounts.acme-eu.qorum: did you mean quorum?',
      'accounts.acme-eu.quorum: give 6 more people the role senior, or write need: 3',
      'accounts.acme-eu.quorum.role: did you mean senior?',
    ]);
  });

  it('given a part that cannot be read at all, says nothing of what hangs on it', () => {
    const { people: _, ...rest } = org.data;
    expect(problemsOf(yamlOf({ ...rest, people: 'see the other file' }))).toEqual([
      expect.objectContaining({ path: 'people', message: 'is text and has to be a mapping' }),
    ]);
  });

  it('given one deadline that cannot be read, compares the others all the same', () => {
    const yaml = yamlOf({ ...org.data, deadlines: { request: 'soon', sessionLog: 7200, postMortem: 3600 } });
    const parsed = parseConfigText(yaml);
    expect(problemsOf(yaml).map(({ path }) => path)).toEqual(['deadlines.request']);
    expect(parsed.warnings.map(({ path }) => path)).toContain('deadlines.sessionLog');
  });

  it('given one place that aliases share, names it once', () => {
    const { accounts, ...rest } = org.data;
    const account = { ...accounts['acme-eu'], principals: ['zoe', 'alice'] };
    const twice = { 'acme-eu': account, 'acme-us': { ...account, address: 'breakglass-us@acme.example' } };
    const yaml = yamlOf({ ...rest, accounts: twice });
    expect(yaml).toMatch(/principals: \*/);
    expect(problemsOf(yaml)).toEqual([
      expect.objectContaining({ path: 'accounts.acme-eu.principals[0]', message: 'no person is named zoe' }),
    ]);
  });

  it.each([
    ['a name given twice', (yaml: string) => `${yaml}\norganisation: Twice\n`, /twice/],
    ['two documents', (yaml: string) => `${yaml}\n---\n${yaml}`, /document/],
    ['no YAML', () => 'people: [', /./],
    ['no mapping', () => '42', /has to be a mapping/],
    ['a lone surrogate', (yaml: string) => `${yaml}# \ud800`, /Unicode/],
    ['too much of it', (yaml: string) => `${yaml}#${' '.repeat(300_000)}`, /longer/],
    ['a thousand laughs', () => billionLaughs, /has to be a mapping/],
  ])('given %s, is refused without throwing', (_, make, message) => {
    const problems = problemsOf(make(org.yaml));
    expect(problems.some((each) => message.test(each.message))).toBe(true);
  });

  it('given an anchor used twice, points at where the alias leads', () => {
    const yaml = `a: &a {need: 1, role: senior}\n${org.yaml.replace(/quorum:\n\s+need: 2\n\s+role: senior/, 'quorum: *a')}`;
    const problem = problemsOf(yaml).find(({ path }) => path === 'accounts.acme-eu.quorum.need');
    expect(problem).toMatchObject({ line: 1, column: 8 });
  });

  it('has no people but those it names', () => {
    const read = readConfigText(org.yaml);
    expect(read.ok && 'constructor' in read.config.people).toBe(false);
    expect(read.ok && 'toString' in read.config.accounts).toBe(false);
  });

  it('gives warnings without refusing', () => {
    const parsed = parseConfigText(org.yaml);
    expect(parsed.ok && parsed.warnings.map(({ path }) => path)).toContain(
      'accounts.acme-eu.custody.password.threshold',
    );
  });
});

const billionLaughs = Array.from({ length: 10 }, (_, n) =>
  n === 0
    ? 'x0: &x0 [lol]'
    : `x${n}: &x${n} [${Array<string>(10)
        .fill(`*x${n - 1}`)
        .join(',')}]`,
).join('\n');
