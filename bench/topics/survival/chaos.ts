import { faultRate } from '../../../test/chaos/campaign.ts';
import { playOnServers } from '../../../test/chaos/real/campaign.ts';
import { sizesOf } from '../../../test/chaos/evidence.ts';
import { planOf } from '../../../test/chaos/real/plan.ts';
import { slowestOf, wentOn } from '../../../test/chaos/real/recovery.ts';
import { rounded, type Proof } from '../../figure.ts';
import { tellJudged } from './judged.ts';

const [seed, wanted] = [1, 20];

/** 20 cases on real servers, with as many faults from one seed. */
export const proveChaos = async ({ report, say }: Proof): Promise<void> => {
  const run = { seed, cases: wanted, seconds: Infinity, plan: planOf(seed, wanted), rate: faultRate };
  const { verdicts, evidence, had, failed, cases, seconds } = await playOnServers(run, say);
  report({
    ...{ figure: 'cases on real servers', value: cases, unit: 'cases', bare: null, floor: `${wanted}` },
    ok: cases >= wanted,
  });
  const told = { bare: null, floor: null, ok: true } as const;
  tellJudged(report, sizesOf(evidence));
  report({ ...told, figure: '  faults', value: had.length, unit: 'faults' });
  for (const [kind, { had: times, on }] of wentOn(run.plan, had))
    report({
      ...{ figure: `  ${kind}, went on with it`, value: on, unit: `of ${times}`, bare: null, floor: '1' },
      ok: on > 0,
    });
  for (const [call, times] of [...failed].toSorted())
    report({ ...told, figure: `  failed: ${call}`, value: times, unit: 'calls' });
  report({
    ...told,
    figure: '  went on after one, at the latest',
    value: rounded(slowestOf(had), 1),
    unit: 's',
  });
  report({ ...told, figure: '  time', value: rounded(seconds, 0), unit: 's' });
  for (const [name, { length }] of verdicts)
    report({ figure: `  ${name}`, value: length, unit: 'wrong', bare: null, floor: '0', ok: length === 0 });
  for (const what of [...verdicts.values()].flat()) say(what);
};
