import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WRONG_SETTINGS } from '../../adapters/settings/run.ts';
import { recipes } from '../../dev/build/recipes.ts';
import { root } from '../docs/markdown.ts';

const folder = join(root, 'deploy/systemd');
const units = readdirSync(folder);
const read = (unit: string): string => readFileSync(join(folder, unit), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'breakglass-units-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const analyze = (...args: readonly string[]) =>
  spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 60_000 });
const missing = analyze('--version').error === undefined ? null : 'systemd-analyze is not on this machine';

/** What `systemd-analyze verify` says of a unit, on a machine where Node.js may lie elsewhere. */
const verify = (unit: string, text: string): string => {
  const file = join(scratch, unit);
  writeFileSync(file, text.replace('/usr/bin/node', process.execPath));
  const { stdout, stderr, status } = analyze('verify', '--man=no', file);
  return `${stdout}${stderr}${status === 0 ? '' : `ended with ${String(status)}`}`.replaceAll(scratch, '');
};

// The first look of systemd-analyze at a busy machine takes seconds.
describe('deploy/systemd', { timeout: 120_000 }, () => {
  it('has a unit for each process', () => {
    expect(units.toSorted()).toEqual(
      ['api', 'sentinel', 'worker'].map((name) => `breakglass-${name}.service`),
    );
  });

  it.for(units)('%s: systemd finds nothing wrong with it, and little exposed', (unit, context) => {
    if (missing !== null) return context.skip(missing);
    expect(verify(unit, read(unit))).toBe('');
    const { stdout, status } = analyze('security', '--offline=true', '--threshold=20', join(folder, unit));
    expect(stdout).toMatch(/Overall exposure level .*: 1\.\d OK/);
    expect(status).toBe(0);
  });

  it('a misspelt setting, a wrong value and a program that is not there would be found', (context) => {
    if (missing !== null) return context.skip(missing);
    const unit = 'breakglass-worker.service';
    const text = read(unit);
    for (const [what, by, said] of [
      ['RestartSec=', 'RestartSek=', 'RestartSek'],
      ['LimitCORE=0', 'LimitCORE=none at all', 'none at all'],
      ['/usr/bin/node', '/nowhere/node', '/nowhere/node'],
    ] as const) {
      expect(text).toContain(what);
      expect(verify(unit, text.replace(what, by))).toContain(said);
    }
  });

  it.each(units)(
    '%s: runs what is built, by its own user, hides the others’ secrets, ends on wrong settings',
    (unit) => {
      const name = /^breakglass-(\w+)\.service$/.exec(unit)?.[1] ?? '';
      const settings = new Map(
        read(unit)
          .split('\n')
          .filter((line) => /^\w+=/.test(line))
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
      );
      expect(settings.get('User')).toBe(`breakglass-${name}`);
      const target = /dist\/(\S+)$/.exec(settings.get('ExecStart') ?? '')?.[1];
      expect(Object.values(recipes).map((each) => each.target)).toContain(target);
      expect(target).toBe(`${name}.mjs`);
      expect(settings.get('LimitCORE')).toBe('0');
      expect(settings.get('RestartPreventExitStatus')).toBe(String(WRONG_SETTINGS));
      for (const other of ['worker', 'sentinel', 'api'].filter((each) => each !== name))
        expect(settings.get('InaccessiblePaths')).toContain(`-/etc/breakglass/${other}`);
      expect(read(unit)).toContain(`BREAKGLASS_SETTINGS=/etc/breakglass/${name}/settings.json`);
    },
  );
});
