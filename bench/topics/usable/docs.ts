import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { typed } from '../../../test/docs/typed.ts';
import { notHere, rowOf, runElsewhere } from '../../../test/docs/whereRun.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import type { Proof } from '../../figure.ts';
import { openHouse } from './docs/house.ts';
import { tellDocuments } from './docs/story.ts';
import { createTypist, type Typist } from './docs/typist.ts';
import { asLine, makeGround, repository, type Ground } from './tries.ts';

/** Long enough for a person to claim what a test claims for them, short enough to wait until nobody did. */
const claims = (yaml: string): string => `${yaml}\ndeadlines:\n  claim: 45\n`;

const judge = ({ ended, left }: Typist, { report, say }: Proof): void => {
  const count = (figure: string, value: number, floor: string | null, ok: boolean): void =>
    report({ figure, value, unit: 'commands', bare: null, floor, ok });
  const wrong = ended.filter(({ exit, wanted }) => exit !== wanted);
  for (const { document, text, exit, wanted, output } of wrong)
    say(`${document}: ${text}: exit ${exit}, expected ${wanted}: ${output.trim().slice(-600)}`);
  const named = left().map(({ document, text }) => ({
    ...{ document, text },
    by: rowOf(runElsewhere, document, text),
    why: rowOf(notHere, document, text),
  }));
  for (const { document, text, by, why } of named)
    if (by !== undefined) say(`run by ${by}: ${document}: ${text}`);
    else if (why !== undefined) say(`not to be had here: ${document}: ${text} (${why})`);
    else say(`NEITHER RUN NOR NAMED: ${document}: ${text}`);
  const forgotten = named.filter(({ by, why }) => by === undefined && why === undefined);
  count('commands in the documents', typed.length, null, true);
  count(
    '  typed here that ended as documented',
    ended.length - wrong.length,
    `all ${ended.length}`,
    wrong.length === 0,
  );
  count('  run elsewhere, each named', named.filter(({ by }) => by !== undefined).length, null, true);
  count('  not to be had here, each named', named.filter(({ why }) => why !== undefined).length, null, true);
  count('  neither run nor named', forgotten.length, 'none', forgotten.length === 0);
};

/** The programs that the documents take for granted, on a path of their own. */
const makePath = async (ground: Ground, temporal: string): Promise<string> => {
  const path = join(ground.folder, 'bin');
  await mkdir(path);
  const program = join(path, 'breakglass');
  const built = join(repository, 'dist', 'breakglass.mjs');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${built}' "$@"\n`);
  await chmod(program, 0o755);
  await symlink(temporal, join(path, 'temporal'));
  return path;
};

/** Every command of every document, typed into a shell against a running house, or named with its reason. */
export const proveDocs = async (proof: Proof): Promise<void> => {
  const ground = await makeGround(proof);
  try {
    const temporal = await temporalBinary(proof.say);
    const path = await makePath(ground, temporal);
    const desk = join(ground.folder, 'desk');
    await mkdir(desk);
    const typist = createTypist(ground, desk, path);
    const whole = await startWhole({ progress: proof.say, amend: claims, isBare: true });
    try {
      await tellDocuments(typist, openHouse(whole), temporal);
    } catch (error) {
      // What follows was not typed: it is counted as forgotten, and this says why.
      proof.say(`the story broke off: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await whole.remove();
    }
    judge(typist, proof);
    const running = await ground.left();
    for (const each of running) proof.say(`still runs: ${asLine(each)}`);
    proof.report({
      ...{ figure: '  left running', value: running.length, unit: 'processes', bare: null },
      ...{ floor: 'none', ok: running.length === 0 },
    });
  } finally {
    await ground.remove();
  }
};
