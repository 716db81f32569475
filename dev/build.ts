/** `npm run build [OUTPUT…]`: makes `dist/`, each output only when one of its own sources has changed. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { absent, digestOf, digestOfAll, haveChangedSince, replaceFile } from './build/files.ts';
import { recipes, type Output } from './build/recipes.ts';
import { withLock } from './cache.ts';

/** A source that does not exist yet is `absent`, unless its output was asked for by name. */
export interface Built {
  readonly output: Output;
  /** Absolute path of the file or folder. */
  readonly path: string;
  readonly outcome: 'built' | 'unchanged' | 'absent';
}

const here = fileURLToPath(import.meta.url);
/** A change of how things are made makes them out of date too. */
const recipeFiles = [here, fileURLToPath(new URL('build/recipes.ts', import.meta.url))];

/** Every output, in the order in which they are built. */
export const outputs = Object.keys(recipes) as readonly Output[];

/**
 * Makes what is out of date in `dist/`. Safe when called by several processes at once.
 *
 * @param options.only - outputs to make; one whose source does not exist is then an error
 * @param options.root - the repository; the one this file lies in when left out
 * @param options.dist - the folder to make, below `root` unless absolute; `dist` when left out
 * @param options.progress - told in one line of each output that was made
 * @throws when a source does not build, or one asked for by name does not exist
 */
export async function build(
  options: {
    readonly only?: readonly Output[];
    readonly root?: string;
    readonly dist?: string;
    readonly progress?: (line: string) => void;
  } = {},
): Promise<readonly Built[]> {
  const { only, root = dirname(dirname(here)), progress = () => undefined } = options;
  const dist = resolve(root, options.dist ?? 'dist');
  const stamps = join(dist, '.build');
  await mkdir(stamps, { recursive: true });
  const makeAll = async (): Promise<readonly Built[]> => {
    const made: Built[] = [];
    for (const output of only ?? outputs) made.push(await buildOne(output, root, dist, stamps, progress));
    const missing = made.filter(({ outcome }) => outcome === 'absent').map(({ output }) => output);
    if (only !== undefined && missing.length > 0)
      throw new Error(missing.map((each) => `cannot build ${each}: no ${recipes[each].source}`).join('; '));
    return made;
  };
  return withLock(stamps, 'lock', makeAll, progress);
}

/** What an output was made from: file → digest, and the digest of everything else that counts. */
const stampSchema = z.strictObject({ setting: z.string(), inputs: z.record(z.string(), z.string()) });

async function buildOne(
  output: Output,
  root: string,
  dist: string,
  stamps: string,
  progress: (line: string) => void,
): Promise<Built> {
  const { source, target, make } = recipes[output];
  const path = join(dist, target);
  const stampFile = join(stamps, `${output}.json`);
  if ((await digestOf(join(root, source))) === absent) return { output, path, outcome: 'absent' };
  const setting = await digestOfAll(root, [...recipeFiles, 'package-lock.json', 'tsconfig.json']);
  if (await isCurrent(root, path, stampFile, JSON.stringify(setting)))
    return { output, path, outcome: 'unchanged' };

  const startedAt = Date.now();
  // Without its stamp a half-made output is made again.
  await rm(stampFile, { force: true });
  const sources = await make(root, source, path);
  const inputs = await digestOfAll(root, sources);
  // A source changed meanwhile may be in the output or not: leave no stamp, so that the next build settles it.
  if (!(await haveChangedSince(root, sources, startedAt)))
    await replaceFile(stampFile, JSON.stringify({ setting: JSON.stringify(setting), inputs }));
  progress(`built ${relative(root, path)} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return { output, path, outcome: 'built' };
}

async function isCurrent(root: string, path: string, stampFile: string, setting: string): Promise<boolean> {
  if ((await digestOf(path)) === absent) return false;
  const text = await readFile(stampFile, 'utf8').catch(() => '');
  if (text === '') return false;
  const stamp = stampSchema.safeParse(JSON.parse(text));
  if (!stamp.success || stamp.data.setting !== setting) return false;
  const now = await digestOfAll(root, Object.keys(stamp.data.inputs));
  return Object.entries(stamp.data.inputs).every(([input, digest]) => now[input] === digest);
}

const isOutput = (name: string): name is Output => Object.hasOwn(recipes, name);

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !isOutput(name));
  if (unknown.length > 0) throw new Error(`no output ${unknown.join(', ')}; there are ${outputs.join(', ')}`);
  const only = names.filter(isOutput);
  const made = await build({ ...(only.length > 0 ? { only } : {}), progress: (line) => console.log(line) });
  for (const { output, outcome } of made)
    if (outcome === 'absent') console.log(`left out ${output}: no ${recipes[output].source}`);
  const unchanged = made.filter(({ outcome }) => outcome === 'unchanged').map(({ output }) => output);
  if (unchanged.length > 0) console.log(`unchanged: ${unchanged.join(', ')}`);
}

if (process.argv[1] === here)
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
