/** The smallest run on the time-skipping server; more is `npm run chaos -- --skipping` and `npm run prove`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeChaosOrg, type ChaosOrg } from '../chaos/org.ts';
import { playManySkipping } from '../chaos/skipping/campaign.ts';
import { tryPlantedSkipping } from '../chaos/skipping/planted.ts';

describe('whole cases by the real workflows, with days that go by', () => {
  let org: ChaosOrg;
  beforeAll(async () => {
    org = await makeChaosOrg();
  });
  afterAll(() => org.remove());

  it('break no promise, go their ways by deadlines that come by themselves, and leave histories that replay', async () => {
    const { violations, ...sum } = await playManySkipping(org, { from: 5, cases: 4 }, () => undefined);
    expect(Object.fromEntries(violations)).toEqual({});
    expect(sum.cases).toBe(4);
    expect(sum.ways.size).toBe(4);
    expect(sum.days).toBeGreaterThan(1);
    // An account, a case and its rotation each, at least.
    expect(sum.replayed).toBeGreaterThanOrEqual(8);
  });

  it('find what was planted: an unheard login, a stuck worker, a deadline nobody kept, a history of other code', async () => {
    const caught = await tryPlantedSkipping(org, ['3 an undeclared login rings again']);
    expect(caught.map(({ checker }) => checker)).toContain('nothing is stuck');
    expect(caught.filter(({ said }) => said === null)).toEqual([]);
  });
});
