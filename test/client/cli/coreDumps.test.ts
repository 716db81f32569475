import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const module_ = fileURLToPath(new URL('../../../client/cli/coreDumps.ts', import.meta.url));

/** Runs in a process that starts with core dumps on; prints what came of them, and a child's own limit. */
const program = `
  import { execFileSync } from 'node:child_process';
  import { endCoreDumps } from ${JSON.stringify(module_)};
  const isOff = endCoreDumps();
  console.log(isOff, execFileSync('/bin/sh', ['-c', 'ulimit -c']).toString().trim());`;

const run = (path: string | undefined) => {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
  const { stdout } = spawnSync('/bin/sh', ['-c', 'ulimit -c 1; exec "$@"', 'sh', ...node], {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    env: { PATH: path },
    encoding: 'utf8',
  });
  return stdout.trim();
};

describe('core dumps', () => {
  it('are ended by the command line itself, for whatever it starts too', () => {
    expect(run(process.env['PATH'])).toBe('true 0');
  });

  it('stay on where nothing can end them, and that is told', () => {
    expect(run('/nowhere')).toMatch(/^false [1-9]/);
  });
});
