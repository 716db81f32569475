/**
 * `npm run chaos -- --fast [--seed S] [--cases N]`: simulated people, machines and faults, judged by a checker for
 * each promise. `docs/reliability.md` says what is tried and what the exit codes mean.
 */
import { parseArgs } from 'node:util';
import { casesOfASeed, faultRate, playMany } from '../test/chaos/campaign.ts';
import { violationsIn } from '../test/chaos/checkers/index.ts';
import { makeChaosOrg } from '../test/chaos/org.ts';
import { playSeed } from '../test/chaos/play.ts';

const exits = { clean: 0, violated: 1, usage: 2 } as const;

const usage = `npm run chaos -- --fast [--seed S] [--cases N]
  --fast      in memory: the real activities on simulated adapters
  --seed S    the seed to begin with (1); without --cases it is played alone, and told in full
  --cases N   go on with the seeds that follow until N cases were asked for`;

const wholeNumber = (text: string | undefined, name: string): number | null => {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} wants a whole number, not ${text}`);
  return Number(text);
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
    const found = violationsIn(evidence);
    console.log(`seed ${seed}: ${cases} cases, ${found.length} violations`);
    for (const each of found) console.log(`  ${each}`);
    return found.length === 0 ? exits.clean : exits.violated;
  } finally {
    await org.remove();
  }
};

/** Plays many seeds and tells of those in which something was violated. */
const campaign = async (from: number, cases: number): Promise<number> => {
  const org = await makeChaosOrg();
  try {
    const played = await playMany(org, { from, cases }, (line) => {
      console.error(line);
    });
    for (const [seed, found] of played.violations)
      console.log(`npm run chaos -- --fast --seed ${seed}\n  ${found.join('\n  ')}`);
    for (const [kind, times] of [...played.faults].toSorted()) console.log(`${kind}: ${times} faults`);
    console.log(
      `seeds ${from} to ${from + played.seeds - 1}: ${played.cases} cases, ${played.rows} rows, ` +
        `${played.logins} logins, ${played.waysIn} looks at the way in, ${played.violations.size} seeds violated`,
    );
    return played.violations.size === 0 ? exits.clean : exits.violated;
  } finally {
    await org.remove();
  }
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { fast: { type: 'boolean' }, seed: { type: 'string' }, cases: { type: 'string' } },
  });
  const [seed, cases] = [wholeNumber(values.seed, 'seed'), wholeNumber(values.cases, 'cases')];
  if (values.fast !== true) throw new Error('say --fast');
  return cases === null && seed !== null ? replay(seed) : campaign(seed ?? 1, cases ?? 200);
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = exits.usage;
}
