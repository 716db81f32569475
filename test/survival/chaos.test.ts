/** Random faults on real servers, the smallest run; more is `npm run chaos` and `npm run prove -- survival/chaos`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { faultRate, tryAltered } from '../chaos/campaign.ts';
import { judgedBy } from '../chaos/checkers/index.ts';
import { sizesOf } from '../chaos/evidence.ts';
import { shortIn } from '../chaos/floors.ts';
import { playOnServers } from '../chaos/real/campaign.ts';
import { flakyJudge, judge } from '../chaos/real/judge.ts';
import { faultKinds, planOf } from '../chaos/real/plan.ts';

describe('two cases on real servers, the worker killed in the midst', () => {
  let played: Awaited<ReturnType<typeof playOnServers>>;
  beforeAll(async () => {
    const plan = [{ kind: 'worker killed', after: 2, outage: 1 } as const];
    played = await playOnServers({ seed: 1, cases: 2, seconds: 120, plan, rate: faultRate }, () => undefined);
  });

  it('break no promise', () => {
    expect(Object.fromEntries([...played.verdicts].filter(([, found]) => found.length > 0))).toEqual({});
  });

  it('count for nothing if no call failed', () => {
    expect(judge(played, new Map(), faultRate).get(flakyJudge)).toHaveLength(1);
  });

  it('leave what each checker finds a violation in, when it is planted there', () => {
    const missed = tryAltered(played.evidence).filter(({ said }) => said === null);
    expect(missed.filter(({ checker }) => !checker.includes('undeclared'))).toEqual([]);
  });

  it('were played: two cases, two logins at least, one kill', () => {
    const { cases, evidence, had } = played;
    expect(cases).toBe(2);
    expect(evidence.logins.length).toBeGreaterThanOrEqual(2);
    expect(had).toMatchObject([{ fault: { kind: 'worker killed' }, recovery: expect.any(Number) as number }]);
    // No stranger comes in a run this small.
    const run = { cases, sizes: sizesOf(evidence), looked: judgedBy(evidence).looked };
    expect(shortIn('servers', run).filter(({ thing }) => !thing.includes('undeclared'))).toEqual([]);
  });
});

describe('a plan', () => {
  it('is the same for the same seed, another for another, and tries every kind', () => {
    expect(planOf(7, 20)).toEqual(planOf(7, 20));
    expect(planOf(7, 20)).not.toEqual(planOf(8, 20));
    expect(new Set(planOf(7, faultKinds.length).map(({ kind }) => kind)).size).toBe(faultKinds.length);
  });
});
