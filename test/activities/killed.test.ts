import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealedAt } from '../../core/contracts/events.ts';
import type { RotationId } from '../../core/contracts/ids.ts';
import { combineShares, openShare } from '../../core/custody/open.ts';
import { namedOf, noCandidates } from '../../core/rules/account/candidates.ts';
import { makeOrg, newNonce, type Name, type Org } from '../support/org.ts';
import { createWorld, provision, type World } from './world.ts';

/** Where an attempt is broken off: around the nth call that it makes. */
interface Kill {
  readonly call: number;
  readonly when: 'before' | 'after';
}

// Nobody checks the worker's signature here, and a thousand processes of ssh-keygen take minutes.
const unsigned = (): Promise<string> => Promise.resolve('not signed');

class Killed extends Error {}

const address = 'breakglass-eu@acme.example';

describe('a rotation broken off at any call', () => {
  let org: Org;
  beforeAll(async () => {
    org = await makeOrg();
  });
  afterAll(() => org.remove());

  const openSealed = async (world: World, { seal }: SealedAt): Promise<string> => {
    const sealed = world.seals.find((each) => each.digest === seal)?.sealed;
    if (sealed === undefined) throw new Error('the ledger names a seal that was never stored');
    const shares = sealed.shares.map(({ custodian }) =>
      openShare({ sealed, custodian, identity: org.keys[custodian as Name].ageIdentity }),
    );
    return new TextDecoder().decode(await combineShares({ sealed, shares: await Promise.all(shares) }));
  };

  /** What the ledger names, opened by its custodians; and whether one combination of it opens the account. */
  const named = async (world: World) => {
    const candidates = world.accountState().candidates?.named ?? noCandidates;
    const [passwords, seeds] = [namedOf(candidates.password), namedOf(candidates.mfa)];
    const opened = await Promise.all(passwords.map((each) => openSealed(world, each)));
    const codes = await Promise.all(seeds.map((each) => openSealed(world, each)));
    const credential = world.kratos.credential();
    // While there is no identity, there is nothing to open.
    const opens =
      credential === null ||
      (opened.includes(credential.password) && (credential.seed === null || codes.includes(credential.seed)));
    return { passwords: passwords.length, seeds: seeds.length, opens };
  };

  let shared: World | null = null;

  /** How a rotation comes about that is broken off. */
  type Begin = () => Promise<{ world: World; rotation: RotationId }>;

  /** In a world that was provisioned; now and then in a new one, whose ledger is short. */
  const begun: Begin = async () => {
    const world = shared !== null && shared.ledger.rows.length < 250 ? shared : createWorld(org, unsigned);
    if (world !== shared) await world.rotate(await provision(world), 'run');
    shared = world;
    const { rotation } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, newNonce());
    if (rotation === null) throw new Error('no rotation began');
    return { world, rotation };
  };

  /** One whose identity was given another address during the session. */
  const begunMoved: Begin = async () => {
    const { world, rotation } = await begun();
    const { identity } = world.accountState();
    if (identity === null) throw new Error('the account has no identity');
    world.kratos.changeAddress(identity, 'elsewhere@evil.example');
    return { world, rotation };
  };

  /** The one that makes the identity. */
  const begunFirst: Begin = async () => {
    const world = createWorld(org, unsigned);
    return { world, rotation: await provision(world) };
  };

  /** One attempt, broken off where told; says whether it was. */
  const attempt = async (world: World, rotation: RotationId, n: number, kill: Kill | null) => {
    let calls = 0;
    world.interrupt = (_, when) => {
      if (when === 'before') calls += 1;
      if (kill !== null && calls === kill.call && when === kill.when) throw new Killed();
    };
    const end = await world.rotate(rotation, 'run', n).then(
      () => 'done' as const,
      (error: unknown) => error,
    );
    world.interrupt = () => undefined;
    return { calls, end };
  };

  const survives = async (kills: readonly Kill[], begin = begun): Promise<void> => {
    const { world, rotation } = await begin();
    for (const [n, kill] of kills.entries()) {
      const { end } = await attempt(world, rotation, n + 1, kill);
      if (!(end === 'done' || end instanceof Killed)) throw new Error(`ended otherwise: ${String(end)}`);
      const found = await named(world);
      const at = kills.slice(0, n + 1).map(({ call, when }) => `${when} call ${call}`);
      expect({ at, ...found }).toMatchObject({ at, opens: true });
      expect(found.passwords).toBeLessThanOrEqual(2);
      expect(found.seeds).toBeLessThanOrEqual(2);
    }
    expect((await attempt(world, rotation, kills.length + 1, null)).end).toBe('done');
    expect(await named(world)).toEqual({ passwords: 1, seeds: 1, opens: true });
    expect(world.accountState().rotation).toBeNull();
    expect(world.kratos.addresses()).toEqual([address]);
  };

  const callsOfOne = async (begin = begun): Promise<number> => {
    const { world, rotation } = await begin();
    return (await attempt(world, rotation, 1, null)).calls;
  };

  const survivesAtEach = async (begin: Begin): Promise<void> => {
    const calls = await callsOfOne(begin);
    expect(calls).toBeGreaterThan(25);
    // Before a call is after the one before it, for everybody but the caller.
    await survives([{ call: 1, when: 'before' }], begin);
    for (let call = 1; call <= calls; call += 1) await survives([{ call, when: 'after' }], begin);
  };

  it('once, at any call: at most two generations of each part are named, and one pair opens', async () => {
    await survivesAtEach(begun);
  }, 120_000);

  it('the first, which makes the identity: at any call, and there is one identity at the end', async () => {
    await survivesAtEach(begunFirst);
  }, 120_000);

  it('with an address to put back: at any call, and the identity has it at the end', async () => {
    await survivesAtEach(begunMoved);
  }, 120_000);

  it('again and again: four attempts in a row, wherever they were broken off', async () => {
    const calls = await callsOfOne();
    // Steps that share no factor with the number of calls meet every place.
    for (let n = 0; n < 8; n += 1)
      await survives(
        [7, 11, 13, 17].map((step, k) => ({ call: 1 + ((n * step + k) % calls), when: 'after' })),
      );
  }, 120_000);

  /** Every function of the simulated Kratos that makes the identity, or changes its password or second factor. */
  it.each([
    ['setPassword', begun],
    ['confirmTotp', begun],
    ['createIdentity', begunFirst],
  ])(
    'in %s, which takes effect only after the caller is gone: the next attempt names what it left',
    async (name, begin) => {
      const { world, rotation } = await begin();
      const api = name in world.kratos.admin ? world.kratos.admin : world.kratos.login;
      const real = Reflect.get(api, name) as (...asked: unknown[]) => Promise<unknown>;
      let late = (): Promise<unknown> => Promise.resolve();
      Reflect.set(api, name, (...asked: unknown[]) => {
        late = () => real(...asked);
        return Promise.reject(new Killed());
      });
      expect(await attempt(world, rotation, 1, null)).toMatchObject({ end: expect.any(Killed) as unknown });
      Reflect.set(api, name, real);
      // It arrives while the next attempt waits for just that; that one is broken off as it has named what is live.
      const arrive = async (): Promise<void> => {
        const arriving = late;
        late = () => Promise.resolve();
        await arriving();
      };
      world.settle = arrive;
      const pausing = async (step: string): Promise<void> => {
        const rows = world.steps(step).length;
        world.interrupt = (call) => {
          if (call === 'ledger' && world.steps(step).length > rows) throw new Killed();
        };
        await expect(world.rotate(rotation, 'run', 2)).rejects.toBeInstanceOf(Killed);
        world.interrupt = () => undefined;
      };
      await pausing('password-sealed');
      await arrive();
      expect(await named(world)).toMatchObject({ passwords: 2, opens: true });
      expect((await attempt(world, rotation, 3, null)).end).toBe('done');
      expect(await named(world)).toEqual({ passwords: 1, seeds: 1, opens: true });
      expect(world.kratos.addresses()).toEqual([address]);
    },
  );
});
