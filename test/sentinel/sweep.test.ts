import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../adapters/kratos/index.ts';
import type { AccountEvent } from '../../core/contracts/events.ts';
import { accountId, caseId, rotationId } from '../../core/contracts/ids.ts';
import { rowDraft } from '../../core/contracts/ledger.ts';
import { foldAccount, foldCase } from '../../core/rules/streams.ts';
import { pairOf } from '../support/rules.ts';
import {
  breakglassIdentity,
  firstMethodAt,
  hookOf,
  makeWorld,
  session,
  until,
  type World,
} from './harness.ts';
import { openCase } from './openCase.ts';

const account = accountId.parse('acme-eu');
const theCase = caseId.parse('case/acme-eu/2026-11-21-01');
const other = '7a0f8f1e-0000-4000-8000-000000000010';
const methods = [
  { method: 'password', aal: 'aal1', completedAt: firstMethodAt },
  { method: 'totp', aal: 'aal2', completedAt: '2026-11-21T08:00:01.5Z' },
];

/** The session of the harness's hooks, as the admin api lists it once somebody is in. */
const alive = (change: Partial<SessionRecord> = {}): SessionRecord => ({
  ...{ id: session, active: true, aal: 'aal1', issuedAt: firstMethodAt, firstMethodAt },
  ...{ authenticatedAt: firstMethodAt, expiresAt: '2099-01-01T00:00:00Z', methods: methods.slice(0, 1) },
  devices: [{ ip: '203.0.113.7', userAgent: 'curl/8.5' }],
  ...change,
});
const atAal2 = (): SessionRecord => alive({ aal: 'aal2', methods });
/** Issued after the sentinel's first start, by the real clock. */
const fresh = (change: Partial<SessionRecord> = {}): SessionRecord => {
  const at = new Date(Date.now() + 5_000).toISOString();
  const first = [{ method: 'password', aal: 'aal1', completedAt: at }];
  return alive({ issuedAt: at, firstMethodAt: at, authenticatedAt: at, methods: first, ...change });
};

const sweeping = async (): Promise<World> => {
  const world = await makeWorld();
  world.sweepMs = 15;
  return world;
};

/** Long enough for several looks. */
const someSweeps = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
const seen = ({ ledger }: World) => foldAccount(ledger.rows, account).seen.map((each) => each.sighting);
const phase = ({ ledger }: World) => foldCase(ledger.rows, theCase)?.phase;
const happened = ({ ledger }: World, ...events: AccountEvent[]): Promise<unknown> =>
  ledger.transact((tx) =>
    tx.append(
      rowDraft.parse({
        ...{ timestamp: '2026-11-21T07:00:00.000Z', actor_id: 'breakglass', actor_role: 'worker' },
        ...{ action: 'break_glass_rotation', resource_type: 'account', resource_id: account, nonce: null },
        ...{ ip_address: null, user_agent: null, result: 'success', case_id: null, key: events[0]?.type },
        metadata: { events: events.map((event) => ({ account, event })) },
      }),
    ),
  );

describe('a login whose hook never came', () => {
  it('is found by the sweep, rings and is recorded like any other, once', async () => {
    const world = await sweeping();
    await world.start();
    world.listed = [alive()];

    await until(() => world.journal.includes('told acme-eu'));
    await someSweeps();

    expect(world.rung.map((each) => each.wasSpooled)).toEqual([true, true]);
    expect(world.rung[0]?.message.text).toContain('Kratos’s hook for this login never came');
    expect(seen(world)).toMatchObject([{ session, source: 'session-sweep', aal: 'aal1', ip: '203.0.113.7' }]);
    expect(world.rows('break_glass_login')).toHaveLength(1);
    expect(world.rows('break_glass_alarm')).toHaveLength(1);
  });

  it('rings once though the sentinel starts again, and again only if its disk was lost', async () => {
    const world = await sweeping();
    const first = await world.start();
    world.listed = [alive()];
    await until(() => world.journal.includes('told acme-eu'));
    await first.idle();
    await first.stop();
    await rm(join(world.folder, 'spool.jsonl'));
    const second = await world.start();
    await someSweeps();
    expect(world.rung).toHaveLength(2);

    await second.stop();
    for (const file of ['spool.jsonl', 'sessions.json']) await rm(join(world.folder, file));
    await world.start();
    await until(() => world.rung.length === 4);
    expect(new Set(world.rung.map((each) => each.message.id)).size).toBe(1);
    expect(world.rows('break_glass_login')).toHaveLength(1);
  });

  it('while one whose hook came is nothing new to the sweep', async () => {
    const world = await sweeping();
    const sentinel = await world.start();
    await world.post(hookOf('aal1'));
    await sentinel.idle();
    const before = [...world.journal];

    world.listed = [alive()];
    await someSweeps();

    expect(world.journal).toEqual(before);
    expect(seen(world)).toMatchObject([{ source: 'kratos-hook' }]);
  });

  it('and then comes late is the same sighting, and rings no more', async () => {
    const world = await sweeping();
    const sentinel = await world.start();
    world.listed = [alive()];
    await until(() => world.journal.includes('told acme-eu'));

    await world.post(hookOf('aal1'));
    await world.post(hookOf('aal2'));
    await sentinel.idle();

    expect(seen(world)).toMatchObject([{ session, aal: 'aal2' }]);
    expect(world.rung).toHaveLength(2);
    expect(world.rows('break_glass_login')).toHaveLength(2);
    expect(world.rows('break_glass_alarm')).toHaveLength(1);
  });

  it('for its second factor only is recorded at aal2, and rings no more', async () => {
    const world = await sweeping();
    await world.start();
    await world.post(hookOf('aal1'));
    world.listed = [alive()];
    await someSweeps();
    expect(world.rows('break_glass_login')).toHaveLength(1);

    world.listed = [atAal2()];
    await until(() => world.rows('break_glass_login').length === 2);
    await someSweeps();

    expect(seen(world)).toMatchObject([{ session, aal: 'aal2', source: 'session-sweep' }]);
    expect(world.rung).toHaveLength(2);
    expect(world.rows('break_glass_login')).toHaveLength(2);
  });

  it('rings with postgres and temporal down, and is recorded once when they are back', async () => {
    const world = await sweeping();
    await world.start();
    for (const each of ['postgres', 'temporal']) world.down.add(each);
    world.listed = [alive()];

    await until(() => world.rung.length === 2);
    await someSweeps();
    expect(world.ledger.rows).toEqual([]);
    world.down.clear();
    await until(() => world.journal.includes('told acme-eu'));

    expect(world.rows('break_glass_login')).toHaveLength(1);
    expect(world.rung).toHaveLength(2);
  });

  it('and that is over again before the sweep rings too', async () => {
    const world = await sweeping();
    await world.start();
    const over = fresh({ active: false });
    world.sessions.set(over.firstMethodAt ?? '', over.id);
    world.listed = [over];

    await until(() => world.rows('break_glass_logout').length === 1);
    await until(() => world.rows('break_glass_login').length === 1);

    expect(world.rung).toHaveLength(2);
  });

  it('from before the first start: rings if somebody is still inside, and not if it is long over', async () => {
    const world = await sweeping();
    world.listed = [alive({ id: other, active: false, firstMethodAt: '2026-11-20T08:00:00Z' }), alive()];
    await world.start();

    await until(() => world.rows('break_glass_login').length === 1);
    await someSweeps();

    expect(seen(world)).toMatchObject([{ session }]);
    expect(world.rung).toHaveLength(2);
    expect(world.rows('break_glass_logout')).toEqual([]);
  });
});

describe('a session that is gone', () => {
  /** The login is seen and recorded, and the sweep has found its session alive. */
  const inside = async (prepare: (world: World) => Promise<unknown> = () => Promise.resolve()) => {
    const world = await sweeping();
    await prepare(world);
    const sentinel = await world.start();
    world.listed = [alive()];
    await world.post(hookOf('aal1'));
    await sentinel.idle();
    await someSweeps();
    return { world, sentinel };
  };

  it.each([
    ['inactive', [alive({ active: false })]],
    ['no longer listed', []],
  ])('%s, and nobody said so: is a logout, recorded and told once', async (_, listed) => {
    const { world } = await inside();
    const told = world.journal.filter((each) => each.startsWith('told')).length;
    expect(world.rows('break_glass_logout')).toEqual([]);

    world.listed = listed;
    await until(() => world.journal.filter((each) => each.startsWith('told')).length > told);
    await someSweeps();

    expect(world.rows('break_glass_logout')).toMatchObject([
      {
        actor_role: 'sentinel',
        key: `logout/${session}`,
        metadata: { session, events: [{ event: { type: 'session-gone', session } }] },
      },
    ]);
    expect(world.journal.filter((each) => each.startsWith('told'))).toHaveLength(told + 1);
    expect(world.rung).toHaveLength(2);
  });

  it('ends the case that claimed it, when it was the last of the case', async () => {
    const { world } = await inside((it) => openCase(it, other));
    world.listed = [alive(), alive({ id: other, firstMethodAt: '2026-11-21T08:09:00Z' })];
    await until(() => world.rows('break_glass_login').length === 2);
    await someSweeps();

    world.listed = [alive({ active: false }), alive({ id: other, firstMethodAt: '2026-11-21T08:09:00Z' })];
    await until(() => world.rows('break_glass_logout').length === 1);
    expect(phase(world)).toBe('in-session');
    world.listed = [];
    await until(() => world.rows('break_glass_logout').length === 2);

    expect(foldCase(world.ledger.rows, theCase)).toMatchObject({ phase: 'ended', sessionsEnded: null });
    expect(world.rows('break_glass_logout').at(-1)).toMatchObject({
      case_id: theCase,
      metadata: {
        events: [
          { event: { type: 'session-gone' } },
          { case: theCase, event: { type: 'ended', by: null, how: 'gone' } },
          { event: { type: 'case-left', rotate: true } },
          { event: { type: 'rotation-started' } },
        ],
      },
    });
  });

  const rotation = rotationId.parse('rotation/acme-eu/2026-11-21-01');
  const started: AccountEvent = {
    ...{ type: 'rotation-started', at: '2026-11-21T07:00:00.000Z', rotation, cause: 'asked' },
    ...{ case: null, by: null },
  };
  const recorded: AccountEvent = { type: 'session-recorded', at: started.at, rotation, session };
  const provenAt = (at: string): AccountEvent => ({
    ...{ type: 'rotation-proven', at, rotation, identity: breakglassIdentity, pair: pairOf(2) },
  });

  it('was the rotation’s own: is no logout', async () => {
    const { world } = await inside((it) => happened(it, started, recorded));
    world.listed = [];
    await someSweeps();
    expect(world.rows('break_glass_logout')).toEqual([]);
  });

  it('while a rotation runs: waits, and is none if the rotation is proven', async () => {
    const { world } = await inside((it) => happened(it, started));
    world.listed = [];
    await someSweeps();
    expect(world.rows('break_glass_logout')).toEqual([]);
    await happened(world, provenAt(new Date().toISOString()));
    await someSweeps();
    expect(world.rows('break_glass_logout')).toEqual([]);
  });

  it('while a rotation runs that fails: is one', async () => {
    const { world } = await inside((it) => happened(it, started));
    world.listed = [];
    await someSweeps();
    await happened(world, { type: 'rotation-failed', at: new Date().toISOString(), rotation, why: 'no' });
    await until(() => world.rows('break_glass_logout').length === 1);
  });

  it('long after a rotation: is one', async () => {
    const { world } = await inside((it) => happened(it, started, provenAt('2026-11-21T07:01:00.000Z')));
    world.listed = [];
    await until(() => world.rows('break_glass_logout').length === 1);
  });

  it('is believed only from kratos: with kratos away nothing is concluded', async () => {
    const { world } = await inside();
    world.down.add('kratos');
    world.listed = [];
    await someSweeps();
    expect(world.rows('break_glass_logout')).toEqual([]);
    world.down.clear();
    await until(() => world.rows('break_glass_logout').length === 1);
  });

  it('with postgres and temporal away: is recorded and told when they are back, also by the next start', async () => {
    const { world, sentinel } = await inside();
    for (const each of ['postgres', 'temporal']) world.down.add(each);
    world.listed = [];
    await someSweeps();
    world.down.delete('postgres');
    await until(() => world.rows('break_glass_logout').length === 1);
    await sentinel.stop();
    const told = world.journal.length;
    world.down.clear();
    await world.start();
    await until(() => world.journal.length > told);

    expect(world.journal.slice(told)).toEqual(['told acme-eu']);
    expect(world.rows('break_glass_logout')).toHaveLength(1);
  });
});
