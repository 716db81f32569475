import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureConverterPath } from '../../adapters/temporal/dataConverter.ts';
import { build } from '../../dev/build.ts';
import { readStored, type Stored } from '../support/histories.ts';
import './quiet.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const stored = join(root, 'test', 'histories');
const shapes = ['', 'next-deadline-'];
const names = shapes.flatMap((shape) => ['account', 'case', 'rotation'].map((name) => `${shape}${name}`));

const replay = async (code: string, { workflowId, history }: Stored): Promise<unknown> => {
  const options = { workflowBundle: { code }, dataConverter: { failureConverterPath } };
  for await (const { error } of Worker.runReplayHistories(options, [{ workflowId, history }]))
    return error ?? null;
  throw new Error('nothing was replayed');
};

/** The same workflows with one thing changed that a history in the wild could not know. */
const plantedBundle = async (folder: string): Promise<string> => {
  for (const room of ['workflows', 'core', 'activities', 'adapters'])
    await cp(join(root, room), join(folder, room), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const file of ['account.ts', 'breakGlassCase.ts', 'rotation.ts']) {
    const path = join(folder, 'workflows', file);
    const text = await readFile(path, 'utf8');
    const planted = text.replace(
      /(export async function [^{]+(?:\{[^}]*\}[^{]*)?\{\n)/,
      "$1  await plantedSleep('1 minute');\n",
    );
    if (planted === text) throw new Error(`nothing could be planted in ${file}`);
    await writeFile(path, `import { sleep as plantedSleep } from '@temporalio/workflow';\n${planted}`);
  }
  const workflowsPath = join(folder, 'workflows', 'index.ts');
  return (await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })).code;
};

describe('stored histories', () => {
  const histories = new Map<string, Stored>();
  let code = '';
  let planted = '';
  let folder = '';
  beforeAll(async () => {
    for (const file of (await readdir(stored)).filter((each) => each.endsWith('.json')))
      histories.set(file.replace('.json', ''), readStored(await readFile(join(stored, file), 'utf8')));
    const [built] = await build({ only: ['workflow-bundle'] });
    code = await readFile(built?.path ?? '', 'utf8');
    folder = await mkdtemp(join(tmpdir(), 'breakglass-planted-'));
    planted = await plantedBundle(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const historyOf = (name: string): Stored => {
    const history = histories.get(name);
    if (history === undefined)
      throw new Error(`no history ${name}: node --import tsx test/histories/record.ts SHAPE`);
    return history;
  };

  it.each(names)('%s: replays on today’s code', async (name) => {
    const history = historyOf(name);
    expect(await replay(code, history)).toBeNull();
  });

  it.each(names)('%s: the control, code that does something else first, is found', async (name) => {
    const history = historyOf(name);
    expect(await replay(planted, history)).toBeInstanceOf(DeterminismViolationError);
  });
});
