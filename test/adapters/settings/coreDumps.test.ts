import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refuseCoreDumps } from '../../../adapters/settings/coreDumps.ts';

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax core file size        ${soft}              unlimited            bytes\n`;
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What a process says that is started with core dumps on. */
const started = (process_: string): string => {
  const script = 'ulimit -c 1; exec "$@"';
  const program = [process.execPath, '--import', 'tsx', `${process_}/main.ts`];
  return spawnSync('sh', ['-c', script, 'sh', ...program], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
  }).stderr;
};

describe('core dumps', () => {
  it.each(['unlimited', '1048576'])('could be left with a limit of %s: refused, and what to set', (soft) => {
    expect(() => {
      refuseCoreDumps(() => limits(soft));
    }).toThrow(/limit .*: start it with ulimit -c 0, or LimitCORE=0/);
  });

  it('are off with a limit of 0; where nobody can be asked, the process starts', () => {
    expect(() => {
      refuseCoreDumps(() => limits('0'));
      refuseCoreDumps(() => null);
    }).not.toThrow();
  });

  it.each(['worker', 'sentinel', 'api'])('the %s does not start with them on', (name) => {
    expect(started(name)).toContain('could leave a core dump');
  });
});
