import { readdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { absent, digestOf, replaceFile } from './files.ts';

/** What `dist/` holds, by the name that {@link build} takes. */
export type Output =
  | 'worker'
  | 'sentinel'
  | 'api'
  | 'breakglass'
  | 'payload-keys'
  | 'database'
  | 'workflow-bundle'
  | 'failure-converter'
  | 'migrations';

/** How one output is made. */
export interface Recipe {
  /** File or folder below the root. */
  readonly source: string;
  /** File or folder below `dist/`. */
  readonly target: string;
  /** Makes the target and gives every path it was made from, below the root. */
  readonly make: (root: string, source: string, target: string) => Promise<readonly string[]>;
}

const failureConverter = 'adapters/temporal/failureConverter.cjs';

/** Every output, in the order in which they are built. */
export const recipes: Readonly<Record<Output, Recipe>> = {
  worker: { source: 'worker/main.ts', target: 'worker.mjs', make: server },
  sentinel: { source: 'sentinel/main.ts', target: 'sentinel.mjs', make: server },
  api: { source: 'api/main.ts', target: 'api.mjs', make: server },
  'payload-keys': { source: 'client/payloadKeys/main.ts', target: 'payload-keys.mjs', make: server },
  database: { source: 'worker/database/main.ts', target: 'database.mjs', make: server },
  breakglass: { source: 'client/cli/main.ts', target: 'breakglass.mjs', make: commandLine },
  'workflow-bundle': { source: 'workflows/index.ts', target: 'workflow-bundle.js', make: workflowBundle },
  // Loaded by its path, so it lies beside the bundles as it lies beside its adapter.
  'failure-converter': { source: failureConverter, target: 'failureConverter.cjs', make: copyFile },
  migrations: { source: 'adapters/postgres/migrations', target: 'migrations', make: copyFolder },
};

/** Packages come from `package-lock.json`, which every stamp covers; only our own sources are listed. */
const ownSources = (inputs: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(inputs).filter((input) => !input.includes('node_modules/') && !input.includes(':'));

async function bundle(
  root: string,
  source: string,
  target: string,
  extra: BuildOptions,
  mode?: number,
): Promise<readonly string[]> {
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'silent',
    ...extra,
    metafile: true,
    write: false,
  });
  for (const file of outputFiles)
    await replaceFile(file.path, file.contents, file.path === target ? mode : undefined);
  return ownSources(metafile.inputs);
}

/** A process run beside `node_modules`: our sources in one file, packages as they are installed. */
function server(root: string, source: string, target: string): Promise<readonly string[]> {
  return bundle(root, source, target, { packages: 'external', sourcemap: 'linked' });
}

/** The command line: one file with everything in it, since each command is a start of its own. */
function commandLine(root: string, source: string, target: string): Promise<readonly string[]> {
  // CommonJS packages within an ES module still call `require` for Node's own modules.
  const require = `import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);`;
  const banner = { js: `#!/usr/bin/env node\n${require}` };
  const extra: BuildOptions = {
    banner,
    external: ['*.node'],
    minifySyntax: true,
    legalComments: 'linked',
  };
  return bundle(root, source, target, extra, 0o755);
}

async function workflowBundle(root: string, source: string, target: string): Promise<readonly string[]> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const converter = join(root, failureConverter);
  const hasConverter = (await digestOf(converter)) !== absent;
  const said: string[] = [];
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, source),
    ...(hasConverter ? { failureConverterPath: converter } : {}),
    logger: new DefaultLogger('WARN', ({ message }) => said.push(message)),
  }).catch((error: unknown) => {
    // The bundler tells its logger what is wrong and throws only that something is.
    const log = said.join('\n');
    const why = log.slice(Math.max(0, log.indexOf('ERROR in')));
    throw new Error(`${source} does not bundle: ${why}`, { cause: error });
  });
  await replaceFile(target, code);
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    packages: 'external',
    platform: 'node',
    logLevel: 'silent',
    metafile: true,
    write: false,
  });
  return [...ownSources(metafile.inputs), failureConverter];
}

async function copyFile(root: string, source: string, target: string): Promise<readonly string[]> {
  await replaceFile(target, await readFile(join(root, source)));
  return [source];
}

async function copyFolder(root: string, source: string, target: string): Promise<readonly string[]> {
  await rm(target, { recursive: true, force: true });
  const files = await readdir(join(root, source), { recursive: true, withFileTypes: true });
  const paths = files.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  for (const path of paths)
    await replaceFile(join(target, relative(join(root, source), path)), await readFile(path));
  return [source, ...paths.map((path) => relative(root, path))];
}
