import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import { later } from '../../core/rules/decision.ts';
import { makeOrg } from '../support/org.ts';
import { createWorld, isFinal, provision, request, type World } from './world.ts';

describe('activities of a case', () => {
  let world: World;
  let id: CaseId;
  const self = (): string => `account/${world.account}`;
  beforeAll(async () => {
    world = createWorld(await makeOrg());
    await world.rotate(await provision(world), 'run');
    id = await request(world);
  });
  afterAll(() => world.org.remove());

  it('a refusal is final; a ledger that is away is not', async () => {
    const refused: unknown = await world
      .toAccount('alice', { type: 'rotate', reason: 'why not' }, 'refused')
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      type: 'Refused',
      details: [{ code: 'not-an-owner' }, { failureOf: 'none' }],
    });
    expect(isFinal(refused)).toBe(true);
    world.ledgerTrouble = new Error('connect ECONNREFUSED');
    const away: unknown = await world
      .toAccount('quinn', { type: 'rotate', reason: 'a leak' }, 'away')
      .catch((error: unknown) => error);
    world.ledgerTrouble = null;
    expect(isFinal(away)).toBe(false);
  });

  it('a tick whose answer was lost, taken again at a later instant: others are woken all the same', async () => {
    const after = world.ledger.rows.at(-1)?.seq ?? 0;
    const deadline = later(world.now.toISOString(), 30 * 60);
    world.now = new Date(deadline);
    // The row is committed, and the worker dies before the workflow hears of it.
    await world.activities.tickCase({ id, key: `${id}/tick/${deadline}`, now: deadline, after });
    const again = later(deadline, 11);
    const news = await world.activities.tickCase({ id, key: `${id}/tick/${again}`, now: again, after });
    expect(news.events.map(({ event }) => event.type)).toEqual(['expired']);
    expect(news.wakes).toEqual([self()]);
    expect(world.ledger.rows.filter((row) => row.action === 'break_glass_expired')).toHaveLength(1);
  });

  it('an account passes on what others wrote, and does not send it back to whom it came from', async () => {
    const heard = await world.activities.tickAccount({
      ...{ id: world.account, key: `${self()}/tick/now`, now: world.now.toISOString() },
      after: world.ledger.rows.findLast((row) => row.action === 'break_glass_requested')?.seq ?? 0,
    });
    expect(heard.events.map(({ event }) => event.type)).toEqual(['case-left']);
    expect(heard.wakes).toEqual([]);
  });
});
