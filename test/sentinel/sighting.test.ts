import { pbkdf2 } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { foldAccount } from '../../core/rules/streams.ts';
import { accountId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import {
  firstMethodAt,
  hookOf,
  makeWorld,
  session,
  until,
  breakglassIdentity,
  type World,
} from './harness.ts';
import { openCase } from './openCase.ts';

const pbkdf2Async = promisify(pbkdf2);
const account = accountId.parse('acme-eu');
const allChannels = ['security-topic', 'security-chat'];
const sentence =
  'Break-glass account acme-eu just signed in from 203.0.113.7. Confirm that this is authorised.';

const seen = ({ ledger }: World) => foldAccount(ledger.rows, account).seen.map((each) => each.sighting);

describe('a login', () => {
  it('is spooled, then rung on every channel, then recorded, then told to the process', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const answer = await world.post(hookOf('aal1'));
    await sentinel.idle();

    expect(answer.status).toBe(202);
    expect(world.journal.slice(0, 2).sort()).toEqual(allChannels.map((name) => `alarm ${name}`).sort());
    expect(world.journal.slice(2)).toEqual([
      'event',
      'row break_glass_login',
      'row break_glass_alarm',
      'told acme-eu',
    ]);
    expect(world.rung.map((each) => each.wasSpooled)).toEqual([true, true]);
  });

  it('does not ring before it is on the disk', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    await world.post(hookOf('aal1', { event: 'recovery', session: null }));
    await sentinel.idle();
    // Node writes files on four threads: while these are busy, nothing reaches the disk.
    const busy = Promise.all(Array.from({ length: 8 }, () => pbkdf2Async('', '', 200_000, 32, 'sha256')));

    await world.post(hookOf('aal1'));
    await busy;
    await sentinel.idle();

    expect(world.rung.slice(2).map((each) => each.wasSpooled)).toEqual([true, true]);
  });

  it('is not in the ledger before a channel has taken its alarm or failed', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    let release = (): void => undefined;
    world.hold = new Promise<void>((resolve) => (release = resolve));

    await world.post(hookOf('aal1'));
    await until(() => world.rung.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = world.ledger.rows.length;
    release();
    await sentinel.idle();

    expect(before).toBe(0);
    expect(world.rows('break_glass_login')).toHaveLength(1);
  });

  it('rings with the sentence, a link, who must act and one stable id', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    await world.post(hookOf('aal1'));
    await sentinel.idle();

    const [first, second] = world.rung.map((each) => each.message);
    expect(first).toEqual(second);
    expect(first).toMatchObject({
      severity: 'alarm',
      to: ['alice', 'bob', 'carol', 'karl'],
      link: 'http://127.0.0.1:7400/v1/accounts/acme-eu',
      drill: false,
    });
    expect(first?.text.split('\n')[0]).toBe(sentence);
    expect(first?.id).toBe(`alarm/${seen(world)[0]?.id ?? ''}`);
  });

  it('leaves a row with every field of the runbook and the times of its alarm', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    await world.post(hookOf('aal1'));
    await sentinel.idle();

    const [login] = world.rows('break_glass_login');
    expect(login).toMatchObject({
      timestamp: '2026-11-21T08:00:00.123Z',
      actor_id: 'breakglass-eu@acme.example',
      resource_type: 'account',
      resource_id: 'acme-eu',
      ip_address: '203.0.113.7',
      user_agent: 'curl/8.5',
      result: 'success',
      case_id: null,
      metadata: { identity: breakglassIdentity },
    });
    expect(login?.metadata.events).toMatchObject([
      { event: { type: 'session-sighted', sighting: { session } } },
    ]);
    const [alarm] = world.rows('break_glass_alarm');
    expect(acceptedIn(alarm)).not.toEqual([]);
    const times = ['received_at', 'first_accepted_at'].map((name) => String(alarm?.metadata[name]));
    expect([...times].sort()).toEqual(times);
  });

  it('does not wait for its session to be saved, and records it when it is', async () => {
    const world = await makeWorld();
    world.sessions.clear();
    const sentinel = await world.start();

    await world.post(hookOf('aal1'));
    await until(() => world.rows('break_glass_login').length === 1);
    const before = seen(world).map((each) => each.session);
    world.sessions.set(firstMethodAt, session);
    await sentinel.idle();

    expect(before).toEqual([null]);
    expect(seen(world)).toMatchObject([{ session, aal: 'aal1' }]);
    expect(world.rows('break_glass_login').map((row) => row.key.split('/').slice(2).join('/'))).toEqual([
      'aal1/1',
      'session',
    ]);
  });

  it('never believes a session id from the hook alone', async () => {
    const world = await makeWorld();
    world.sessions.clear();
    world.believeAbsenceAfter = 100;
    const sentinel = await world.start();
    const hook = hookOf('aal1');

    await world.post({ ...hook, session: { ...hook.session, id: session } });
    await sentinel.idle();

    expect(seen(world)).toMatchObject([{ session: null }]);
  });

  it('with its second factor is one sighting: one alarm a channel, a row for each factor', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    await world.post(hookOf('aal1'));
    await world.post(hookOf('aal2'));
    await sentinel.idle();

    expect(world.rung.map((each) => each.channel).sort()).toEqual([...allChannels].sort());
    expect(seen(world)).toMatchObject([
      { session, aal: 'aal2', method: 'totp', at: '2026-11-21T08:00:01.500Z' },
    ]);
    expect(world.rows('break_glass_login').map((row) => row.key.split('/').slice(2).join('/'))).toEqual([
      'aal1/1',
      'aal2/2',
    ]);
  });

  it('whose second factor is reported first stays at aal2', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    await world.post(hookOf('aal2'));
    await sentinel.idle();
    await world.post(hookOf('aal1'));
    await sentinel.idle();

    expect(world.rung).toHaveLength(2);
    expect(seen(world)).toMatchObject([{ session, aal: 'aal2', at: '2026-11-21T08:00:01.500Z' }]);
    expect(world.rows('break_glass_login')).toHaveLength(2);
  });

  it('posted twice is taken once', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    const hook = hookOf('aal1');

    await Promise.all([world.post(hook), world.post(hook)]);
    await sentinel.idle();
    await world.post(hook);
    await sentinel.idle();

    expect(world.rung).toHaveLength(2);
    expect(world.rows('break_glass_login')).toHaveLength(1);
    expect(world.rows('break_glass_alarm')).not.toEqual([]);
  });

  it('by the recovery flow rings as such', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    await world.post(hookOf('aal1', { event: 'recovery', session: null }));
    await sentinel.idle();

    expect(world.rung.map((each) => each.channel).sort()).toEqual([...allChannels].sort());
    expect(world.rung[0]?.message.text).toContain(sentence);
    expect(world.rung[0]?.message.text).toContain('recovery flow');
    expect(seen(world)).toMatchObject([{ method: 'recovery', session: null }]);
  });

  it('is recorded whatever its user agent holds', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    const body = JSON.stringify(hookOf('aal1')).replace('curl/8.5', 'a\\u0000b\\ud800c e\\u0301 \\u202e');

    await world.post(body);
    await sentinel.idle();

    expect(world.rows('break_glass_login').map((row) => row.user_agent)).toEqual(['a b c é  ']);
  });

  it('of a session claimed for a case is told to that case', async () => {
    const world = await makeWorld();
    await openCase(world);
    const sentinel = await world.start();

    await world.post(hookOf('aal2'));
    await sentinel.idle();

    const [row] = world.rows('break_glass_login');
    expect(row).toMatchObject({
      case_id: 'case/acme-eu/2026-11-21-01',
      metadata: {
        reason: 'nobody can sign in',
        incident_channel: '#inc-1',
        expected_session_duration_minutes: 30,
      },
    });
    expect(row?.metadata.events?.map(({ event }) => event.type)).toEqual(['session-sighted', 'session-seen']);
  });
});

describe('with something down', () => {
  it.each(['postgres', 'temporal', 'kratos'])(
    'rings at once without %s, and catches up exactly once',
    async (what) => {
      const world = await makeWorld();
      const first = await world.start();
      // The identity is learnt while everything is up.
      await world.post(hookOf('aal1', { session: null, event: 'recovery' }));
      await first.idle();
      world.journal.length = 0;
      world.down.add(what);

      await world.post(hookOf('aal1'));
      await until(() => world.journal.length >= 2);
      const rang = world.journal.filter((each) => each.startsWith('alarm')).sort();
      world.sessions.set(firstMethodAt, session);
      world.down.delete(what);
      await first.idle();

      expect(rang).toEqual(allChannels.map((name) => `alarm ${name}`).sort());
      expect(world.journal.filter((each) => each.startsWith('alarm'))).toHaveLength(2);
      expect(world.journal.at(-1)).toBe('told acme-eu');
      const keys = world.ledger.rows.map((row) => row.key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(seen(world).at(-1)).toMatchObject({ session });
    },
  );

  it('rings on the other channel, and on the one that was down once it is back, each in a row', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    world.down.add('security-chat');

    await world.post(hookOf('aal1'));
    await until(() => world.rows('break_glass_alarm').length === 1);
    const [alarm] = world.rows('break_glass_alarm');
    world.down.delete('security-chat');
    await sentinel.idle();

    expect(acceptedIn(alarm)).toEqual(['security-topic']);
    expect(alarm?.metadata['failed']).toEqual({ 'security-chat': 'down' });
    const [, late] = world.rows('break_glass_alarm');
    expect(late?.key).toBe(`${alarm?.key ?? ''}/security-chat`);
    expect(acceptedIn(late)).toEqual(['security-chat']);
    expect(new Set(world.rung.map((each) => each.message.id)).size).toBe(1);
  });

  it('says in the ledger that no channel took it', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    for (const name of allChannels) world.down.add(name);

    await world.post(hookOf('aal1'));
    await until(() => world.rows('break_glass_alarm').length === 1);
    for (const name of allChannels) world.down.delete(name);
    await sentinel.idle();

    expect(world.rows('break_glass_alarm').map((row) => row.result)).toEqual([
      'failure',
      'success',
      'success',
    ]);
  });
});

describe('killed and started again', () => {
  it.each([
    ['before any channel took it', [...allChannels, 'postgres', 'temporal']],
    ['between two channels', ['security-chat', 'postgres', 'temporal']],
    ['between alarm and ledger', ['postgres', 'temporal']],
    ['between ledger and process', ['temporal']],
  ])('%s, it loses nothing and writes nothing twice', async (_, down) => {
    const world = await makeWorld();
    const first = await world.start();
    for (const name of down) world.down.add(name);
    const up = allChannels.filter((name) => !down.includes(name));
    const reached = (): boolean =>
      world.rung.length === up.length &&
      (down.includes('postgres') || world.rows('break_glass_login').length === 1);

    await world.post(hookOf('aal1'));
    await until(reached);
    await until(() => notesIn(world) >= up.length);
    await first.stop();
    world.down.clear();
    const second = await world.start();
    await second.idle();

    expect(world.rung.map((each) => each.channel).sort()).toEqual([...allChannels].sort());
    expect(world.rows('break_glass_login')).toHaveLength(1);
    const accepted = world.rows('break_glass_alarm').flatMap((row) => acceptedIn(row));
    expect(accepted.sort()).toEqual([...allChannels].sort());
    expect(world.journal.at(-1)).toBe('told acme-eu');
  });

  it('with Kratos away since, it knows from its own disk whose login it is, and rings', async () => {
    const world = await makeWorld();
    const first = await world.start();
    await world.post(hookOf('aal1'));
    await first.idle();
    await first.stop();
    world.journal.length = 0;
    world.down.add('kratos');
    await world.start();

    await world.post(hookOf('aal1', { session: null, event: 'recovery' }));
    await until(() => world.journal.length >= allChannels.length);
    expect(world.journal.filter((each) => each.startsWith('alarm'))).toHaveLength(2);
  });

  it('with a line torn in the middle, it goes on with what was acknowledged', async () => {
    const world = await makeWorld();
    const first = await world.start();
    world.down.add('postgres');
    await world.post(hookOf('aal1'));
    await first.stop();
    const file = join(world.folder, 'spool.jsonl');
    await writeFile(file, `${await readFile(file, 'utf8')}{"put":"torn","at":"2026-`);
    world.down.clear();

    const second = await world.start();
    await second.idle();

    expect(world.rows('break_glass_login')).toHaveLength(1);
    expect(await readFile(file, 'utf8')).not.toContain('torn');
  });

  it('rings for the second factor no more, though the first was done before', async () => {
    const world = await makeWorld();
    const first = await world.start();
    await world.post(hookOf('aal1'));
    await first.idle();
    await first.stop();

    const second = await world.start();
    await world.post(hookOf('aal2'));
    await second.idle();

    expect(world.rung).toHaveLength(2);
    expect(seen(world)).toMatchObject([{ aal: 'aal2' }]);
  });
});

describe('killed at any point', () => {
  it('between an effect and its note, it writes every row once and rings on every channel', async () => {
    const world = await makeWorld();
    const whole = await world.start();
    await world.post(hookOf('aal1'));
    await whole.idle();
    await world.post(hookOf('aal2'));
    await whole.idle();
    await whole.stop();
    const text = world.spoolText();
    const rows = world.ledger.rows.map((row) => row.key);

    // The effects are there and the disk forgets the last notes: first at the ends of lines, then within one.
    const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
    for (const end of ends.flatMap((each) => [each, each - 9])) {
      await writeFile(join(world.folder, 'spool.jsonl'), text.slice(0, end));
      world.rung.length = 0;
      const again = await world.start();
      await again.idle();
      await again.stop();

      expect(world.ledger.rows.map((row) => row.key)).toEqual(rows);
      expect(new Set(world.rung.map((each) => each.message.id)).size).toBeLessThanOrEqual(1);
      expect(world.rung.length).toBeLessThanOrEqual(2);
    }
  });
});

/** The channels whose acceptance a row tells. */
const acceptedIn = (row: Row | undefined): string[] =>
  Object.keys(z.object({ accepted: z.record(z.string(), z.string()) }).parse(row?.metadata).accepted);

/** Acceptances that have reached the disk. */
const notesIn = (world: World): number => world.spoolText().split('"rang/').length - 1;
