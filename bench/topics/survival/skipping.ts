import { checkerNames } from '../../../test/chaos/checkers/index.ts';
import { faultRate } from '../../../test/chaos/campaign.ts';
import { makeChaosOrg } from '../../../test/chaos/org.ts';
import { playManySkipping } from '../../../test/chaos/skipping/campaign.ts';
import { tryPlantedSkipping } from '../../../test/chaos/skipping/planted.ts';
import { rounded, type Proof } from '../../figure.ts';
import { tellCalls, tellJudged } from './judged.ts';

const wanted = 200;

const told = { bare: null, floor: null, ok: true } as const;

/** 200 cases, one after another, by the real workflows on the time-skipping server, and each planted violation. */
export const proveSkipping = async ({ report, say }: Proof): Promise<void> => {
  const org = await makeChaosOrg();
  try {
    const planted = await tryPlantedSkipping(org);
    for (const { checker, what, said } of planted) {
      const ok = said !== null;
      const value = ok ? 'found' : 'MISSED';
      report({ figure: `planted: ${what}`, value, unit: '', bare: null, floor: checker, ok });
    }
    const found = planted.filter(({ said }) => said !== null).length;
    report({
      ...{ figure: 'planted violations found', value: found, unit: 'found', bare: null },
      ...{ floor: `${planted.length}`, ok: found === planted.length },
    });
    const began = performance.now();
    const { violations, calls, ways, ...sum } = await playManySkipping(org, { from: 1, cases: wanted }, say);
    const seconds = (performance.now() - began) / 1000;
    report({
      ...{ figure: 'cases on the time-skipping server', value: sum.cases, unit: 'cases', bare: null },
      ...{ floor: `${wanted}`, ok: sum.cases >= wanted },
    });
    report({ ...told, figure: '  ways a case went', value: ways.size, unit: 'ways' });
    tellJudged(report, 'skipping', sum);
    tellCalls(report, calls, faultRate);
    report({ ...told, figure: '  time on its clock', value: rounded(sum.days, 0), unit: 'days' });
    report({ ...told, figure: '  time', value: rounded(seconds, 0), unit: 's' });
    const replayed = sum.replayed;
    report({ ...told, figure: '  histories replayed', value: replayed, unit: '', ok: replayed >= wanted });
    const wrong = [...violations.values()].flat();
    for (const name of checkerNames) {
      const { length } = wrong.filter((each) => each.startsWith(name));
      report({ figure: `  ${name}`, value: length, unit: 'wrong', bare: null, floor: '0', ok: length === 0 });
    }
    const others = wrong.filter((each) => !checkerNames.some((name) => each.startsWith(name))).length;
    report({
      ...{ figure: '  stuck, strayed or not replayed', value: others, unit: 'wrong', bare: null },
      ...{ floor: '0', ok: others === 0 },
    });
  } finally {
    await org.remove();
  }
};
