/** The smallest run on the time-skipping server; more is `npm run chaos -- --skipping`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeChaosOrg, type ChaosOrg } from '../chaos/org.ts';
import { playManySkipping } from '../chaos/skipping/campaign.ts';

describe('whole cases by the real workflows, with days that go by', () => {
  let org: ChaosOrg;
  beforeAll(async () => {
    org = await makeChaosOrg();
  });
  afterAll(() => org.remove());

  it('break no promise, go their ways by deadlines that come by themselves, and leave histories that replay', async () => {
    const { violations, ...sum } = await playManySkipping(org, { from: 4, cases: 8 }, () => undefined);
    expect(Object.fromEntries(violations)).toEqual({});
    expect(sum.cases).toBe(8);
    expect(sum.ways.size).toBe(8);
    expect(sum.days).toBeGreaterThan(2);
    // An account, a case and its rotation each, at least.
    expect(sum.replayed).toBeGreaterThanOrEqual(16);
  });
});
