/** Arguments, answers and exit codes, against the real api and rules. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProcessUnavailable } from '../../../client/errors.ts';
import { casesPage, caseView, ledgerPage } from '../../../core/contracts/http.ts';
import { rotationId } from '../../../core/contracts/ids.ts';
import { row as rowSchema, type Row } from '../../../core/contracts/ledger.ts';
import { processView, type ProcessRun } from '../../../core/contracts/process.ts';
import { newAgeIdentity } from '../../../core/custody/age.ts';
import { rowHash } from '../../../core/evidence/chain.ts';
import { ledgerRowText } from '../../../core/evidence/ledgerRow.ts';
import { account, theCase } from '../../api/harness.ts';
import { checkpointsAt } from '../../survival/checks/ledger.ts';
import { signedLines } from '../../survival/checks/ledgerCopy.ts';
import { makeWorld, requestArgs, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await makeWorld();
  await world.harness.provision(false);
});
afterAll(() => world.remove());
afterEach(() => {
  world.lie(null);
  world.stand(null);
});

const replaced = (flag: string, value: string): string[] =>
  requestArgs.map((each, place) => (requestArgs[place - 1] === flag ? value : each));

describe('arguments', () => {
  it.each([
    [['reqest'], /Did you mean request\?/],
    [['approve'], /missing required argument 'case'/],
    [['deny', 'acme-eu'], /required option '--reason <text>'/],
    [['release', 'acme-eu', '--part', 'both'], /--part both: password or mfa/],
    [['approve', 'acme-eu/21'], /“acme-eu\/21” is no case/],
    [['request', 'Acme EU'], /required option/],
    [replaced('--expected-minutes', 'soon'), /--expected-minutes soon: a whole number of minutes/],
    [replaced('--reason', ' '), /request: reason/],
    [['write-up', 'acme-eu', '--document', 'novel'], /--document novel: session-log or post-mortem/],
    [['end', 'acme-eu'], /give --reason TEXT/],
  ] as const)('%j: exit 2, and says what is meant', async (args, why) => {
    const ran = await world.run('alice', args);
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toMatch(why);
  });

  it.each([
    'request',
    'approve',
    'deny',
    'withdraw',
    'release',
    'open',
    'claim',
    'end',
    'attest',
    'write-up',
    'provision',
    'rotate',
    'status',
    'cases',
    'history',
    'init',
    'keygen',
    'log',
  ])('%s has help with examples', async (command) => {
    const ran = await world.run('alice', [command, '--help']);
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toContain(`$ breakglass ${command}`);
    expect(ran.stdout).toContain('--json');
  });

  it('documents its exit codes', async () => {
    const { stdout } = await world.run('alice', ['--help']);
    expect(stdout).toMatch(/4 {2}refused by this machine's own checks/);
  });
});

describe('a machine that is not set up', () => {
  it('says which command sets it up', async () => {
    const ran = await world.run('nobody', ['status']);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('next: breakglass init');
  });

  it('decides nothing before it has pinned a config', async () => {
    const { keyFile } = world.harness.org.keys.nils;
    await writeFile(`${keyFile}.age`, world.harness.org.keys.nils.ageIdentity, { mode: 0o600 });
    const init = ['init', '--person', 'nils', '--api', 'http://127.0.0.1:7400'];
    expect(
      (await world.run('nils', [...init, '--ssh-key', keyFile, '--age-identity', `${keyFile}.age`])).exit,
    ).toBe(0);
    const ran = await world.run('nils', requestArgs);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('next: breakglass config pin');
  });

  it('takes no api over an unencrypted wire', async () => {
    const ran = await world.run('new', ['init', '--person', 'new', '--api', 'http://breakglass.example']);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('must be an https address');
  });

  it('makes keys that only their owner reads, and asks for no passphrase where nobody can answer', async () => {
    const asked = await world.run('zoe', ['keygen', '--person', 'zoe']);
    expect(asked).toMatchObject({ exit: 2 });
    expect(asked.stderr).toContain('--no-passphrase');
    const made = await world.run('zoe', ['keygen', '--person', 'zoe', '--no-passphrase']);
    expect(made.exit).toBe(0);
    expect(made.stdout).toMatch(
      /^people:\n {2}zoe:\n {4}sshKeys:\n {6}- ssh-ed25519 \S+ zoe@breakglass\n {4}ageRecipient: age1/,
    );
    for (const file of ['id_ed25519', 'age-identity.txt'])
      expect((await stat(join(world.home('zoe'), file))).mode & 0o777).toBe(0o600);
    expect(
      (await world.run('zoe', ['init', '--person', 'zoe', '--api', 'https://breakglass.example'])).exit,
    ).toBe(0);
    expect((await world.run('zoe', ['keygen', '--no-passphrase'])).exit).toBe(2);
  });

  it('uses no age identity that others can read', async () => {
    const file = join(world.folder, 'open.age');
    await writeFile(file, await newAgeIdentity(), { mode: 0o644 });
    const profile = join(world.home('alice'), 'profile.json');
    const text = await readFile(profile, 'utf8');
    const before = world.harness.ledger.rows.length;
    await writeFile(
      profile,
      JSON.stringify({ ...z.object({}).loose().parse(JSON.parse(text)), ageIdentity: file }),
    );
    const ran = await world.run('alice', requestArgs);
    await writeFile(profile, text);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain(`next: chmod 600 ${file}`);
    expect(world.actions(before)).toEqual([]);
  });
});

describe('an api that does not do as it should', () => {
  it('is said to be out of reach', async () => {
    world.stand(() => {
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      });
    });
    const ran = await world.run('alice', ['status', '--json']);
    expect(ran).toMatchObject({ exit: 6, stdout: '' });
    expect(
      z.object({ error: z.object({ code: z.string(), message: z.string() }) }).parse(JSON.parse(ran.stderr))
        .error,
    ).toEqual({
      code: 'unreachable',
      message: 'cannot reach the api at http://127.0.0.1:7400 (ECONNREFUSED)',
    });
  });

  it('is sent the same decision under the same key when its answer was lost', async () => {
    const keys: string[] = [];
    const before = world.harness.updates.length;
    world.stand((method, path) => {
      if (method !== 'POST' || path !== '/v1/statements' || keys.length > 0) return undefined;
      keys.push(path);
      return new Response('{}', { status: 503 });
    });
    const ran = await world.run('quinn', ['rotate', 'acme-eu', '--reason', 'x', '--json']);
    expect(keys).toHaveLength(1);
    expect(ran.exit).toBe(0);
    expect(world.harness.updates.length).toBe(before + 1);
    await finishRotation('rotation/acme-eu/2026-11-21-02');
  });

  it('is not believed when it answers what is not the api’s', async () => {
    world.lie((path) => (path === '/v1/accounts' ? { accounts: 'none' } : undefined));
    expect(await world.run('alice', ['status'])).toMatchObject({ exit: 1, stdout: '' });
  });
});

/** What the worker would write: the account is free again. */
const finishRotation = async (name: string): Promise<void> => {
  const rotation = rotationId.parse(name);
  const at = world.harness.now();
  const pair = world.harness.pair();
  const events = [
    { account, event: { type: 'rotation-proven' as const, at, rotation, identity: 'identity-1', pair } },
  ];
  await world.harness.ledger.transact((tx) =>
    tx.append({
      ...{ timestamp: at, actor_id: 'breakglass', actor_role: 'worker', action: 'break_glass_rotation' },
      ...{ resource_type: 'account', resource_id: account, ip_address: null, user_agent: null },
      ...{ result: 'success', case_id: null, nonce: null, key: name, metadata: { events } },
    }),
  );
};

describe('what the rules refuse', () => {
  const refused = async (person: string, args: readonly string[], why: RegExp): Promise<void> => {
    const before = world.harness.ledger.rows.length;
    const ran = await world.run(person, args);
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toMatch(why);
    expect(world.actions(before)).toEqual(['break_glass_refused']);
  };

  it('an unknown scenario', () =>
    refused('alice', replaced('--scenario', 'curiosity'), /acme-eu is not opened for “curiosity”/));

  it('a reason refused by name', () =>
    refused('alice', replaced('--reason', 'it is quicker this way'), /names a reason that is refused/));

  it('a condition that is not stated', () =>
    refused(
      'alice',
      requestArgs.filter((each, place) => each !== 'sev-0' && requestArgs[place + 1] !== 'sev-0'),
      /also needs: sev-0/,
    ));

  it('who is no principal', () => refused('bob', requestArgs, /bob may not use acme-eu/));

  it('and keeps no key for it', async () => {
    await expect(stat(join(world.home('bob'), 'keys'))).resolves.toBeDefined();
    const { readdir } = await import('node:fs/promises');
    expect(await readdir(join(world.home('bob'), 'keys'))).toEqual([]);
  });

  it('is foretold by --dry-run, which asks nobody', async () => {
    const before = world.harness.ledger.rows.length;
    const ran = await world.run('alice', [...replaced('--scenario', 'curiosity'), '--dry-run']);
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('needs 2 of 3 seniors (bob, carol, dan), not you');
    expect(world.actions(before)).toEqual([]);
  });
});

describe('a new credential', () => {
  it('is attested by its custodians, who keep a copy', async () => {
    const first = await world.must('erin', 'attest', 'acme-eu', '--kept-at', 'safe 3', '--json');
    expect(first.json()).toMatchObject({ attested: ['password'] });
    const copy = join(world.home('erin'), 'custody', 'acme-eu-password-1.json');
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    for (const custodian of ['frank', 'grace', 'heidi'] as const)
      await world.must(custodian, 'attest', 'acme-eu', '--kept-at', 'safe 3');
    expect(await world.run('alice', ['attest', 'acme-eu', '--kept-at', 'x'])).toMatchObject({ exit: 3 });
  });
});

describe('a case, as people walk it', () => {
  it('begins with a request that names who decides', async () => {
    const ran = await world.run('alice', [...requestArgs, '--json']);
    expect(ran.exit).toBe(0);
    expect(ran.json()).toMatchObject({ case: theCase });
    expect(ran.stderr).toContain(`next: approvers: breakglass approve ${theCase}`);
  });

  it('is not found under another name', async () => {
    expect(await world.run('alice', ['history', 'acme-eu/2026-11-20-01'])).toMatchObject({
      exit: 5,
      stdout: '',
    });
  });

  it('is approved only by somebody who says so', async () => {
    const without = await world.run('bob', ['approve', 'acme-eu']);
    expect(without).toMatchObject({ exit: 2, stdout: '' });
    expect(without.stderr).toContain('give --yes');
    const no = await world.run('bob', ['approve', 'acme-eu'], { isTerminal: true, stdin: 'n\n' });
    expect(no).toMatchObject({ exit: 3 });
    const view = caseView.parse((await world.must('alice', 'status', theCase, '--json')).json());
    expect(view.approvedBy).toEqual([]);
  });

  it('shows the whole signed request before it is signed for', async () => {
    const ran = await world.run('bob', ['approve', 'acme-eu'], { isTerminal: true, stdin: 'y\n' });
    expect(ran.exit).toBe(0);
    for (const part of ['nobody can sign in', 'SSO answers 503', '#incident-7', 'age1', '"type":"request"'])
      expect(ran.stderr).toContain(part);
  });

  it('takes no approval from its requester, nor a second one from one person', async () => {
    for (const [person, why] of [
      ['alice', 'nobody decides their own'],
      ['bob', 'one person counts once'],
    ] as const) {
      const ran = await world.run(person, ['approve', 'acme-eu', '--yes']);
      expect(ran.exit).toBe(3);
      expect(ran.stderr).toContain(why);
    }
  });

  it('is not released before its quorum, and that is no lie', async () => {
    const before = await world.logLines('erin');
    const ran = await world.run('erin', ['release', 'acme-eu']);
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toContain('1 of 2 have approved');
    expect(await world.logLines('erin')).toBe(before);
  });

  it('is released by custodians alone', async () => {
    await world.must('dan', 'approve', 'acme-eu', '--yes');
    const ran = await world.run('bob', ['release', 'acme-eu']);
    expect(ran).toMatchObject({ exit: 3 });
    expect(ran.stderr).toContain('bob is no custodian');
    for (const person of ['erin', 'frank', 'grace', 'heidi'] as const)
      await world.must(person, 'release', 'acme-eu');
    const view = caseView.parse((await world.must('alice', 'status', theCase, '--json')).json());
    expect(view.phase).toBe('released');
  });

  it('asks which session is meant, where nobody can answer', async () => {
    world.lie((path, body) =>
      path === '/v1/accounts/acme-eu'
        ? {
            ...z.object({}).loose().parse(body),
            unclaimed: [
              {
                ...{
                  id: 'sighting-1',
                  account: 'acme-eu',
                  identity: 'identity-1',
                  aal: 'aal2',
                  method: 'totp',
                },
                ...{ session: '0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11', ip: '192.0.2.9', userAgent: 'browser' },
                ...{ at: world.harness.now(), source: 'kratos-hook' },
              },
            ],
          }
        : undefined,
    );
    const without = await world.run('alice', ['claim', 'acme-eu']);
    expect(without).toMatchObject({ exit: 2 });
    expect(without.stderr).toContain('--session 0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11');
    const ran = await world.run('alice', ['claim', 'acme-eu'], { isTerminal: true, stdin: 'y\n' });
    expect(ran.exit).toBe(0);
  });

  it('ends without waiting when told so', async () => {
    const ran = await world.must('alice', 'end', 'acme-eu', '--reason', 'SSO is back', '--no-wait');
    expect(ran.stderr).toContain(`next: breakglass end ${theCase} --resume`);
  });

  it('is written up from a template of the facts, nothing left to do', async () => {
    const document = ['write-up', theCase, '--document', 'session-log'];
    const template = await world.must('alice', ...document, '--template');
    expect(template.stdout).toContain('## Trigger\n\nnobody can sign in');
    const file = join(world.folder, 'log.md');
    await writeFile(file, template.stdout);
    const unfilled = await world.run('alice', [...document, '--file', file]);
    expect(unfilled).toMatchObject({ exit: 3 });
    expect(unfilled.stderr).toContain('What was done');
    const filled = template.stdout.replace(/TODO.*/g, 'restarted the identity provider');
    const ran = await world.run('alice', [...document, '--file', '-'], { stdin: filled });
    expect(ran.exit).toBe(0);
  });

  it('opens an editor only where there is a terminal', async () => {
    const ran = await world.run('alice', ['write-up', theCase, '--document', 'post-mortem'], {
      env: { EDITOR: 'true' },
    });
    expect(ran).toMatchObject({ exit: 2 });
    expect(ran.stderr).toContain('--file FILE');
  });

  it('keeps a draft that the rules refused', async () => {
    const env = { EDITOR: 'true', PATH: process.env['PATH'] ?? '' };
    const draft = join(world.home('alice'), 'drafts', 'case-acme-eu-2026-11-21-01-post-mortem.md');
    const ran = await world.run('alice', ['write-up', theCase, '--document', 'post-mortem'], {
      env,
      isTerminal: true,
    });
    expect(ran).toMatchObject({ exit: 3 });
    expect(await readFile(draft, 'utf8')).toContain('## Timeline');
  });

  it('tells its story, each signature verified here, to the requester without the ledger’s chain', async () => {
    const { stdout } = await world.must('alice', 'history', theCase);
    expect(stdout).toMatch(/ALICE \(alice\) asked for the account: for sso-down/);
    expect(stdout).toMatch(/ERIN \(erin\) released a share: password/);
    expect(stdout).toMatch(/2026-11-21 10:00:00 UTC/);
    expect(stdout).toMatch(/\[signed by bob, key SHA256:\S+, config [0-9a-f]{12}; row \d+\]/);
    expect(stdout).toContain('The ledger’s chain was not followed: your roles do not read the ledger');
    const headings = [
      'Asked for',
      'Authorised: shares are released',
      'Released: the login',
      'In session',
      'Ended:',
    ];
    const places = headings.map((each) => stdout.indexOf(`\n${each}`));
    expect(places.every((each) => each > 0)).toBe(true);
    expect(places.toSorted((one, other) => one - other)).toEqual(places);
  });

  it('is told to an auditor with its place in the chain, and what a witness vouches for', async () => {
    const { rows } = world.harness.ledger;
    const of = { origin: world.harness.org.data.origin, config: world.harness.org.digest };
    const file = join(world.folder, 'half.jsonl');
    const request = rows.find((each) => each.action === 'break_glass_requested')?.seq ?? 0;
    await writeFile(file, await signedLines(world, await checkpointsAt(rows, [request], of)));
    const { stdout } = await world.must('ivan', 'history', theCase, '--witness', file);
    expect(stdout).toContain(`row ${request}, in the chain, witnessed]`);
    expect(stdout).toMatch(/DAN \(dan\) approved.*\n {4}\[signed by dan, .*, in the chain\]/);
    expect(stdout).toMatch(
      new RegExp(`followed over ${rows.length} rows .*; witnessed up to row ${request} `),
    );
    const whole = z.object({ faults: z.array(z.string()), rows: z.array(z.unknown()) });
    const json = whole.parse((await world.must('ivan', 'history', theCase, '--json')).json());
    expect(json.faults).toEqual([]);
    expect(json.rows.length).toBeGreaterThan(8);
  });

  describe('beside what Temporal tells', () => {
    const about = { attempt: null, failure: null };
    const run = (): ProcessRun => {
      const asked = world.harness.ledger.rows.find((each) => each.action === 'break_glass_requested');
      // The clock of this world stands still: a millisecond earlier is before every row.
      const at = new Date(Date.parse(asked?.timestamp ?? '') - 1).toISOString();
      return {
        ...{ run: 'run-1', type: 'breakGlassCase', status: 'running', started: at, closed: null },
        ...{ events: 12, leftOut: 3 },
        lines: [
          { at, what: 'started', name: 'breakGlassCase', ...about },
          { at: '2026-11-21T23:59:59.000Z', what: 'failed', name: 'tickCase', attempt: 4, failure: 'Error' },
        ],
        pending: {
          activities: [{ name: 'tickCase', attempt: 5, failure: 'Error' }],
          timers: [{ name: 'somebody is reminded of what they owe', fires: '2026-11-22T00:00:00.000Z' }],
          taskAttempts: 0,
        },
      };
    };
    /** Of its rotation Temporal has nothing any more. */
    const runsOf = async (id: string): Promise<ProcessRun[]> => (id === theCase ? [run()] : []);
    afterEach(() => {
      world.harness.breakDown(null);
    });

    it('is told in order of time, marked as unsigned; the proof is what it was without', async () => {
      const { stdout: without } = await world.must('ivan', 'history', theCase);
      world.harness.breakDown({ runs: { runsOf } });
      const { stdout } = await world.must('ivan', 'history', theCase, '--temporal');
      const lines = stdout.split('\n');
      const aside = lines.filter((line) => line.startsWith('  ~ '));
      expect(aside).toHaveLength(2);
      expect(aside[0]).toMatch(/ {2}temporal, unsigned: case\/acme-eu\/2026-11-21-01 began breakGlassCase$/);
      expect(aside[1]).toMatch(
        /^ {2}~ 2026-11-21 23:59:59 UTC .* FAILED at tickCase, attempt 4, failure Error$/,
      );
      // The ledger's story is the same, line by line, and Temporal's last line comes after all of it.
      expect(lines.filter((line) => !line.startsWith('  ~ ')).join('\n')).toContain(without.trimEnd());
      expect(lines.indexOf(aside[1] ?? '')).toBeGreaterThan(
        lines.findIndex((line) => line.includes('delivered a write-up')),
      );
      expect(lines.indexOf(aside[0] ?? '')).toBeLessThan(
        lines.findIndex((line) => line.includes(' approved')),
      );
      expect(stdout).toMatch(/the lines with ~: not signed, .* no part of the ledger’s proof/);
      expect(stdout).toContain('running, run run-1, 12 events');
      expect(stdout).toMatch(/rotation\/acme-eu\/\S+: Temporal holds no run of it/);
      expect(stdout).toContain('3 earlier lines are not shown');
      expect(stdout).toContain('waits for tickCase, attempt 5, failure Error');
      expect(stdout).toMatch(/timer, 2026-11-22 00:00:00 UTC.*: somebody is reminded of what they owe/);
    });

    it('is apart from the ledger’s story for a script too', async () => {
      world.harness.breakDown({ runs: { runsOf } });
      const shape = z.object({
        temporal: processView.pick({ workflows: true }).extend({ kind: z.string() }),
      });
      const { temporal } = shape.parse(
        (await world.must('ivan', 'history', theCase, '--temporal', '--json')).json(),
      );
      expect(temporal).toEqual({
        kind: 'told',
        workflows: [
          { workflow: theCase, runs: [run()] },
          { workflow: expect.stringMatching(/^rotation\//) as string, runs: [] },
        ],
      });
      expect((await world.must('ivan', 'history', theCase, '--json')).json()).not.toHaveProperty('temporal');
    });

    it('is said to be missing while Temporal is down, or not theirs to read; the ledger’s story is told', async () => {
      const down = new ProcessUnavailable('temporal is down');
      world.harness.breakDown({ runs: { runsOf: async () => Promise.reject(down) } });
      for (const [who, why] of [
        ['ivan', 'temporal does not answer for case/acme-eu/2026-11-21-01; the ledger can still be read'],
        ['alice', 'your roles do not read it; an auditor’s do'],
      ] as const) {
        const { stdout } = await world.must(who, 'history', theCase, '--temporal');
        expect(stdout).toContain(`Temporal’s own history is not shown: ${why}.`);
        expect(stdout).toContain('ALICE (alice) asked for the account');
        expect(stdout).not.toMatch(/^ {2}~ /m);
      }
      const json = (await world.must('ivan', 'history', theCase, '--temporal', '--json')).json();
      expect(json).toMatchObject({ case: theCase, faults: [], temporal: { kind: 'not-read' } });
    });
  });

  const rowsOfHistory = z.object({ rows: z.array(rowSchema) });
  const approvalOf = (rows: readonly Row[]): Row => {
    const found = rows.find((each) => each.action === 'break_glass_approved');
    if (found === undefined) throw new Error('nobody approved');
    return found;
  };
  it.each<[string, (rows: Row[]) => Row[], RegExp]>([
    [
      'who approved changed',
      (rows) => rows.map((each) => (each === approvalOf(rows) ? { ...each, actor_id: 'carol' } : each)),
      /the row and its signed statement differ in who; row \d+: its hash does not cover it/,
    ],
    [
      'a signature taken away',
      (rows) =>
        rows.map((each) => {
          if (each !== approvalOf(rows)) return each;
          const { envelope: _, ...metadata } = each.metadata;
          return { ...each, metadata };
        }),
      /break_glass_approved by bob, and no signed statement/,
    ],
    [
      'a signature moved to another row',
      (rows) =>
        rows.map((each) =>
          each.action === 'break_glass_ended'
            ? { ...each, metadata: { ...each.metadata, envelope: approvalOf(rows).metadata.envelope } }
            : each,
        ),
      /differ in who/,
    ],
    [
      'a statement changed',
      (rows) =>
        rows.map((each) => {
          const { envelope } = each.metadata;
          if (each !== approvalOf(rows) || envelope === undefined) return each;
          const statement = envelope.statement.replace('"role":"senior"', '"role":"admin"');
          return { ...each, metadata: { ...each.metadata, envelope: { ...envelope, statement } } };
        }),
      /its statement does not hold/,
    ],
    [
      'a row left out',
      (rows) => rows.filter((each) => each !== approvalOf(rows)),
      /is about the case, and was left out/,
    ],
    [
      'a row, and its hash made to fit',
      (rows) =>
        rows.map((each) => {
          if (each.action !== 'break_glass_ended') return each;
          const { hash: _, ...draft } = { ...each, timestamp: '2026-11-21T09:59:59.000Z' };
          return { ...draft, hash: rowHash(each.previous, ledgerRowText(draft)) };
        }),
      /of the ledger is another than the one shown/,
    ],
  ])('history says what does not hold: %s', async (_, change, why) => {
    world.lie((path, body) =>
      path.endsWith('/history') ? { rows: change(rowsOfHistory.parse(body).rows) } : undefined,
    );
    const ran = await world.run('ivan', ['history', theCase]);
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toMatch(why);
    expect(ran.stdout).not.toBe('');
  });

  it('history shows custodians’ shares to nobody but the requester, and says so', async () => {
    const { stdout } = await world.must('dan', 'history', theCase);
    expect(stdout).toContain('4 signatures were not shown to you');
  });

  it('is listed, and found by each filter', async () => {
    const found = async (...args: string[]): Promise<number> =>
      casesPage.parse((await world.must('alice', 'cases', ...args, '--json')).json()).cases.length;
    expect(await found()).toBe(1);
    for (const args of [
      ...[
        ['--account', account],
        ['--kind', 'emergency'],
        ['--scenario', 'sso-down'],
        ['--person', 'bob'],
      ],
      ...[
        ['--phase', 'ended'],
        ['--quarter', '2026-Q4'],
      ],
    ])
      expect([args, await found(...args)]).toEqual([args, 1]);
    for (const args of [
      ...[
        ['--kind', 'drill'],
        ['--person', 'nils'],
        ['--phase', 'closed'],
        ['--quarter', '2026-Q3'],
      ],
      ['--overdue'],
    ])
      expect([args, await found(...args)]).toEqual([args, 0]);
    expect((await world.must('alice', 'cases')).stdout).toMatch(/ended +emergency +sso-down +alice/);
  });

  it.each([
    [['--phase', 'lost'], /there is no phase “lost”; there are: requested/],
    [['--person', 'mallory'], /there is no person “mallory”; there are: .*alice/],
    [['--limit', 'some'], /--limit some: a whole number above 0/],
  ] as const)('cases %j is refused, with what there is', async (args, why) => {
    const ran = await world.run('alice', ['cases', ...args]);
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toMatch(why);
  });

  it('cases says how to go on after a page, and where short pages end', async () => {
    const [view] = casesPage.parse((await world.must('alice', 'cases', '--json')).json()).cases;
    // Two short pages, and a third that is not asked for any more.
    world.lie((path) => {
      const after = /after=(\d+)/.exec(path)?.[1];
      return path.startsWith('/v1/cases?') ? { cases: [view], next: after === undefined ? 9 : 7 } : undefined;
    });
    const ran = await world.must('alice', 'cases', '--account', account, '--limit', '2', '--overdue');
    expect(ran.stdout.trim().split('\n')).toHaveLength(3);
    expect(ran.stderr).toContain(`next: breakglass cases --account ${account} --limit 2 --after 7 --overdue`);
  });
});

describe('ledger verify', () => {
  it('follows the whole chain', async () => {
    const ran = await world.must('ivan', 'ledger', 'verify', '--json');
    expect(ran.json()).toMatchObject({ ok: true, rows: world.harness.ledger.rows.length });
  });

  it('names the first row that was changed', async () => {
    world.lie((path, body) => {
      if (!path.startsWith('/v1/ledger')) return undefined;
      const page = z
        .object({ rows: z.array(z.object({ seq: z.int() }).loose()), next: z.int().nullable() })
        .parse(body);
      return {
        ...page,
        rows: page.rows.map((row) => (row.seq === 3 ? { ...row, actor_id: 'somebody-else' } : row)),
      };
    });
    const ran = await world.run('ivan', ['ledger', 'verify', '--json']);
    expect(ran.exit).toBe(3);
    expect(ran.json()).toMatchObject({ ok: false, firstBad: 3, why: 'edited' });
  });

  it('compares with what a witness kept, in lines of its own or as a topic handed them on', async () => {
    const { rows } = world.harness.ledger;
    const of = { origin: world.harness.org.data.origin, config: world.harness.org.digest };
    const [first = '', last = ''] = (
      await signedLines(world, await checkpointsAt(rows, [2, rows.length], of))
    ).split('\n');
    const [plain, wrapped] = [join(world.folder, 'plain.jsonl'), join(world.folder, 'wrapped.jsonl')];
    await writeFile(plain, `${first}\n{"checkpo\n`);
    await writeFile(wrapped, JSON.stringify({ Type: 'Notification', Message: last }));
    const verify = (...files: string[]) =>
      world.run('ivan', ['ledger', 'verify', '--witness', ...files, '--json']);

    const ran = await verify(plain, wrapped);
    expect(ran.exit).toBe(0);
    expect(ran.json()).toMatchObject({ checkpoints: 2, witnessed: { size: rows.length } });
    expect(ran.stderr).toContain(`${plain}:2 is no checkpoint`);
    expect((await verify(plain)).stderr).toContain(`${rows.length - 2} newer rows are not witnessed`);

    world.lie((path, body) =>
      path.startsWith('/v1/ledger') ? { ...ledgerPage.parse(body), rows: rows.slice(0, -1) } : undefined,
    );
    const cut = await verify(wrapped);
    world.lie(null);
    expect(cut.exit).toBe(3);
    expect(cut.json()).toMatchObject({ ok: false, why: 'cut', firstBad: rows.length });

    await writeFile(plain, first.replace('size\\":2', 'size\\":1'));
    const forged = await verify(plain);
    expect(forged.exit).toBe(3);
    expect(forged.stderr).toContain(`${plain}:1 proves nothing`);
    await writeFile(plain, 'nothing\n');
    expect((await verify(plain)).exit).toBe(2);
    expect((await verify(join(world.folder, 'gone'))).exit).toBe(5);
  });

  it('is for those who may read it all', async () => {
    expect(await world.run('alice', ['ledger', 'verify'])).toMatchObject({ exit: 3, stdout: '' });
  });

  it('needs the profile', async () => {
    await rm(join(world.home('ivan'), 'profile.json'));
    expect(await world.run('ivan', ['ledger', 'verify'])).toMatchObject({ exit: 2 });
  });
});
