import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lints a planted source as if it lay at a path; the syntactic rules only, which need no such file to exist. */
let lintAt: (path: string, source: string) => Promise<readonly string[]>;

beforeAll(() => {
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: [
      {
        files: ['**/*.ts'],
        ...tseslint.configs.disableTypeChecked,
        languageOptions: { parserOptions: { projectService: false, program: null } },
      },
    ],
  });
  lintAt = async (path, source) => {
    const [result] = await eslint.lintText(`${source}\n`, { filePath: `${root}${path}` });
    if (result === undefined) throw new Error(`${path} is not linted at all`);
    return result.messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`);
  };
});

const table = (what: string): unknown =>
  expect.stringMatching(new RegExp(`^house/rooms: .*may not import ${what}`));

describe('the import table', () => {
  it.each([
    [
      'core/contracts/x.ts',
      `import { evolve } from '../rules/case/evolve.ts';`,
      'core/rules, except by import type',
    ],
    [
      'core/contracts/x.ts',
      `import { proxyActivities } from '@temporalio/workflow';`,
      'proxyActivities from',
    ],
    [
      'core/contracts/x.ts',
      `import * as temporal from '@temporalio/workflow';`,
      '\\* from @temporalio/workflow',
    ],
    ['core/contracts/x.ts', `import { createHash } from 'node:crypto';`, 'node:crypto'],
    ['core/rules/x.ts', `import { createHash } from 'node:crypto';`, 'node:crypto'],
    ['core/rules/case/x.ts', `import { z } from 'zod';`, 'zod'],
    ['core/rules/case/x.ts', `import type { Chain } from '../../evidence/chain.ts';`, 'core/evidence'],
    ['core/trust/x.ts', `import { readFile } from 'node:fs/promises';`, 'node:fs/promises'],
    ['core/trust/x.ts', `import { z } from 'zod';`, 'z from zod'],
    ['core/custody/x.ts', `import { verify } from '../trust/sshsig.ts';`, 'core/trust'],
    ['core/evidence/x.ts', `import pg from 'pg';`, 'pg'],
    ['workflows/x.ts', `import { createActivities } from '../activities/index.ts';`, 'activities, except by'],
    ['workflows/x.ts', `import { verify } from '../core/trust/sshsig.ts';`, 'core/trust'],
    ['workflows/x.ts', `import { Client } from '@temporalio/client';`, '@temporalio/client'],
    ['workflows/x.ts', `import path from 'path';`, 'path'],
    ['activities/x.ts', `import { main } from '../worker/main.ts';`, 'worker'],
    ['activities/x.ts', `import pg from 'pg';`, 'pg'],
    ['adapters/kratos/x.ts', `import pg from 'pg';`, 'pg'],
    ['adapters/kratos/x.ts', `import { createLedger } from '../postgres/ledger.ts';`, 'adapters/postgres'],
    ['adapters/postgres/x.ts', `import { quorum } from '../../core/rules/quorum.ts';`, 'core/rules'],
    ['adapters/ssh/x.ts', `import { id } from '../../core/contracts/ids.ts';`, 'core/contracts'],
    ['adapters/new/x.ts', `import { startTemporal } from '../../dev/servers/temporal.ts';`, 'dev'],
    ['worker/x.ts', `import { app } from '../api/app.ts';`, 'api'],
    ['worker/x.ts', `import { plant } from '../test/support/plant.ts';`, 'test'],
    ['sentinel/x.ts', `import { accountWorkflow } from '../workflows/account.ts';`, 'workflows'],
    ['client/x.ts', `import { createLedger } from '../adapters/postgres/ledger.ts';`, 'adapters/postgres'],
    ['client/cli/x.ts', `import { createBreakglassClient } from '../temporal.ts';`, 'client'],
    ['client/cli/x.ts', `import { Client } from '@temporalio/client';`, '@temporalio/client'],
    ['client/cli/x.ts', `import lock from '../../package-lock.json';`, 'package-lock.json'],
    ['client/x.ts', `import manifest from '../package.json';`, 'package.json'],
    ['api/x.ts', `import { createActivities } from '../activities/index.ts';`, 'activities'],
    ['api/x.ts', `import { NativeConnection } from '@temporalio/worker';`, '@temporalio/worker'],
  ])('bites in %s on %s', async (path, source, what) => {
    expect(await lintAt(path, source)).toContainEqual(table(what));
  });

  it.each([
    ['a re-export', `export * from '../../dev/ports.ts';`],
    ['a re-export by name', `export { freePort } from '../../dev/ports.ts';`],
    ['a dynamic import', `export const load = () => import('../../dev/ports.ts');`],
    ['a type import', `import type { Port } from '../../dev/ports.ts';`],
    ['an import type', `export type Port = import('../../dev/ports.ts').Port;`],
    ['a require', `export const ports: unknown = require('../../dev/ports.ts');`],
    ['an inline type import, which still runs the module', `import { type Port } from '../../dev/ports.ts';`],
  ])('sees %s', async (_, source) => {
    expect(await lintAt('adapters/new/x.ts', source)).toContainEqual(table('dev'));
  });

  it.each([
    ['core/contracts/x.ts', `import { defineUpdate } from '@temporalio/workflow';`],
    ['core/rules/case/x.ts', `import { ids } from '../../contracts/ids.ts';`],
    ['core/trust/x.ts', `import { parseDocument } from 'yaml';`],
    ['core/custody/x.ts', `import { createHash } from 'node:crypto';`],
    ['core/evidence/x.ts', `import { canonical } from '../contracts/canonical.ts';`],
    ['workflows/x.ts', `import type { Activities } from '../activities/index.ts';`],
    ['activities/x.ts', `import { createLedger } from '../adapters/postgres/ledger.ts';`],
    ['adapters/postgres/x.ts', `import pg from 'pg';`],
    ['adapters/ssh/x.ts', `import { spawn } from 'node:child_process';`],
    ['worker/x.ts', `import { Worker } from '@temporalio/worker';`],
    ['sentinel/x.ts', `import { createBreakglassClient } from '../client/temporal.ts';`],
    ['client/x.ts', `import { Client } from '@temporalio/client';`],
    ['client/cli/x.ts', `import { Command } from 'commander';`],
    ['api/x.ts', `import { Hono } from 'hono';`],
    ['dev/x.ts', `import { main } from '../worker/main.ts';`],
  ])('lets %s say %s', async (path, source) => {
    expect((await lintAt(path, source)).filter((each) => each.startsWith('house/'))).toEqual([]);
  });

  it('has no file outside its rooms', async () => {
    expect(await lintAt('helpers/x.ts', `import pg from 'pg';`)).toContainEqual(
      expect.stringContaining('this file lies in no room'),
    );
  });

  it('follows no computed import where code ships', async () => {
    const source = 'export const load = (name: string) => import(name);';
    expect(await lintAt('worker/x.ts', source)).toContainEqual(
      expect.stringContaining('name the module outright'),
    );
    expect(await lintAt('dev/x.ts', source)).toEqual([]);
  });
});

describe('the other house rules', () => {
  it.each([
    ['core/rules/x.ts', 'export const at = new Date();', 'take the time as an argument'],
    ['core/rules/x.ts', 'export const at = Date.now();', 'take the time as an argument'],
    ['core/rules/x.ts', 'export const n = Math.random();', 'Math.random'],
    ['core/rules/x.ts', 'setTimeout(() => undefined, 1);', 'setTimeout'],
    ['core/rules/x.ts', `export const home = process.env['HOME'];`, 'process'],
    ['workflows/x.ts', `export const home = process.env['HOME'];`, 'process'],
    ['worker/x.ts', 'export const n = Math.random();', 'Math.random'],
    ['worker/x.ts', `console.log('x');`, 'console'],
    ['core/rules/x.ts', `export * from './case';`, 'has no extension'],
    ['api/x.ts', 'export const x: any = 1;', 'no-explicit-any'],
    ['api/x.ts', 'export const f = (x?: string): string => x!;', 'no-non-null-assertion'],
  ])('refuse in %s: %s', async (path, source, why) => {
    expect(await lintAt(path, source)).toContainEqual(expect.stringContaining(why));
  });

  it('allow a date made of an argument, and the sandbox its own clock', async () => {
    expect(await lintAt('core/rules/x.ts', 'export const at = (text: string) => new Date(text);')).toEqual(
      [],
    );
    expect(await lintAt('workflows/x.ts', 'export const at = () => Date.now();')).toEqual([]);
  });

  it('refuse a promise nobody waits for, by type', async () => {
    // Type information needs a file of the project: this one stands in for any.
    const eslint = new ESLint({ cwd: root });
    const source = 'const later = async (): Promise<void> => {};\nlater();\n';
    const [result] = await eslint.lintText(source, { filePath: `${root}test/house/lint.test.ts` });
    expect(result?.messages.map(({ ruleId }) => ruleId)).toContain('@typescript-eslint/no-floating-promises');
  }, 60_000);
});
