/**
 * `npm run chaos`: simulated people, machines and faults, judged by a checker for each promise, in memory (`--fast`),
 * on Temporal's time-skipping server (`--skipping`) or on real servers. `docs/reliability.md` says what is tried and what the exit codes mean.
 */
import { parseArgs } from 'node:util';
import { casesOfASeed, faultRate } from '../test/chaos/campaign.ts';
import { judgedBy } from '../test/chaos/checkers/index.ts';
import { playMany } from '../test/chaos/lanes.ts';
import { makeChaosOrg } from '../test/chaos/org.ts';
import { playSeed } from '../test/chaos/play.ts';
import { playOnServers } from '../test/chaos/real/campaign.ts';
import { asText, planOf } from '../test/chaos/real/plan.ts';
import { slowestOf, wentOn } from '../test/chaos/real/recovery.ts';
import { playManySkipping } from '../test/chaos/skipping/campaign.ts';
import { failuresOf, faultKinds, shareOf, totalOf, type Tallies } from '../test/chaos/tally.ts';

const exits = { clean: 0, violated: 1, usage: 2 } as const;

const usage = `npm run chaos -- --fast [--seed S] [--cases N]
npm run chaos -- --skipping [--seed S] [--cases N]
npm run chaos -- [--seed S] (--for TIME | --cases N)

in memory, the real activities on simulated adapters:
  --fast      say so
  --seed S    the seed to begin with (1); without --cases it is played alone, and told in full
  --cases N   go on with the seeds that follow until N cases were asked for

real workflows on a Temporal that skips time, everything else in memory:
  --skipping  say so
  --seed S    the seed to begin with (1)
  --cases N   ask for N cases, two a seed (2)

on real servers, which are started for it:
  --seed S    what the choices and the plan of faults are made of (1)
  --for TIME  ask for cases so long, such as 90s or 2m
  --cases N   ask for N cases, with as many faults`;

class WrongUsage extends Error {}

const wholeNumber = (text: string | undefined, name: string): number | null => {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new WrongUsage(`--${name} wants a whole number, not ${text}`);
  return Number(text);
};

/** @returns seconds */
const time = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  const [, count, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
  if (count === undefined) throw new WrongUsage(`--for wants a time such as 90s or 2m, not ${text}`);
  return Number(count) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
};

/** Seconds of a run for each fault of its plan: what one, and going on after it, takes at least. */
const secondsOfAFault = 8;

/** How many calls of each adapter failed, and how. */
const tellCalls = (calls: Tallies): void => {
  for (const [name, tally] of [...calls].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const kinds = faultKinds.map((kind) => `${tally.failed[kind]} ${kind}`).join(', ');
    const percent = (100 * shareOf(tally)).toFixed(1);
    console.log(`${name}: ${failuresOf(tally)} of ${tally.calls} calls failed, ${percent} %: ${kinds}`);
  }
};

/** Plays a run on real servers and tells what each checker found. */
const onServers = async (seed: number, cases: number | null, seconds: number | null): Promise<number> => {
  const plan = planOf(seed, cases ?? Math.ceil((seconds ?? 0) / secondsOfAFault));
  console.log(`seed ${seed}, the plan:\n${plan.map((each) => `  ${asText(each)}`).join('\n')}`);
  const run = { seed, plan, cases: cases ?? Infinity, seconds: seconds ?? Infinity, rate: faultRate };
  const { verdicts, evidence, had, calls, cuts, ...played } = await playOnServers(run, (line) => {
    console.error(line);
  });
  for (const [name, found] of verdicts) {
    console.log(`${found.length === 0 ? 'ok   ' : 'WRONG'} ${name}`);
    for (const what of found) console.log(`        ${what}`);
  }
  tellCalls(calls);
  console.log(`temporal: ${cuts} connections cut`);
  const wrong = [...verdicts.values()].flat().length;
  for (const [kind, { had: times, on, idle }] of wentOn(plan, had))
    console.log(`${kind}: ${times} times, ${on} went on, ${idle} had nothing to go on with`);
  console.log(
    `seed ${seed}: ${played.cases} cases, ${evidence.rows.length} rows, ${evidence.logins.length} logins, ` +
      `${had.length} faults, ${failuresOf(totalOf(calls))} failed calls, went on ${slowestOf(had).toFixed(1)} s after one at the latest, ${wrong} violations, ` +
      `${played.seconds.toFixed(0)} s`,
  );
  return wrong === 0 ? exits.clean : exits.violated;
};

/** Plays one seed and tells its whole story. */
const replay = async (seed: number): Promise<number> => {
  const org = await makeChaosOrg();
  try {
    const { evidence, cases } = await playSeed(org, { seed, cases: casesOfASeed, rate: faultRate });
    for (const { seq, timestamp, actor_id: by, action, result, metadata } of evidence.rows) {
      const events = (metadata.events ?? []).map(({ event }) => event.type).join(', ');
      console.log([seq, timestamp, by, action, result, events].join('  '));
    }
    for (const { when, opens } of evidence.waysIn)
      console.log(`${opens ? 'opens' : 'DOES NOT OPEN'}: ${when}`);
    const found = judgedBy(evidence).violations;
    console.log(`seed ${seed}: ${cases} cases, ${found.length} violations`);
    for (const each of found) console.log(`  ${each}`);
    return found.length === 0 ? exits.clean : exits.violated;
  } finally {
    await org.remove();
  }
};

/** Plays many seeds and tells of those in which something was violated. */
const campaign = async (from: number, cases: number): Promise<number> => {
  const played = await playMany({ from, cases }, (line) => {
    console.error(line);
  });
  for (const [seed, found] of [...played.violations].toSorted(([one], [other]) => one - other))
    console.log(`npm run chaos -- --fast --seed ${seed}\n  ${found.join('\n  ')}`);
  tellCalls(played.calls);
  console.log(
    `seeds ${from} to ${from + played.seeds - 1}: ${played.cases} cases, ${played.sizes.rows} rows, ` +
      `${played.sizes.logins} logins, ${played.sizes.waysIn} looks at the way in, ${played.violations.size} seeds violated`,
  );
  return played.violations.size === 0 ? exits.clean : exits.violated;
};

/** Plays seeds on the time-skipping server and tells of what was violated. */
const skipping = async (from: number, cases: number): Promise<number> => {
  const org = await makeChaosOrg();
  try {
    const began = performance.now();
    const { violations, ...played } = await playManySkipping(org, { from, cases }, (line) => {
      console.error(line);
    });
    const seconds = (performance.now() - began) / 1000;
    for (const [seed, found] of violations)
      console.log(`npm run chaos -- --skipping --seed ${seed}\n  ${found.join('\n  ')}`);
    for (const [way, times] of played.ways) console.log(`${way}: ${times} cases`);
    tellCalls(played.calls);
    console.log(
      `seeds ${from} to ${from + played.seeds - 1}: ${played.cases} cases, ${played.sizes.rows} rows, ` +
        `${played.sizes.logins} logins, ${failuresOf(totalOf(played.calls))} failed calls, ${played.replayed} histories replayed, ` +
        `${played.days.toFixed(0)} days in ${seconds.toFixed(0)} s, ${violations.size} seeds violated`,
    );
    return violations.size === 0 ? exits.clean : exits.violated;
  } finally {
    await org.remove();
  }
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      ...({ fast: { type: 'boolean' }, skipping: { type: 'boolean' } } as const),
      ...{ seed: { type: 'string' }, cases: { type: 'string' }, for: { type: 'string' } },
    },
  });
  const [seed, cases] = [wholeNumber(values.seed, 'seed'), wholeNumber(values.cases, 'cases')];
  const seconds = time(values.for);
  const { fast: isFast = false, skipping: isSkipping = false } = values;
  if (isFast && isSkipping) throw new WrongUsage('--fast and --skipping are two runs: say one');
  if (!isFast && !isSkipping) {
    if (cases === null && seconds === null)
      throw new WrongUsage('say --fast, --skipping, --for TIME or --cases N');
    return await onServers(seed ?? 1, cases, seconds);
  }
  if (seconds !== null)
    throw new WrongUsage('--for is of runs on real servers; --fast and --skipping want --cases N');
  if (isSkipping) return skipping(seed ?? 1, cases ?? casesOfASeed);
  return cases === null && seed !== null ? replay(seed) : campaign(seed ?? 1, cases ?? 200);
};

const ended = async (): Promise<number> => {
  try {
    return await main();
  } catch (error) {
    // What parseArgs throws is a TypeError with a code.
    const isUsage = error instanceof WrongUsage || (error instanceof TypeError && 'code' in error);
    if (!isUsage) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return exits.usage;
  }
};

// At once: all is stopped and told, and what importing the SDK's testing server keeps running must not keep the command.
process.exit(await ended());
