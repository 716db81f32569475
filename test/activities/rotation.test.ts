import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RotationId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { makeOrg, type Org } from '../support/org.ts';
import { activityOf, createWorld, isFinal, provision, type World } from './world.ts';

describe('the rotation’s activity', () => {
  let org: Org;
  let world: World;
  let rotation: RotationId;
  beforeAll(async () => {
    org = await makeOrg();
  });
  beforeEach(async () => {
    world = createWorld(org);
    rotation = await provision(world);
  });
  afterAll(() => org.remove());

  const generation = (row: Row): number => {
    const named = row.metadata['candidates'] as { password: { generation: number }[] };
    return named.password.at(-1)?.generation ?? 0;
  };
  const outcome = (attempt: Promise<unknown>): Promise<unknown> =>
    attempt.then(
      () => 'done',
      (error: unknown) => error,
    );

  it('names each generation in the ledger before it is set, and proves the pair', async () => {
    const { pair } = await world.rotate(rotation, 'run');
    expect(pair).toMatchObject({ password: { generation: 1 }, mfa: { generation: 1 } });
    const names = world.ledger.rows.map((row) => row.metadata['step']).filter((step) => step !== undefined);
    expect(names).toEqual([
      'narrowed',
      'password-sealed',
      'password-set',
      'password-logged-in',
      'totp-deleted',
      'mfa-sealed',
      'mfa-confirmed',
      'second-factor-logged-in',
      'shape-restored',
      'sessions-ended',
      'proven',
    ]);
    expect(world.kratos.active()).toEqual([]);
  });

  it('after its answer was lost: gives the same answer and does nothing twice', async () => {
    const first = await world.rotate(rotation, 'run');
    const rows = world.ledger.rows.length;
    const credential = world.kratos.credential();
    expect(await world.rotate(rotation, 'run', 2)).toEqual(first);
    expect(await world.rotate(rotation, 'another run')).toEqual(first);
    expect(world.ledger.rows).toHaveLength(rows);
    expect(world.kratos.credential()).toEqual(credential);
  });

  it.each(['before', 'after'] as const)(
    'each repeatable call lost once %s its effect: proven in one attempt, nothing done twice',
    async (when) => {
      const repeatable = ['ledger', 'findIdentity', 'totpCreatedAt', 'endSessions', 'beginTotp'];
      const lost = new Set<string>();
      world.interrupt = (call, now) => {
        if (now !== when || lost.has(call) || !repeatable.includes(call)) return;
        lost.add(call);
        throw Object.assign(new Error(`${call}: no answer`), { retryable: true });
      };
      const { pair } = await world.rotate(rotation, 'run');
      expect(pair).toMatchObject({ password: { generation: 1 }, mfa: { generation: 1 } });
      expect([...lost].toSorted()).toEqual(repeatable.toSorted());
      expect(world.steps('proven')).toHaveLength(1);
    },
  );

  it('a call that changes a credential and is lost: not made again in the same attempt', async () => {
    world.interrupt = (call, when) => {
      if (call === 'deleteTotp' && when === 'after')
        throw Object.assign(new Error('no answer'), { retryable: true });
    };
    expect(await outcome(world.rotate(rotation, 'run'))).toMatchObject({ message: 'no answer' });
    expect(world.steps('totp-deleted')).toHaveLength(0);
  });

  it.each([
    [
      'password',
      'password was changed',
      (kratos: World['kratos'], id: string) => kratos.admin.setPassword(id, 'of another'),
    ],
    ['TOTP', 'TOTP was changed', (kratos: World['kratos'], id: string) => kratos.admin.deleteTotp(id)],
  ])(
    'a %s changed by a session before it was ended: not proven, and the next attempt is',
    async (_, why, change) => {
      let changed = false;
      const { kratos } = world;
      const intrude = async (): Promise<void> => {
        const identity = await kratos.admin.findIdentity('breakglass-eu@acme.example');
        await change(kratos, identity ?? 'none');
      };
      let intruding = Promise.resolve();
      world.interrupt = (call, when) => {
        if (call !== 'endSessions' || when !== 'after' || changed) return;
        changed = true;
        intruding = intrude();
      };
      const error = await outcome(world.rotate(rotation, 'run'));
      await intruding;
      expect(error).toMatchObject({ message: expect.stringContaining(why) as string });
      expect(isFinal(error)).toBe(false);
      expect(world.steps('proven')).toHaveLength(0);
      const { pair } = await world.rotate(rotation, 'run', 2);
      expect(pair).toMatchObject({ password: { generation: 2 }, mfa: { generation: 2 } });
    },
  );

  it('broken off anywhere: the next attempt takes the next generations', async () => {
    world.kratos.failNext('beginTotp', 1);
    const error = await outcome(world.rotate(rotation, 'run'));
    expect(error).toBeInstanceOf(Error);
    expect(isFinal(error)).toBe(false);
    const { pair } = await world.rotate(rotation, 'run', 2);
    expect(pair).toMatchObject({ password: { generation: 2 }, mfa: { generation: 1 } });
  });

  it('begun anew by another run of its workflow: every generation has its own row', async () => {
    world.kratos.failNext('beginTotp', 1);
    await outcome(world.rotate(rotation, 'one run'));
    await world.rotate(rotation, 'another run');
    expect(world.steps('password-sealed').map(generation)).toEqual([1, 2]);
    expect(world.steps('password-set').map(generation)).toEqual([1, 2]);
  });

  it('an attempt that was given up, and wakes after the next one has proven its pair, changes nothing', async () => {
    let goOn = (): void => undefined;
    world.kratos.holdUntil = new Promise((resolve) => (goOn = resolve));
    const first = activityOf(rotation, 'run', 1);
    const isHeld = new Promise((resolve) => first.once('heartbeat', resolve));
    const late = outcome(first.run(() => world.activities.rotate({ rotation })));
    await isHeld;
    world.kratos.holdUntil = Promise.resolve();
    const { pair } = await world.rotate(rotation, 'run', 2);
    const opens = world.kratos.credential();
    goOn();
    expect(await late).toMatchObject({ type: 'RotationOver' });
    expect(world.kratos.credential()).toEqual(opens);
    expect(world.accountState().pair).toEqual(pair);
    expect(world.steps('proven')).toHaveLength(1);
  });

  it('an attempt that was given up with its password sealed stops when another has sealed since', async () => {
    let goOn = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    const real = { ...world.kratos.admin };
    await world.rotate(rotation, 'run');
    const { rotation: next } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'third');
    if (next === null) throw new Error('no rotation began');
    let asked = 0;
    // The digest after the new password was set: between two steps of the first attempt.
    world.kratos.admin.passwordHashDigest = async (id) => {
      asked += 1;
      if (asked === 2) await waiting;
      return real.passwordHashDigest(id);
    };
    const late = outcome(world.rotate(next, 'run', 1));
    while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    world.kratos.failNext('beginTotp', 1);
    await outcome(world.rotate(next, 'run', 2));
    const second = world.kratos.credential();
    goOn();
    expect(await late).toMatchObject({ type: 'RotationSuperseded' });
    expect(world.kratos.credential()).toEqual(second);
    const { pair } = await world.rotate(next, 'run', 3);
    expect(world.accountState().pair).toEqual(pair);
    expect(pair.password.generation).toBe(4);
  });

  it('an address that was changed meanwhile: the same identity is rotated, and has its address back', async () => {
    const { identity } = await world.rotate(rotation, 'run');
    world.kratos.changeAddress(identity, 'elsewhere@evil.example');
    const session = world.kratos.signIn();
    const { rotation: next } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'next');
    if (next === null) throw new Error('no rotation began');
    const again = await world.rotate(next, 'run');
    expect(again).toMatchObject({ identity, pair: { password: { generation: 2 } } });
    expect(world.kratos.active()).not.toContain(session);
    expect(world.steps('password-set').map(({ metadata }) => metadata['traits_restored'])).toEqual([
      false,
      true,
    ]);
  });

  it('an address that was given to another identity: the old password is replaced, sessions end, and it fails, which names the other', async () => {
    const { identity } = await world.rotate(rotation, 'run');
    const before = world.kratos.credential();
    const email = world.kratos.changeAddress(identity, 'elsewhere@evil.example');
    const other = await world.kratos.admin.createIdentity({
      ...{ schemaId: 'default', password: 'theirs', traits: { email, role: 'admin' } },
    });
    world.kratos.signIn();
    const { rotation: next } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'next');
    if (next === null) throw new Error('no rotation began');
    const error = await outcome(world.rotate(next, 'run'));
    expect(isFinal(error)).toBe(true);
    expect(error).toMatchObject({ type: 'AddressTaken', message: expect.stringContaining(other) as string });
    expect(world.kratos.credential()?.password).not.toBe(before?.password);
    expect(world.kratos.active()).toEqual([]);

    await world.activities.recordRotationFailure({ rotation: next, why: String(error) });
    world.kratos.changeAddress(other, 'theirs@evil.example');
    const { rotation: third } = await world.toAccount(
      'rosa',
      { type: 'rotate', reason: 'it is back' },
      'third',
    );
    if (third === null) throw new Error('no rotation began');
    expect(await world.rotate(third, 'run')).toMatchObject({
      identity,
      pair: { password: { generation: 3 } },
    });
  });

  it('an identity that was deleted meanwhile is made anew', async () => {
    const { identity } = await world.rotate(rotation, 'run');
    world.kratos.deleteIdentities();
    const { rotation: next } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'next');
    if (next === null) throw new Error('no rotation began');
    expect((await world.rotate(next, 'run')).identity).not.toBe(identity);
  });

  it('told to stop, begins no further step', async () => {
    const env = activityOf(rotation, 'run');
    const heard: unknown[] = [];
    env.on('heartbeat', (step) => {
      heard.push(step);
      if (step === 'password-set') env.cancel();
    });
    const error = await outcome(env.run(() => world.activities.rotate({ rotation })));
    expect(error).toMatchObject({ name: 'CancelledFailure' });
    expect(heard.at(-1)).toBe('password-set');
    expect(world.kratos.credential()).toBeNull();
  });

  it('without a driver: final, recorded once, rung, and only for the rotation that is running', async () => {
    const fail = () => world.activities.recordRotationFailure({ rotation, why: 'no driver' });
    await fail();
    await fail();
    expect(world.steps('failed')).toHaveLength(1);
    expect(world.accountState()).toMatchObject({
      rotation: null,
      rotationFailure: `${rotation} failed: no driver`,
    });
    expect(world.ledger.messages.filter((each) => each.severity === 'alarm')).toHaveLength(1);
  });

  it('a failure that is told of after the rotation was proven is nobody’s trouble', async () => {
    await world.rotate(rotation, 'run');
    await world.activities.recordRotationFailure({ rotation, why: 'late' });
    expect(world.steps('failed')).toEqual([]);
    expect(world.accountState().rotationFailure).toBeNull();
  });
});
