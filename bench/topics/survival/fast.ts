import { checkerNames } from '../../../test/chaos/checkers/index.ts';
import { faultRate, tryPlanted } from '../../../test/chaos/campaign.ts';
import { playMany } from '../../../test/chaos/lanes.ts';
import { makeChaosOrg } from '../../../test/chaos/org.ts';
import { rounded, type Proof } from '../../figure.ts';
import { tellCalls, tellJudged } from './judged.ts';

const wanted = 5_000;

const told = { bare: null, floor: null, ok: true } as const;

/** 5,000 cases on the pure rules with simulated adapters, and a planted violation for each checker. */
export const proveFast = async ({ report, say }: Proof): Promise<void> => {
  const org = await makeChaosOrg();
  try {
    for (const { checker, what, said } of await tryPlanted(org)) {
      const ok = said !== null;
      const value = ok ? 'found' : 'MISSED';
      report({ figure: `planted: ${what}`, value, unit: '', bare: null, floor: checker, ok });
    }
    const began = performance.now();
    const { violations, calls, ...sum } = await playMany({ from: 1, cases: wanted }, say);
    const ms = rounded((performance.now() - began) / sum.cases, 0);
    for (const [seed, found] of violations)
      say(`npm run chaos -- --fast --seed ${seed}\n  ${found.join('\n  ')}`);
    const ok = sum.cases >= wanted;
    report({
      figure: 'cases in memory',
      value: sum.cases,
      unit: 'cases',
      bare: null,
      floor: `${wanted}`,
      ok,
    });
    report({ ...told, figure: '  seeds', value: sum.seeds, unit: 'seeds' });
    tellJudged(report, 'memory', sum);
    report({ ...told, figure: '  time for a case', value: ms, unit: 'ms' });
    tellCalls(report, calls, faultRate);
    for (const name of checkerNames) {
      const count = [...violations.values()].flat().filter((each) => each.startsWith(name)).length;
      report({ figure: `  ${name}`, value: count, unit: 'wrong', bare: null, floor: '0', ok: count === 0 });
    }
  } finally {
    await org.remove();
  }
};
