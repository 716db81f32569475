/** Programs of dist/, and the commands of a document, run as an operator would. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { blocksOf } from '../../../test/docs/markdown.ts';
import { repository } from './tries.ts';

/** How a command ended, within a minute. */
interface Outcome {
  readonly exit: number | null;
  /** On stdout and stderr. */
  readonly said: string;
}

const run = (line: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn('sh', ['-ec', `ulimit -c 0\n${line}`], { env, cwd, timeout: 60_000 });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (exit) => {
      resolve({ exit, said });
    });
  });

/** A process of ours, started with other settings: one that is to end by itself. */
export const runProcess = (name: string, settingsFile: string): Promise<Outcome> =>
  run(
    `exec '${process.execPath}' '${join(repository, 'dist', `${name}.mjs`)}'`,
    { PATH: process.env['PATH'], BREAKGLASS_SETTINGS: settingsFile },
    repository,
  );

/** Where the commands of `docs/operating.md` are run here. */
export interface Operator {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** What stands for `/etc/breakglass/worker/settings.json`. */
  readonly workerSettings: string;
}

/**
 * The block of commands of `docs/operating.md` that begins with these words, run as it stands, but for the paths
 * of this machine.
 *
 * @throws Error when there is no such block, or a command of it fails
 */
export const runDocumented = async (
  begins: string,
  { env, cwd, workerSettings }: Operator,
): Promise<void> => {
  const all = blocksOf('docs/operating.md').map(({ lines }) => lines.join('\n'));
  const [block, ...more] = all.filter((text) => text.startsWith(begins));
  if (block === undefined || more.length > 0)
    throw new Error(`${all.length} blocks, not one begins with ${begins}`);
  const line = block
    .replaceAll('/etc/breakglass/worker/settings.json', `'${workerSettings}'`)
    .replaceAll('node dist/', `'${process.execPath}' '${repository}'/dist/`);
  const { exit, said } = await run(line, env, cwd);
  if (exit !== 0) throw new Error(`${line}\nended with ${exit ?? 'a signal'}: ${said}`);
};
