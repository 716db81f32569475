import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeOrg } from '../support/org.ts';
import { createWorld, provision, request, type World } from './world.ts';

describe('ending what a case’s login left alive', () => {
  let world: World;
  beforeAll(async () => {
    world = createWorld(await makeOrg());
    await world.rotate(await provision(world), 'run');
  });
  afterAll(() => world.org.remove());

  it('ends every session but a rotation’s own, once, and records which', async () => {
    const id = await request(world);
    await world.toCase(id, 'alice', { type: 'withdrawal', reason: 'it came back' });
    const { rotation } = await world.toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'rotate');
    if (rotation === null) throw new Error('no rotation began');
    world.kratos.failNext('beginTotp', 1);
    await expect(world.rotate(rotation, 'run')).rejects.toThrow();
    const own = world.kratos.active();
    const others = [world.kratos.signIn(), world.kratos.signIn()];

    const news = await world.activities.endSessions({ id, after: 0 });
    expect(world.kratos.active()).toEqual(own);
    const ended = news.events.flatMap(({ event }) =>
      event.type === 'sessions-ended' ? [event.sessions] : [],
    );
    expect(ended).toEqual([others]);

    // Its answer was lost: asked again, it has nothing left to end, and the row stays as it is.
    await world.activities.endSessions({ id, after: 0 });
    expect(world.kratos.active()).toEqual(own);
    const rows = world.ledger.rows.filter((row) => row.action === 'break_glass_sessions_ended');
    expect(rows).toMatchObject([{ metadata: { sessions: others } }]);
  });
});
