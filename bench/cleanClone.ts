import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Proof } from './figure.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Ran {
  readonly exit: number;
  readonly output: string;
}

const run = (
  command: string,
  args: readonly string[],
  cwd: string,
  say: (line: string) => void,
  env = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (piece: Buffer): void => {
      output += piece.toString('utf8');
      for (const line of piece.toString('utf8').split('\n')) if (line.trim() !== '') say(`  ${line}`);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ exit: code ?? 1, output });
    });
  });

const times = ['access', 'alarm', 'revoke', 'rotate', 'closed'] as const;

/** `npm ci && npm start -- --once` in a clean clone of what is committed: exit 0, five times printed. */
export const cleanClone = async ({ report, say }: Proof): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-clone-'));
  const clone = join(folder, 'clone');
  try {
    await run('git', ['clone', '--quiet', root, clone], folder, say);
    const installed = await run('npm', ['ci'], clone, say);
    const env = { BREAKGLASS_STATE: join(folder, 'state') };
    const started =
      installed.exit === 0
        ? await run('npm', ['start', '--', '--once'], clone, say, env)
        : { exit: 1, output: '' };
    const figure = 'npm ci && npm start -- --once, clean clone';
    report({
      figure,
      value: started.exit,
      unit: 'exit',
      bare: null,
      floor: 'exit 0',
      ok: started.exit === 0,
    });
    for (const name of times) {
      const seen = new RegExp(`^\\s+to ${name}\\s+(-?[\\d.]+) s`, 'm').exec(started.output)?.[1];
      const value = seen === undefined ? 'missing' : Number(seen);
      report({
        figure: `  to ${name}`,
        value,
        unit: 's',
        bare: null,
        floor: 'printed',
        ok: seen !== undefined,
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
