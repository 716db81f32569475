import { spawnSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRoot } from '../../../dev/cache.ts';
import { blocksOf } from '../../../test/docs/markdown.ts';
import type { Proof } from '../../figure.ts';
import { asLine, asUser, interrupt, makeGround, must, nobody, repository, type Ground } from './tries.ts';

const first = 'npm ci && npm start';
const reset = 'npm start -- --reset';
const tests = 'npm ci && npm test';

const commandsOfReadme = (): string[] =>
  blocksOf('README.md').flatMap(({ info, lines }) => (info === 'sh' ? lines : []));

/** The lines that a start prints under `Next, in another terminal`. */
const nextOf = (output: string): string[] => {
  const [, after = ''] = output.split('Next, in another terminal\n');
  return after
    .split('\n\n', 1)
    .join('')
    .split('\n')
    .map((line) => line.trim());
};

const follow = async (proof: Proof, ground: Ground): Promise<void> => {
  const tell = (figure: string, value: number | string, floor: string, ok: boolean): void =>
    proof.report({ figure, value, unit: '', bare: null, floor, ok });
  const home = join(ground.folder, 'new home');
  const clone = join(home, 'breakglass');
  await mkdir(home);
  must('git', 'clone', '--quiet', repository, clone);
  if (isRoot()) must('chown', '-R', `${nobody}:${nobody}`, home);
  const before = isRoot() ? asUser(nobody) : [];
  // The usual places under a home folder that is new: no cache of ours, of npm's or of Go's.
  const env = { HOME: home, BREAKGLASS_CACHE: undefined, BREAKGLASS_STATE: undefined, TMPDIR: undefined };
  const begin = (line: string): ReturnType<Ground['begin']> =>
    // A shell that is typed into outlives the Ctrl-C that ends what it runs; one that is given a script does not.
    ground.begin({ at: clone, before, env, command: ['sh', '-c', `trap : INT; ${line}`] });

  const commands = commandsOfReadme();
  const known = [first, reset, tests];
  const strange = commands.filter((line) => !known.includes(line));
  const isWhole = strange.length === 0 && known.every((line) => commands.includes(line));
  tell('commands of the README', commands.length, 'each is known here', isWhole);

  const started = begin(first);
  await started.said(/Ctrl-C stops everything/);
  const next = nextOf(started.output());
  const typed = begin(next.join(' && '));
  const { exit: typedExit, output: typedOutput } = await typed.ended;
  if (typedExit !== 0) proof.say(typedOutput);
  tell(
    `what it says to type next, ${next.length} lines`,
    typedExit,
    'exit 0',
    typedExit === 0 && next.length > 2,
  );
  const exit = await interrupt(started);
  for (const name of ['access', 'alarm', 'revoke', 'rotate', 'closed']) {
    const seen = new RegExp(`^ {2}to ${name} +(-?[\\d.]+) s`, 'm').exec(started.output())?.[1];
    tell(`  to ${name}, s`, seen ?? 'missing', 'printed', seen !== undefined);
  }
  const left = await ground.left();
  for (const each of left) proof.say(`left running: ${asLine(each)}`);
  tell(`${first}, then Ctrl-C`, exit, 'exit 0, nothing left', exit === 0 && left.length === 0);

  // A terminal, for it asks; -e gives the command's own exit code.
  const asking = ground.begin({ at: clone, before, env, command: ['script', '-qec', reset, '/dev/null'] });
  await asking.said(/Type yes: /);
  asking.type('yes\n');
  await asking.said(/deleted all that was in/);
  asking.type('\u0003');
  const { exit: resetExit } = await asking.ended;
  const after = await ground.left();
  tell(`${reset}, yes, Ctrl-C`, resetExit, 'exit 130, nothing left', resetExit === 130 && after.length === 0);

  const ci = await readFile(join(repository, '.ci', 'run'), 'utf8');
  const runs = tests.split(' && ').every((each) => ci.split('\n').some((line) => line.startsWith(each)));
  tell(tests, runs ? '.ci/run' : 'nowhere', 'run there, not here: half an hour', runs);
};

/** What the README says to type, typed: by a new user, from a fresh clone, with nothing cached. */
export const proveReadme = async (proof: Proof): Promise<void> => {
  const ground = await makeGround(proof);
  try {
    await follow(proof, ground);
  } finally {
    // What Go fetched is not writable, even for its owner.
    spawnSync('chmod', ['-R', 'u+w', ground.folder]);
    await ground.remove();
  }
};
