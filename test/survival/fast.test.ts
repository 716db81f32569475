import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesOfASeed, faultRate, playSeeds, tryPlanted } from '../chaos/campaign.ts';
import { shortIn } from '../chaos/floors.ts';
import { playMany } from '../chaos/lanes.ts';
import { makeChaosOrg, type ChaosOrg } from '../chaos/org.ts';
import { playSeed } from '../chaos/play.ts';
import { faultKinds, isWithin, shareOf, totalOf } from '../chaos/tally.ts';

describe('whole cases in memory, with adapters that fail', () => {
  let org: ChaosOrg;
  beforeAll(async () => {
    org = await makeChaosOrg();
  });
  afterAll(() => org.remove());

  it('break no promise, whatever people, machines and the clock do', async () => {
    const played = await playSeeds(org, { from: 1, seeds: 30 });
    const { cases, calls, violations } = played;
    expect(Object.fromEntries(violations)).toEqual({});
    expect(cases).toBeGreaterThanOrEqual(60);
    expect(shortIn('memory', played)).toEqual([]);
    // That each kind was had, as often as it was to be, is what the run is for.
    for (const adapter of ['postgres', 'kratos', 'channel', 'worker'])
      for (const kind of faultKinds) expect(calls.get(adapter)?.failed[kind] ?? 0).toBeGreaterThan(0);
    for (const kind of [undefined, ...faultKinds])
      expect(isWithin(shareOf(totalOf(calls), kind), faultRate)).toBe(true);
  }, 240_000);

  it('each checker finds what was planted for it', async () => {
    const caught = await tryPlanted(org);
    expect(caught.filter(({ said }) => said === null)).toEqual([]);
  }, 240_000);

  it('shared among processes, they come to the same', async () => {
    const shared = await playMany({ from: 1, cases: 8 }, () => undefined);
    expect(shared.cases).toBeGreaterThanOrEqual(8);
    expect(shared.seeds).toBeGreaterThanOrEqual(8 / casesOfASeed);
    expect(shared).toEqual(await playSeeds(org, { from: 1, seeds: shared.seeds }));
  }, 240_000);

  it('a seed played again is the same run', async () => {
    const run = { seed: 11, cases: 2, rate: 0.05 };
    const [one, other] = [await playSeed(org, run), await playSeed(org, run)];
    const told = ({ evidence }: typeof one) =>
      evidence.rows.map(({ timestamp, action }) => [timestamp, action]);
    expect(told(one)).toEqual(told(other));
  });
});
