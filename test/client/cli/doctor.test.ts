import { chmod, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { check, type Check } from '../../../core/contracts/checks.ts';
import { newAgeIdentity } from '../../../core/custody/age.ts';
import { freePorts } from '../../../dev/ports.ts';
import type { Name } from '../../support/org.ts';
import { makeWorld, type Ran, type RunOptions, type World } from './world.ts';

const answer = z.object({ verdict: z.string(), checks: z.array(check) });

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.harness.provision(false);
  const custodians = ['erin', 'frank', 'grace', 'heidi'] as const;
  for (const person of custodians) await world.must(person, 'attest', 'acme-eu', '--kept-at', 'safe');
});
afterAll(() => world.remove());

const doctor = async (
  person: string,
  options: RunOptions = {},
): Promise<{
  readonly ran: Ran;
  readonly verdict: string;
  readonly of: (id: string) => Check | undefined;
}> => {
  const ran = await world.run(person, ['doctor', '--json'], options);
  const { verdict, checks } = answer.parse(ran.json());
  return { ran, verdict, of: (id) => checks.find((each) => each.id === id) };
};

/** Breaks something of a person's for one test. */
const amendProfile = async (person: Name, members: Record<string, unknown>): Promise<void> => {
  const file = join(world.home(person), 'profile.json');
  const text = await readFile(file, 'utf8');
  onTestFinished(() => writeFile(file, text));
  await writeFile(file, JSON.stringify({ ...z.object({}).loose().parse(JSON.parse(text)), ...members }));
};

describe('breakglass doctor', () => {
  it('warns of what is only due, with code 10, and says it in words', async () => {
    const ran = await world.run('erin', ['doctor']);
    expect(ran.exit).toBe(10);
    expect(ran.stdout).toMatch(
      /WARNING {2}drill\/acme-eu: the way into acme-eu was never rehearsed\n +still works: .*\n +do: /,
    );
    expect(ran.stdout).toMatch(/ok {7}copy\/acme-eu\/password: your copy/);
    expect(ran.stdout.indexOf('WARNING')).toBeLessThan(ran.stdout.indexOf('ok '));
    expect(ran.stderr).toContain('warning: to be looked at: ');
    expect(ran.stderr).not.toContain('error');
  });

  it('changes nothing: neither the ledger nor the pin', async () => {
    const before = [
      world.harness.ledger.rows.length,
      await readdir(world.home('erin')),
      await world.logLines('erin'),
    ];
    await doctor('erin');
    expect([
      world.harness.ledger.rows.length,
      await readdir(world.home('erin')),
      await world.logLines('erin'),
    ]).toEqual(before);
  });

  it('finds nothing broken on a machine that is set up', async () => {
    const { verdict, of } = await doctor('quinn');
    expect(verdict).toBe('warnings');
    for (const id of [
      'profile',
      'config/pinned',
      'config/in-force',
      'ssh-key',
      'age-identity',
      'api',
      'clock',
      'sign-in',
    ])
      expect([id, of(id)?.level]).toEqual([id, 'ok']);
  });

  it('shows what the servers say to an owner, and says to a custodian whom to ask', async () => {
    world.harness.looks.push({
      ...{ id: 'temporal', still: 'reading', remedy: 'start it' },
      ask: () => Promise.reject(new Error('ECONNREFUSED')),
    });
    onTestFinished(() => void world.harness.looks.pop());
    const owner = await doctor('quinn');
    expect(owner.ran.exit).toBe(11);
    expect(owner.of('temporal')).toMatchObject({ level: 'broken', by: 'api', still: 'reading' });
    expect((await doctor('erin')).of('servers')).toMatchObject({ level: 'unknown' });
  });

  it('reports everything local when the api is stopped, and what works without it', async () => {
    const [port = 1] = await freePorts(1);
    await amendProfile('erin', { api: `http://127.0.0.1:${port}` });
    world.stand(() => {
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
      });
    });
    onTestFinished(() => world.stand(null));
    const { ran, of } = await doctor('erin');
    expect(ran.exit).toBe(11);
    expect(of('api')).toMatchObject({ level: 'broken' });
    expect(of('api')?.says).toContain('ECONNREFUSED');
    expect(of('api')?.still).toContain('logins still ring');
    for (const id of ['profile', 'config/pinned', 'ssh-key', 'age-identity', 'copy/acme-eu/password'])
      expect([id, of(id)?.level]).toEqual([id, 'ok']);
  });

  it('is not taken in by something else that answers at the address', async () => {
    world.stand(() => Response.json({ hello: 'world' }));
    onTestFinished(() => world.stand(null));
    expect((await doctor('erin')).of('api')).toMatchObject({ level: 'broken' });
  });

  it.each([
    [3, 'ok'],
    [-20, 'warning'],
    [20, 'warning'],
    [-90, 'broken'],
    [300, 'broken'],
  ])('a clock %i s ahead: %s', async (clockAhead, level) => {
    const { of } = await doctor('erin', { clockAhead });
    expect(of('clock')?.level).toBe(level);
    if (level !== 'ok')
      expect(of('clock')?.says).toContain(`${Math.abs(clockAhead)} s ${clockAhead > 0 ? 'ahead' : 'behind'}`);
  });

  it('sees a key that is not the config’s, and one that is not there', async () => {
    await amendProfile('erin', { sshKey: world.harness.org.keys.lena.keyFile });
    const wrong = await doctor('erin');
    expect(wrong.ran.exit).toBe(11);
    expect(wrong.of('ssh-key')?.says).toContain('does not name it as erin');
    expect(wrong.of('sign-in')).toMatchObject({ level: 'broken' });
    await amendProfile('erin', { sshKey: join(world.folder, 'nothing') });
    expect((await doctor('erin')).of('ssh-key')?.says).toContain('no ssh key at');
  });

  it('sees an age identity that is another’s, or that others can read', async () => {
    const file = join(world.folder, 'another.age');
    await writeFile(file, `${await newAgeIdentity()}\n`, { mode: 0o600 });
    await amendProfile('erin', { ageIdentity: file });
    const { of } = await doctor('erin');
    expect(of('age-identity')).toMatchObject({ level: 'broken' });
    expect(of('copy/acme-eu/password')).toMatchObject({ level: 'broken' });
    await chmod(file, 0o644);
    expect((await doctor('erin')).of('age-identity')).toMatchObject({
      level: 'broken',
      remedy: `chmod 600 ${file}`,
    });
  });

  it('sees a copy that is gone, damaged, or older than what opens the account', async () => {
    const copy = join(world.home('erin'), 'custody', 'acme-eu-password-1.json');
    const text = await readFile(copy, 'utf8');
    onTestFinished(() => writeFile(copy, text));
    await writeFile(copy, text.replace(/"signature": "[^"]*"/, '"signature": "none"'));
    expect((await doctor('erin')).of('copy/acme-eu/password')).toMatchObject({ level: 'broken' });
    await rename(copy, `${copy}.away`);
    expect((await doctor('erin')).of('copy/acme-eu/password')).toMatchObject({ level: 'warning' });
    await writeFile(copy, text);
    world.lie((path, body) =>
      path === '/v1/accounts'
        ? JSON.parse(JSON.stringify(body).replaceAll('"generation":1', '"generation":2'))
        : undefined,
    );
    onTestFinished(() => world.lie(null));
    expect((await doctor('erin')).of('copy/acme-eu/password')?.says).toContain(
      'is generation 1; 2 opens it now',
    );
  });

  it('sees a pin that does not hold, and an api with another config', async () => {
    const pin = join(world.home('frank'), 'config', 'pin');
    const text = await readFile(pin, 'utf8');
    onTestFinished(() => writeFile(pin, text));
    await writeFile(pin, `${'0'.repeat(64)}\n`);
    expect((await doctor('frank')).of('config/pinned')).toMatchObject({ level: 'broken' });
    await writeFile(pin, text);
    const { org } = world.harness;
    const foreign = await org.accept(`${org.yaml}\n# another\n`, null, ['bob', 'carol']);
    world.harness.adopt(org.chain);
    world.lie((path) => (path === '/v1/config' ? { chain: [foreign] } : undefined));
    onTestFinished(() => world.lie(null));
    expect((await doctor('frank')).of('config/in-force')).toMatchObject({ level: 'broken' });
    const next = await org.accept(`${org.yaml}\n# newer\n`, org.digest, ['bob', 'carol']);
    world.lie((path) => (path === '/v1/config' ? { chain: [...org.chain, next] } : undefined));
    expect((await doctor('frank')).of('config/in-force')).toMatchObject({ level: 'warning' });
    expect(await readFile(pin, 'utf8')).toBe(text);
  });

  it('sees a Kratos that is stopped, and one whose database is', async () => {
    const [port = 1] = await freePorts(1);
    await amendProfile('alice', { kratos: `http://127.0.0.1:${port}` });
    expect((await doctor('alice')).of('kratos/login')).toMatchObject({ level: 'broken' });
    let status = 503;
    const server = createServer((_, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    await amendProfile('alice', { kratos: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect((await doctor('alice')).of('kratos/login')).toMatchObject({ level: 'broken' });
    status = 200;
    expect((await doctor('alice')).of('kratos/login')).toMatchObject({ level: 'ok' });
  });

  it('says what to do on a machine that is not set up', async () => {
    const { ran, of } = await doctor('nobody');
    expect(ran.exit).toBe(11);
    expect(of('profile')).toMatchObject({
      level: 'broken',
      remedy: expect.stringContaining('breakglass init') as string,
    });
    expect(of('config/pinned')).toMatchObject({ remedy: 'breakglass config pin BUNDLE...' });
  });
});
