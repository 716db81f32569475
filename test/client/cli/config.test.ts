/** Checking, signing and pinning the config, before there is any server. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../client/cli/main.ts';
import { configJsonSchema } from '../../../core/contracts/configSchema.ts';
import { configDigest } from '../../../core/trust/configFile.ts';
import { makeOrg, type Name, type Org } from '../../support/org.ts';

let org: Org;
let folder: string;

const people = ['bob', 'carol', 'lena', 'mona'] as const satisfies readonly Name[];

const run = async (person: string, ...args: readonly string[]) => {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) => ({ write: (text: string) => (said[name] += text) });
  const exit = await main(args, {
    env: { BREAKGLASS_HOME: join(folder, person) },
    ...{ stdin: Readable.from([]), stdout: stream('stdout'), stderr: stream('stderr') },
    ...{ now: () => new Date(), random: randomBytes, sleep: () => Promise.resolve() },
    fetch: () => Promise.reject(new TypeError('no network here')),
  });
  return { exit, ...said };
};
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  org = await makeOrg();
  folder = await mkdtemp(join(tmpdir(), 'breakglass-config-'));
  for (const person of people) {
    await mkdir(join(folder, person), { recursive: true });
    await writeFile(file(`${person}.age`), org.keys[person].ageIdentity, { mode: 0o600 });
    const keys = ['--ssh-key', org.keys[person].keyFile, '--age-identity', file(`${person}.age`)];
    expect(
      (await run(person, 'init', '--person', person, '--api', 'http://127.0.0.1:7400', ...keys)).exit,
    ).toBe(0);
  }
  await writeFile(file('one.yaml'), org.yaml);
  await writeFile(file('two.yaml'), org.yaml.replace('need: 2', 'need: 3'));
});
afterAll(async () => {
  await org.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('config check', () => {
  it('gives a good config’s digest', async () => {
    const ran = await run('bob', 'config', 'check', file('one.yaml'));
    expect(ran).toMatchObject({ exit: 0, stdout: `${configDigest(org.yaml)}\n` });
  });

  it('says everything that is wrong, by line and column, and what to write instead', async () => {
    const bad = org.yaml
      .replace('organisation: Acme', 'organisation: ""')
      .replace('role: senior', 'role: seniour');
    await writeFile(file('bad.yaml'), bad);
    const ran = await run('bob', 'config', 'check', file('bad.yaml'));
    expect(ran.exit).toBe(3);
    const line = (text: string): number => bad.slice(0, bad.indexOf(text)).split('\n').length;
    const name = file('bad.yaml');
    expect(ran.stdout.split('\n').filter((each) => each.includes(': error: '))).toEqual([
      `${name}:${line('organisation')}:1: error: organisation: is empty; write text, its name`,
      `${name}:${line('role: seniour')}:7: error: accounts.acme-eu.quorum.role: "seniour" is not known here; did you mean senior?`,
    ]);
    expect(ran.stdout).toMatch(/:\d+:\d+: warning: accounts\.acme-eu\.custody\.mfa\.threshold: /);
    expect(ran.stderr).toContain('bad.yaml: 2 to mend, 2 to weigh');
  });

  it('is not found where it is not', async () => {
    expect(await run('bob', 'config', 'check', file('none.yaml'))).toMatchObject({ exit: 5 });
  });
});

describe('config schema', () => {
  it('prints what editors complete by', async () => {
    const ran = await run('lena', 'config', 'schema');
    expect(ran).toMatchObject({ exit: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual(configJsonSchema());
  });
});

describe('config sign', () => {
  it('puts the first config in force when two of its admins have signed: the ceremony', async () => {
    const first = await run('bob', 'config', 'sign', file('one.yaml'), '--out', file('0001.json'), '--json');
    expect(JSON.parse(first.stdout)).toMatchObject({ acceptedBy: ['bob'], isInForce: false });
    const again = await run('bob', 'config', 'sign', file('one.yaml'), '--out', file('0001.json'), '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ acceptedBy: ['bob'], isInForce: false });
    const second = await run(
      'carol',
      'config',
      'sign',
      file('one.yaml'),
      '--out',
      file('0001.json'),
      '--json',
    );
    expect(JSON.parse(second.stdout)).toMatchObject({ acceptedBy: ['bob', 'carol'], isInForce: true });
  });

  it('says that the signature of who is no admin does not count', async () => {
    const ran = await run('lena', 'config', 'sign', file('one.yaml'), '--out', file('lena.json'), '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ acceptedBy: [] });
    expect(ran.stderr).toContain('lena is no admin');
  });

  it('adds no signature to a bundle of another config', async () => {
    const ran = await run('mona', 'config', 'sign', file('two.yaml'), '--out', file('0001.json'));
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
  });

  it('makes the next one follow the one in force', async () => {
    const args = [
      'config',
      'sign',
      file('two.yaml'),
      '--previous',
      file('0001.json'),
      '--out',
      file('0002.json'),
    ];
    const first = await run('mona', ...args);
    expect(first).toMatchObject({ exit: 0 });
    // Before the signature it says what is signed.
    expect(first.stderr).toContain('~ 3 must agree to open acme-eu, 2 before');
    expect(await run('bob', ...args)).toMatchObject({
      exit: 0,
      stdout: `${configDigest(await readFile(file('two.yaml'), 'utf8'))}\n`,
    });
  });
});

describe('config diff', () => {
  it('compares a bundle with YAML, in words and as JSON', async () => {
    const args = ['config', 'diff', file('0001.json'), file('two.yaml')];
    const words = await run('lena', ...args);
    expect(words).toMatchObject({ exit: 0 });
    expect(words.stdout.trim().split('\n')).toEqual([
      '~ it takes 8 people to open acme-eu, 7 before (such as alice, bob, carol, dan, erin, frank, grace, heidi)',
      '~ 3 must agree to open acme-eu, 2 before',
    ]);
    expect(words.stderr).toBe('');
    const json = await run('lena', ...args, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      before: configDigest(org.yaml),
      changes: [{ what: 'together' }, { what: 'quorum', account: 'acme-eu', isLooser: false }],
    });
  });

  it('says “look twice” where it gets easier to open an account', async () => {
    const ran = await run('lena', 'config', 'diff', file('two.yaml'), file('0001.json'));
    expect(ran.stdout).toContain('! 2 must agree to open acme-eu, 3 before\n');
    expect(ran.stderr).toContain('look twice');
  });

  it('tells another text that means the same from the same text', async () => {
    await writeFile(file('comment.yaml'), `# a word\n${org.yaml}`);
    const another = await run('lena', 'config', 'diff', file('one.yaml'), file('comment.yaml'));
    expect(another.stdout).toBe('another text, and nothing changes about who may do what\n');
    const same = await run('lena', 'config', 'diff', file('one.yaml'), file('0001.json'));
    expect(same.stdout).toBe('the same config\n');
  });

  it('refuses what cannot be read, and says where', async () => {
    const ran = await run('lena', 'config', 'diff', file('one.yaml'), file('bad.yaml'));
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toMatch(/bad\.yaml has errors, the first in line \d+: is empty/);
  });
});

describe('config pin', () => {
  it('refuses a bundle that too few have signed', async () => {
    const one = { ...(JSON.parse(await readFile(file('0001.json'), 'utf8')) as object) } as {
      signatures: unknown[];
    };
    await writeFile(file('half.json'), JSON.stringify({ ...one, signatures: one.signatures.slice(0, 1) }));
    const ran = await run('lena', 'config', 'pin', file('half.json'));
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
    expect(ran.stderr).toContain('accepted by 1 of the 2 admins');
  });

  it('refuses another digest than the one the person was told', async () => {
    const ran = await run('lena', 'config', 'pin', file('0001.json'), '--digest', '0'.repeat(64));
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
  });

  it('begins with the ceremony, or with a digest that the person was told', async () => {
    expect(await run('lena', 'config', 'pin', file('0002.json'))).toMatchObject({ exit: 2 });
    const digest = configDigest(await readFile(file('two.yaml'), 'utf8'));
    expect(await run('lena', 'config', 'pin', file('0002.json'), '--digest', digest)).toMatchObject({
      exit: 0,
    });
  });

  it('prints the first digest to compare, and moves forward along the chain', async () => {
    const first = await run('bob', 'config', 'pin', file('0001.json'), '--json');
    expect(JSON.parse(first.stdout)).toEqual({ digest: configDigest(org.yaml), before: null });
    expect(first.stderr).toContain('compare this digest');
    const next = await run('bob', 'config', 'pin', file('0002.json'), '--json');
    expect(JSON.parse(next.stdout)).toMatchObject({ before: configDigest(org.yaml) });
    expect(next.stderr).toContain('~ 3 must agree to open acme-eu, 2 before');
    expect(await readFile(join(folder, 'bob', 'config', 'pin'), 'utf8')).toBe(
      `${configDigest(await readFile(file('two.yaml'), 'utf8'))}\n`,
    );
  });

  it('never moves back, nor onto another chain', async () => {
    const pin = await readFile(join(folder, 'bob', 'config', 'pin'), 'utf8');
    expect(await run('bob', 'config', 'pin', file('0001.json'))).toMatchObject({ exit: 0, stdout: pin });
    const other = await makeOrg();
    await writeFile(file('other.json'), JSON.stringify(other.chain[0]));
    await other.remove();
    expect(await run('bob', 'config', 'pin', file('other.json'))).toMatchObject({ exit: 4, stdout: '' });
    expect(await readFile(join(folder, 'bob', 'config', 'pin'), 'utf8')).toBe(pin);
  });

  it('notices that its own files were changed', async () => {
    const stored = join(folder, 'bob', 'config', '0002.json');
    const text = await readFile(stored, 'utf8');
    await writeFile(stored, text.replace('Acme', 'Evil'));
    const ran = await run('bob', 'log');
    await writeFile(stored, text);
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
    expect(ran.stderr).toContain('does not hold');
  });
});

describe('runbook', () => {
  it('is printed from the config this machine has pinned, one sheet for each account named', async () => {
    const ran = await run('bob', 'runbook', 'acme-eu', '--json');
    const { config, accounts } = JSON.parse(ran.stdout) as { config: string; accounts: unknown[] };
    expect(`${config}\n`).toBe(await readFile(join(folder, 'bob', 'config', 'pin'), 'utf8'));
    expect(accounts).toMatchObject([{ account: 'acme-eu' }]);
    const page = (await run('bob', 'runbook')).stdout;
    expect(page.match(/<section>/g)).toHaveLength(Object.keys(org.data.accounts).length);
  });

  it('is printed from a file that is not in force yet, and says what is wrong with one', async () => {
    await writeFile(file('slow.yaml'), `${org.yaml}\ndeadlines: { request: 5400 }\n`);
    const ran = await run('bob', 'runbook', 'acme-eu', '--config', file('slow.yaml'));
    expect(ran.stdout).toContain('90 minutes');
    await writeFile(file('bad.yaml'), org.yaml.replace('role: senior', 'role: seniour'));
    const refused = await run('bob', 'runbook', '--config', file('bad.yaml'));
    expect(refused).toMatchObject({ exit: 2, stdout: '' });
    expect(refused.stderr).toContain('config check');
  });

  it('names the accounts there are when asked for another', async () => {
    const ran = await run('bob', 'runbook', 'acme-eux');
    expect(ran).toMatchObject({ exit: 5, stdout: '' });
    expect(ran.stderr).toContain('acme-eu');
  });
});
