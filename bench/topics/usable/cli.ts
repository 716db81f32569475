import {
  allExamples,
  elsewhere,
  examples,
  isJson,
  runExample,
  tellExamples,
} from '../../../test/client/cli/exampleStory.ts';
import { isThere, triedIn } from '../../../test/client/cli/shells.ts';
import { makeWorld } from '../../../test/client/cli/world.ts';
import { exits } from '../../../client/cli/exits.ts';
import { shells } from '../../../client/cli/completionScripts.ts';
import type { Proof } from '../../figure.ts';

/** The command line as a person's: each example of each command run, and completion in the shells themselves. */
export const proveCli = async ({ report, say }: Proof): Promise<void> => {
  const count = (figure: string, value: number, wanted: number, unit: string): void => {
    report({
      ...{ figure, value, unit, bare: null, floor: `all ${wanted}` },
      ok: value === wanted && wanted > 0,
    });
  };
  count(
    'commands with examples in their help',
    [...examples.values()].filter((each) => each.length > 0).length,
    examples.size,
    'commands',
  );
  const here = allExamples.filter((each) => !(each in elsewhere));
  for (const [example, why] of Object.entries(elsewhere)) say(`not run here: breakglass ${example} (${why})`);
  const ended = new Set<string>();
  const asJson = new Set<string>();
  const told = new Set<string>();
  const world = await makeWorld();
  try {
    for await (const { example, wanted, ran } of tellExamples(world)) {
      told.add(example);
      if (ran.exit === wanted) ended.add(example);
      else say(`breakglass ${example}: exit ${ran.exit}, expected ${wanted}: ${ran.stderr}`);
      if (isJson(ran)) asJson.add(example);
    }
    for (const example of here.filter((each) => !told.has(each))) {
      const ran = await runExample(world, 'alice', example);
      if (ran.exit !== exits.unexpected && ran.exit !== exits.usage) ended.add(example);
      if (isJson(ran)) asJson.add(example);
    }
  } finally {
    await world.remove();
  }
  const counted = (those: ReadonlySet<string>): number => here.filter((each) => those.has(each)).length;
  count('examples run that ended as they should', counted(ended), here.length, 'examples');
  count('  that with --json gave one document', counted(asJson), here.length, 'examples');
  const there = shells.filter(isThere);
  for (const shell of shells.filter((each) => !isThere(each)))
    say(`not tried: ${shell} is not on this machine`);
  count('shells in which completion was tried', there.filter(triedIn).length, there.length, 'shells');
};
