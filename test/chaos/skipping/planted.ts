/** What a run on the time-skipping server must find when it was put there on purpose. */
import { tryEach, type Caught } from '../campaign.ts';
import type { CheckerName } from '../checkers/index.ts';
import type { Evidence } from '../evidence.ts';
import type { ChaosOrg } from '../org.ts';
import { createSkippingBench, type SkippingBench } from './campaign.ts';
import type { Kept } from './server.ts';
import { strayedIn } from './strayed.ts';

/** With one case each, of the thirteenth way and of the first: a stranger is inside too, and all goes well. */
const seeds = [13, 1] as const;
/** Seconds after which a worker that does not answer is given up. */
const shortPatience = 6;

const runOf = (seed: number) => ({ seed, cases: 1, rate: 0, rotatesForReal: false });

const playClean = async (bench: SkippingBench): Promise<Evidence> => {
  const { played, violations } = await bench.play(runOf(seeds[0]));
  if (played === null || violations.length > 0)
    throw new Error(`the run in which something is planted is not clean: ${violations.join('; ')}`);
  return played.evidence;
};

/** No deadline has escalated anything. */
const withoutEscalations = (evidence: Evidence): Evidence => ({
  ...evidence,
  rows: evidence.rows.map((row) => {
    const events = (row.metadata.events ?? []).filter(({ event }) => event.type !== 'escalated');
    return { ...row, metadata: { ...row.metadata, events } };
  }),
});

/** The account has started something else than its code does. */
const misremembered = (kept: Kept[]): Kept[] => {
  for (const { history } of kept)
    for (const event of history.events ?? []) {
      const type = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType;
      if (type != null) type.name = 'another';
    }
  return kept;
};

/** What only this run looks at: that nothing is stuck, that each case goes its way, that histories replay. */
const tryOwn = async (bench: SkippingBench, clean: Evidence): Promise<Caught[]> => {
  const [strayed = null] = strayedIn(runOf(seeds[0]), withoutEscalations(clean));
  const [unreplayed = null] = await bench.finish(misremembered);
  const hangs = { ...runOf(seeds[1]), sabotage: 'the worker hangs' } as const;
  const { violations } = await bench.play(hangs, shortPatience);
  const stuck = violations.find((each) => each.startsWith('stuck')) ?? null;
  return [
    { checker: 'each case goes its way', what: 'a deadline that nobody kept', said: strayed },
    { checker: 'histories replay', what: 'a history of other code', said: unreplayed },
    { checker: 'nothing is stuck', what: 'the worker hangs', said: stuck },
  ];
};

/** Each planted violation, with what was said of it. @param among - the checkers tried; all when left out */
export const tryPlantedSkipping = async (
  org: ChaosOrg,
  among?: readonly CheckerName[],
): Promise<Caught[]> => {
  const bench = createSkippingBench(org);
  try {
    const clean = await playClean(bench);
    const own = await tryOwn(bench, clean);
    const shared = await tryEach(
      async (run) => {
        if (run.seed === seeds[0] && run.sabotage === undefined && !run.rotatesForReal) return clean;
        const { played, violations } = await bench.play({ ...runOf(run.seed), ...run });
        if (played === null) throw new Error(violations.join('; '));
        return played.evidence;
      },
      seeds,
      among,
    );
    return [...own, ...shared];
  } finally {
    await bench.stop();
  }
};
