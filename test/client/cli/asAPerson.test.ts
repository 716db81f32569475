/** The command line for somebody half asleep: waits, watches, foretells, guesses, and asks nobody who is not there. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { account } from '../../api/harness.ts';
import { root } from '../../docs/markdown.ts';
import { yamlOf, type Name } from '../../support/org.ts';
import { makeWorld, requestArgs, type Ran, type World } from './world.ts';

let world: World;
/** What was posted, by path. */
let posted: string[];

/** Bob and erin are awake at ten o'clock UTC, dan and frank are not; of carol nothing is known. */
const zones: Partial<Record<Name, string>> = {
  bob: 'Europe/Berlin',
  dan: 'America/Los_Angeles',
  erin: 'Asia/Tokyo',
  frank: 'America/New_York',
};

beforeAll(async () => {
  world = await makeWorld();
  const { org } = world.harness;
  const people = Object.entries(org.data.people).map(([name, person]) => {
    const timezone = zones[name as Name];
    return [name, timezone === undefined ? person : { ...person, timezone }];
  });
  const yaml = yamlOf({ ...org.data, people: Object.fromEntries(people) as object });
  world.harness.adopt([...org.chain, await org.accept(yaml, org.digest, ['bob', 'carol'])]);
  await world.harness.provision();
});
afterAll(() => world.remove());
afterEach(() => {
  world.lie(null);
  world.stand(null);
});

const watchPosts = (): void => {
  posted = [];
  world.stand((method, path) => {
    if (method === 'POST') posted.push(path);
    return undefined;
  });
};
const replaced = (flag: string, value: string): string[] =>
  requestArgs.map((each, place) => (requestArgs[place - 1] === flag ? value : each));
/** Runs this at the nth look of a command that waits. */
const atLook = (deeds: Readonly<Record<number, () => Promise<unknown>>>) => {
  let looks = 0;
  return async (): Promise<void> => {
    looks += 1;
    await deeds[looks]?.();
  };
};
/** Many signatures, each a process of ssh-keygen. */
const slow = { timeout: 240_000 };

describe('before it asks', () => {
  it('says whom it needs, and who is awake as far as the config knows', async () => {
    const { stderr } = await world.must('alice', ...requestArgs, '--dry-run');
    expect(stderr).toContain('needs 2 of 3 seniors (bob, carol, dan), not you');
    expect(stderr).toContain(
      'awake now, by the hour: bob (11:00); it is 02:00 for dan; no time zone in the config: carol',
    );
    expect(stderr).toContain('awake now, by the hour: erin (19:00); it is 05:00 for frank');
    expect(stderr).toContain('the config does not say what time it is for them');
  });

  it('goes on without what only the api knows', async () => {
    world.stand((_, path) =>
      path === '/v1/accounts/acme-eu' ? new Response('{}', { status: 503 }) : undefined,
    );
    expect((await world.run('alice', [...requestArgs, '--dry-run'])).exit).toBe(0);
  });
});

describe('a name typed wrong', () => {
  it.each([
    ['alice', ['status', 'acme-ue'], 5, 'did you mean acme-eu?'],
    ['quinn', ['rotate', 'acme-ue', '--reason', 'x'], 5, 'did you mean acme-eu?'],
    ['alice', ['history', 'acme-ue'], 5, 'did you mean acme-eu?'],
    ['alice', replaced('--scenario', 'sso-dwon'), 2, 'did you mean sso-down?'],
    ['alice', replaced('--condition', 'sev-o'), 2, 'did you mean sev-0?'],
    ['alice', ['approve', 'acme-eu', '--yess'], 2, 'Did you mean --yes?'],
    ['alice', ['completion', 'fihs'], 2, 'did you mean fish?'],
  ] as const)('%s %j: named rightly, and nothing is sent', async (who, args, exit, meant) => {
    watchPosts();
    const ran = await world.run(who, args);
    expect(ran).toMatchObject({ exit, stdout: '' });
    expect(ran.stderr).toContain(meant);
    expect(posted.filter((path) => path === '/v1/statements')).toEqual([]);
  });

  it('is not guessed at when nothing is near', async () => {
    expect((await world.run('alice', ['status', 'production'])).stderr).not.toContain('did you mean');
  });
});

describe('waiting', () => {
  const first = 'case/acme-eu/2026-11-21-01';

  it('for approvals ends with the case, and says so', slow, async () => {
    const meanwhile = atLook({ 3: () => world.must('bob', 'deny', 'acme-eu', '--reason', 'no') });
    const ran = await world.run('alice', [...requestArgs, '--wait', '--json'], { meanwhile });
    expect(ran.exit).toBe(3);
    // Who waits in vain still learns which case it was.
    expect(ran.json()).toMatchObject({ case: first });
    expect(ran.stderr).toContain('waiting for bob, carol, dan: 2 more signatures of role senior');
    expect(ran.stderr).toContain(`${first} is denied`);
  });

  it('has an end, exit 7, and a command to go on with', slow, async () => {
    await world.must('alice', ...requestArgs);
    const ran = await world.run('bob', ['approve', 'acme-eu', '--yes', '--wait', '--timeout', '5']);
    expect(ran).toMatchObject({ exit: 7, stdout: '' });
    expect(ran.stderr).toMatch(/next: breakglass status case\/\S+ --watch/);
    const wrong = await world.run('dan', ['approve', 'acme-eu', '--yes', '--timeout', 'soon']);
    expect(wrong).toMatchObject({ exit: 2, stdout: '' });
  });

  it('is over at the next phase', slow, async () => {
    const meanwhile = atLook({ 2: () => world.must('alice', 'withdraw', 'acme-eu', '--reason', 'back') });
    const ran = await world.run('alice', ['status', 'acme-eu/2026-11-21-02', '--watch', '--json'], {
      meanwhile,
    });
    const phase = z.object({ phase: z.string() });
    expect(ran.exit).toBe(0);
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => phase.parse(JSON.parse(line)).phase),
    ).toEqual(['requested', 'withdrawn']);
  });
});

describe('status', () => {
  it('is one screen: what is open, who is waited for, how long is left', async () => {
    const asked = await world.must('alice', ...requestArgs);
    // The link is the one that messages carry; the api answers there, to who is signed in.
    const { pathname } = new URL(/link: (\S+)/.exec(asked.stderr)?.[1] ?? 'no:link');
    expect((await world.harness.request(pathname)).status).toBe(401);
    expect((await world.harness.get('alice', pathname)).status).toBe(200);
    world.harness.advance(120);
    const { stdout } = await world.must('bob', 'status');
    expect(stdout).toMatch(/^2026-11-21 \d\d:\d\d:\d\d UTC/);
    expect(stdout).toMatch(/acme-eu\/2026-11-21-03 +requested +sso-down +alice +28 min left/);
    expect(stdout).toMatch(/waits for +bob, carol, dan: 2 more signatures of role senior/);
    expect(stdout.split('\n').length).toBeLessThan(24);
    expect((await world.must('bob', 'status', 'acme-eu')).stdout).toMatch(
      /requested +2026.* UTC.*, 2 min ago/,
    );
  });

  it('redraws a terminal, and an api that is away for a moment does not end it', async () => {
    let away = false;
    world.stand(() => {
      if (away) throw new TypeError('fetch failed');
      return undefined;
    });
    const meanwhile = atLook({
      1: async () => void (away = true),
      2: async () => void (away = false),
      3: () => world.must('alice', 'withdraw', 'acme-eu', '--reason', 'back'),
    });
    const ran = await world.run('bob', ['status', 'acme-eu/2026-11-21-03', '--watch'], {
      meanwhile,
      isTerminal: true,
    });
    expect(ran.exit).toBe(0);
    expect(ran.stdout.split('\u001b[H\u001b[2J')).toHaveLength(5);
    expect(ran.stderr).toContain('what is shown may be old; trying again');
  });
});

describe('a dry run', () => {
  const signsNothing = async (who: Name, ...args: string[]): Promise<Ran> => {
    watchPosts();
    const before = world.harness.ledger.rows.length;
    const ran = await world.run(who, [...args, '--dry-run', '--json']);
    expect({ args, ...ran }).toMatchObject({ exit: 0 });
    expect(ran.json()).toMatchObject({ dryRun: true, by: who, to: 'http://127.0.0.1:7400' });
    expect(ran.stderr).toContain('nothing was signed, nothing was sent');
    // Reading takes a sign-in; nothing else leaves.
    expect(new Set(posted)).toEqual(new Set(['/v1/challenges', '/v1/tokens']));
    expect(world.harness.ledger.rows).toHaveLength(before);
    return ran;
  };

  it(
    'of every command that signs shows what would be signed, and neither signs nor sends',
    slow,
    async () => {
      const keys = (): number => readdirSync(join(world.home('alice'), 'keys')).length;
      const held = keys();
      await signsNothing('alice', ...requestArgs);
      expect(keys()).toBe(held);
      await world.must('alice', ...requestArgs);
      const approval = await signsNothing('bob', 'approve', 'acme-eu');
      expect(approval.json()).toMatchObject({ decisions: [{ type: 'approval', role: 'senior', by: 'bob' }] });
      await signsNothing('bob', 'deny', 'acme-eu', '--reason', 'x');
      await signsNothing('alice', 'withdraw', 'acme-eu', '--reason', 'x');
      for (const who of ['bob', 'dan'] as const) await world.must(who, 'approve', 'acme-eu', '--yes');
      const release = await signsNothing('erin', 'release', 'acme-eu');
      expect(release.json()).toMatchObject({ decisions: [{ type: 'release', part: 'password' }] });
      // Whoever holds the one-time key could open the share, signed or not.
      expect(release.stdout + release.stderr).not.toMatch(/BEGIN AGE|age-encryption|YWdlLWVuY3J5cHRpb24/);
      for (const who of ['erin', 'frank', 'grace', 'heidi'] as const)
        await world.must(who, 'release', 'acme-eu');
      await signsNothing('alice', 'claim', 'acme-eu', '--session', '0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11');
      await signsNothing('alice', 'end', 'acme-eu', '--reason', 'x');
      await signsNothing('bob', 'stop', 'acme-eu', '--reason', 'x');
      for (const command of ['rotate', 'override'])
        await signsNothing('quinn', command, account, '--reason', 'x');
      await signsNothing('quinn', 'provision', account);
      await signsNothing('erin', 'attest', account, '--kept-at', 'a safe');
      expect(readdirSync(world.home('erin'))).not.toContain('custody');
      expect(await world.run('alice', ['end', account, '--resume', '--dry-run'])).toMatchObject({ exit: 2 });
    },
  );

  it.each([
    ['alice', ['approve', 'acme-eu'], 'nobody decides their own'],
    ['bob', ['rotate', 'acme-eu', '--reason', 'x'], 'bob is not among its owners: quinn, rosa'],
    ['bob', requestArgs, 'bob may not use acme-eu'],
  ] as const)('%s %j: foretells the refusal', async (who, args, why) => {
    const before = world.harness.ledger.rows.length;
    const ran = await world.run(who, [...args, '--dry-run']);
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toContain(why);
    expect(world.harness.ledger.rows).toHaveLength(before);
  });

  it('writes what this machine refuses to no log', async () => {
    watchPosts();
    world.lie((path, body) =>
      path.endsWith('/dossier')
        ? { ...z.object({}).loose().parse(body), case: 'case/acme-eu/2026-11-21-09' }
        : undefined,
    );
    const before = await world.logLines('bob');
    expect(await world.run('bob', ['deny', 'acme-eu', '--reason', 'x', '--dry-run'])).toMatchObject({
      exit: 4,
    });
    expect(await world.logLines('bob')).toBe(before);
    expect(posted).not.toContain('/v1/refusals');
  });
});

describe('without a terminal nothing is asked', () => {
  /** Each file that asks: what is run, and the flag that its refusal names. */
  const askers: Readonly<Record<string, readonly [Name, readonly string[], string]>> = {
    'approve.ts': ['bob', ['approve', 'acme-eu'], '--yes'],
    'claim.ts': ['alice', ['claim', 'acme-eu'], '--session 0c2f8f0a'],
    'keygen.ts': ['alice', ['keygen'], '--no-passphrase'],
    'open.ts': ['alice', ['open', 'acme-eu'], '--login'],
    'writeUp.ts': ['alice', ['write-up', 'acme-eu', '--document', 'session-log'], '--file'],
  };

  it('by any command: these are all that ever ask', () => {
    const folder = join(root, 'client/cli/commands');
    const asking = readdirSync(folder).filter((file) =>
      /\.ask\(|canAsk|!out\.isStdoutTerminal/.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(asking.toSorted()).toEqual(Object.keys(askers).toSorted());
  });

  it.each(Object.values(askers))('%s %j: exit 2, and the flag to give', async (who, args, flag) => {
    const sighting = {
      id: 'sighting-1',
      account,
      identity: 'identity-1',
      aal: 'aal2',
      method: 'totp',
      source: 'kratos-hook',
    };
    const unclaimed = {
      ...{ ...sighting, session: '0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11', ip: '192.0.2.9' },
      ...{ userAgent: 'browser', at: world.harness.now() },
    };
    world.lie((path, body) =>
      path === '/v1/accounts/acme-eu'
        ? { ...z.object({}).loose().parse(body), unclaimed: [unclaimed] }
        : undefined,
    );
    const ran = await world.run(who, args);
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toContain(flag);
  });
});

describe('what is written where', () => {
  it('colours prose on a terminal only, and not where NO_COLOR is set', async () => {
    const styled = async (isTerminal: boolean, env: NodeJS.ProcessEnv = {}): Promise<boolean> =>
      (await world.run('alice', ['status', 'production'], { isTerminal, env })).stderr.includes('\u001b[3');
    expect([await styled(true), await styled(true, { NO_COLOR: '1' }), await styled(false)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('says its version', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    expect(await world.run('nobody', ['--version'])).toEqual(
      expect.objectContaining({ exit: 0, stdout: `${version}\n`, stderr: '' }),
    );
  });
});

describe('completion', () => {
  const names = async (who: string, ...words: string[]): Promise<string[]> => {
    const ran = await world.run(who, ['__complete', ...words]);
    expect(ran).toMatchObject({ exit: 0, stderr: '' });
    return ran.stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
  };

  it('knows commands, options, and values that lie in the api', async () => {
    expect(await names('alice', 'sta')).toEqual(['status']);
    expect(await names('alice', 'config', 'p')).toEqual(['pin']);
    expect(await names('alice', 'status', '--')).toEqual(['--watch', '--json', '--help']);
    expect(await names('alice', 'request', '')).toEqual(['acme-eu']);
    expect(await names('alice', 'request', 'acme-eu', '--scenario', 's')).toEqual(['sso-down']);
    expect(await names('alice', 'request', '--scenario=s')).toEqual(['--scenario=sso-down']);
    const conditions = ['request', 'acme-eu', '--scenario', 'sso-down', '--condition', 'sev-0', ''];
    expect(await names('alice', ...conditions)).toEqual(['sso-fully-down']);
    expect(await names('bob', 'write-up', 'acme-eu/')).toEqual(['acme-eu/2026-11-21-04']);
    expect(await names('bob', 'history', 'acme-eu/')).toHaveLength(4);
    expect(await names('bob', 'release', '--part', 'm')).toEqual(['mfa']);
    expect(await names('bob', 'config', 'check', '')).toEqual([':files']);
  });

  it('falls back on the pinned config, and on nothing, without a word', async () => {
    world.stand(() => {
      throw new TypeError('fetch failed');
    });
    expect(await names('alice', 'request', '')).toEqual(['acme-eu']);
    expect(await names('alice', 'request', 'acme-eu', '--scenario', '')).toEqual(['sso-down']);
    expect(await names('alice', 'approve', '')).toEqual([]);
    expect(await names('nobody', 'request', '')).toEqual([]);
  });

  it('asks for no passphrase', async () => {
    const profile = join(world.home('carol'), 'profile.json');
    const locked = join(world.folder, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', locked]);
    const text = z
      .object({})
      .loose()
      .parse(JSON.parse(await readFile(profile, 'utf8')));
    await writeFile(profile, JSON.stringify({ ...text, sshKey: locked }));
    watchPosts();
    expect(await names('carol', 'request', '')).toEqual(['acme-eu']);
    expect(posted).toEqual(['/v1/challenges']);
  });
});
