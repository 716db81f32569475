import { faultRate, tryAltered } from '../../../test/chaos/campaign.ts';
import { judgedBy } from '../../../test/chaos/checkers/index.ts';
import { playOnServers } from '../../../test/chaos/real/campaign.ts';
import { sizesOf } from '../../../test/chaos/evidence.ts';
import { flakyServers } from '../../../test/chaos/real/flaky.ts';
import { planOf } from '../../../test/chaos/real/plan.ts';
import { slowestOf, wentOn } from '../../../test/chaos/real/recovery.ts';
import { failuresOf } from '../../../test/chaos/tally.ts';
import { rounded, type Proof } from '../../figure.ts';
import { tellCalls, tellHad, tellJudged } from './judged.ts';

const [seed, wanted] = [1, 20];

/** 20 cases on real servers, with as many faults from one seed. */
export const proveChaos = async ({ report, say }: Proof): Promise<void> => {
  const run = { seed, cases: wanted, seconds: Infinity, plan: planOf(seed, wanted), rate: faultRate };
  const { verdicts, evidence, had, calls, cuts, cases, seconds } = await playOnServers(run, say);
  report({
    ...{ figure: 'cases on real servers', value: cases, unit: 'cases', bare: null, floor: `${wanted}` },
    ok: cases >= wanted,
  });
  const told = { bare: null, floor: null, ok: true } as const;
  tellJudged(report, 'servers', { cases, sizes: sizesOf(evidence), looked: judgedBy(evidence).looked });
  tellHad(report, run.plan, had);
  for (const [kind, { had: times, on }] of wentOn(run.plan, had))
    report({
      ...{ figure: `  ${kind}, went on with it`, value: on, unit: `of ${times}`, bare: null, floor: '1' },
      ok: on > 0,
    });
  tellCalls(report, calls, faultRate);
  for (const server of flakyServers) {
    const tally = calls.get(server);
    const failed = tally === undefined ? 0 : failuresOf(tally);
    report({
      ...{ figure: `  failed calls of ${server}, of ${tally?.calls ?? 0}`, value: failed, unit: 'calls' },
      ...{ bare: null, floor: '1', ok: failed > 0 },
    });
  }
  report({
    ...{ figure: '  connections to temporal cut', value: cuts, unit: 'cuts', bare: null, floor: '1' },
    ok: cuts > 0,
  });
  report({
    ...told,
    figure: '  went on after one, at the latest',
    value: rounded(slowestOf(had), 1),
    unit: 's',
  });
  report({ ...told, figure: '  time', value: rounded(seconds, 0), unit: 's' });
  for (const { checker, what, said } of tryAltered(evidence))
    report({
      ...{
        figure: `  planted in what it left: ${what}`,
        value: said === null ? 'MISSED' : 'found',
        unit: '',
      },
      ...{ bare: null, floor: checker, ok: said !== null },
    });
  for (const [name, { length }] of verdicts)
    report({ figure: `  ${name}`, value: length, unit: 'wrong', bare: null, floor: '0', ok: length === 0 });
  for (const what of [...verdicts.values()].flat()) say(what);
};
