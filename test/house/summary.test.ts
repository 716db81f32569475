import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Runs vitest over one planted file; gives its exit code and the last line of its stdout. */
async function run(planted: string, ...args: string[]): Promise<{ code: number; last: string | undefined }> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-summary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = { test: { globals: true, reporters: ['default', file('test/support/reporter.ts')] } };
  await writeFile(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};\n`);
  await writeFile(join(folder, 'planted.test.mjs'), planted);
  const command = [
    file('node_modules/vitest/vitest.mjs'),
    'run',
    '--allowOnly=false',
    '--root',
    folder,
    ...args,
  ];
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' };
    const child = execFile(process.execPath, command, { cwd: folder, env }, (_error, stdout) =>
      resolve({ code: child.exitCode ?? -1, last: stdout.trimEnd().split('\n').at(-1) }),
    );
  });
}

describe('the last line of a run', () => {
  it.each([
    ['passes', `it('a', () => {}); it('b', () => {});`, { code: 0, last: '2 passed, 0 failed' }],
    [
      'a failure',
      `it('a', () => {}); it('b', () => { throw new Error('no'); });`,
      { code: 1, last: '1 passed, 1 failed' },
    ],
    [
      'a skip with its reason',
      `it('a', () => {}); it('b', (t) => t.skip('no printer'));`,
      { code: 0, last: '1 passed, 0 failed, 1 skipped' },
    ],
    [
      'a skip without a reason',
      `it('a', () => {}); it.skip('b', () => {});`,
      { code: 1, last: '1 passed, 1 failed' },
    ],
    [
      'a test still to be written',
      `it('a', () => {}); it.todo('b');`,
      { code: 1, last: '1 passed, 1 failed' },
    ],
    [
      'a test that shuts the others out',
      `it('a', () => {}); it.only('b', () => {});`,
      { code: 1, last: expect.stringMatching(/[1-9] failed$/) as string },
    ],
    [
      'a file that does not load',
      `import './missing.mjs'; it('a', () => {});`,
      { code: 1, last: '0 passed, 1 failed' },
    ],
    [
      'a hook that breaks',
      `beforeAll(() => { throw new Error('no'); }); it('a', () => {});`,
      { code: 1, last: '0 passed, 2 failed' },
    ],
    [
      'an error outside every test',
      `it('a', async () => { void Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 50)); });`,
      { code: 1, last: '1 passed, 1 failed' },
    ],
    [
      'no test at all, which vitest also calls an error',
      `describe('nothing', () => {});`,
      { code: 1, last: '0 passed, 2 failed' },
    ],
  ])('counts %s', { timeout: 60_000 }, async (_, planted, expected) => {
    expect(await run(planted)).toEqual(expected);
  });

  it('leaves out what a name filter leaves out', { timeout: 60_000 }, async () => {
    const planted = `it('a', () => {}); it('b', () => { throw new Error('no'); });`;
    expect(await run(planted, '-t', 'a')).toEqual({ code: 0, last: '1 passed, 0 failed' });
  });
});
