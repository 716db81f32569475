import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { build } from '../../dev/build.ts';

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** A small project with the files given, below a folder that goes away after the test. */
async function project(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'breakglass-build-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await symlink(packages, join(root, 'node_modules'));
  for (const [path, text] of Object.entries(files)) await write(root, path, text);
  return root;
}

async function write(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const outcomes = async (root: string): Promise<Record<string, string>> =>
  Object.fromEntries((await build({ root })).map(({ output, outcome }) => [output, outcome]));

const small = {
  'api/main.ts': `import { word } from '../core/word.ts';\nconsole.log(word);\n`,
  'core/word.ts': `export const word: string = 'glass';\n`,
  'client/cli/main.ts': `console.log('cli', process.argv.length);\n`,
  'adapters/postgres/migrations/0001-first.sql': 'select 1;\n',
};

describe('build', () => {
  it('makes what has a source and says what has none', async () => {
    const root = await project(small);

    expect(await outcomes(root)).toEqual({
      api: 'built',
      breakglass: 'built',
      migrations: 'built',
      worker: 'absent',
      sentinel: 'absent',
      'payload-keys': 'absent',
      database: 'absent',
      'workflow-bundle': 'absent',
      'failure-converter': 'absent',
    });
    expect(await readFile(join(root, 'dist/migrations/0001-first.sql'), 'utf8')).toBe('select 1;\n');
  });

  it('makes a command that runs by its own name', async () => {
    const root = await project(small);
    await build({ root, only: ['breakglass'] });

    const { stdout } = await promisify(execFile)(join(root, 'dist/breakglass.mjs'), ['one']);

    expect(stdout).toBe('cli 3\n');
  });

  it('makes again only what a change concerns', async () => {
    const root = await project(small);
    await build({ root });
    expect(await outcomes(root)).toMatchObject({
      api: 'unchanged',
      breakglass: 'unchanged',
      migrations: 'unchanged',
    });

    await write(root, 'core/word.ts', `export const word: string = 'hammer';\n`);
    expect(await outcomes(root)).toMatchObject({
      api: 'built',
      breakglass: 'unchanged',
      migrations: 'unchanged',
    });
    expect(await readFile(join(root, 'dist/api.mjs'), 'utf8')).toContain('hammer');

    await write(root, 'adapters/postgres/migrations/0002-next.sql', 'select 2;\n');
    expect(await outcomes(root)).toMatchObject({ api: 'unchanged', migrations: 'built' });

    await rm(join(root, 'dist/breakglass.mjs'));
    expect(await outcomes(root)).toMatchObject({ api: 'unchanged', breakglass: 'built' });
  });

  it('refuses an output asked for by name that has no source', async () => {
    const root = await project(small);

    await expect(build({ root, only: ['worker'] })).rejects.toThrow('cannot build worker: no worker/main.ts');
  });

  it('keeps the output of before when a source does not build', async () => {
    const root = await project(small);
    await build({ root });
    await write(root, 'api/main.ts', 'const = ;\n');

    await expect(build({ root })).rejects.toThrow('api/main.ts:1');

    expect(await readFile(join(root, 'dist/api.mjs'), 'utf8')).toContain('glass');
    expect((await build({ root, only: ['breakglass'] })).map(({ outcome }) => outcome)).toEqual([
      'unchanged',
    ]);
  });

  it('bundles workflows whose imports name .ts files', { timeout: 60_000 }, async () => {
    const root = await project({
      'workflows/index.ts': `export { planted } from './planted.ts';\n`,
      'workflows/planted.ts': `export async function planted(): Promise<string> {\n  return 'planted-answer';\n}\n`,
    });

    await build({ root, only: ['workflow-bundle'] });

    expect(await readFile(join(root, 'dist/workflow-bundle.js'), 'utf8')).toContain('planted-answer');
  });

  it('refuses a workflow that reaches outside the sandbox', { timeout: 60_000 }, async () => {
    const root = await project({
      'workflows/index.ts': `import { readFileSync } from 'node:fs';\nexport const planted = () => readFileSync;\n`,
    });

    await expect(build({ root, only: ['workflow-bundle'] })).rejects.toThrow('ERROR in node:fs');
  });
});
