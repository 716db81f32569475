/** A payload key retired under an account and a case that go on, on a real server. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKeyRing, type KeyRing } from '../../adapters/temporal/keyRing.ts';
import { payloadKeys } from '../../client/payloadKeys/command.ts';
import type { CaseId } from '../../core/contracts/ids.ts';
import { renew, taskQueue, view, wake } from '../../core/contracts/temporal.ts';
import { createHarness, manyEvents, type Harness } from './harness.ts';
import { approve, ask, claim, endAndRotate, eventually, provision, release, settle } from './steps.ts';

let h: Harness;
let folder: string;
let file: string;
let ring: KeyRing & { current: string; keys: KeyRing['keys'] };
const settings = (): string => join(folder, 'settings.json');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-renewed-'));
  file = join(folder, 'keys.json');
  const keys = { a: randomBytes(32).toString('base64') };
  await writeFile(file, JSON.stringify({ current: 'a', keys }), { mode: 0o400 });
  ring = { ...loadKeyRing(file) };
  h = await createHarness(manyEvents, ring);
  const nowhere = 'http://127.0.0.1:1';
  await writeFile(
    settings(),
    JSON.stringify({
      ...{ configDir: folder, configPin: 'a'.repeat(64), secretsDir: folder, payloadKeyFile: file },
      temporal: { address: h.env.address },
      postgres: { host: '127.0.0.1', port: 1, database: 'none', user: 'none', passwordFile: file },
      kratos: { publicUrl: nowhere, adminUrl: nowhere },
    }),
  );
  await provision(h);
});
afterAll(async () => {
  await h.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = async (...args: string[]): Promise<{ exit: number; said: string }> => {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const exit = await payloadKeys(args, { BREAKGLASS_SETTINGS: settings() }, say, say);
  return { exit, said: said.join('\n') };
};
/** Every process gets the file and is restarted. */
const handOut = async (): Promise<void> => {
  Object.assign(ring, loadKeyRing(file));
  await h.restart();
};
const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`it never came to this: ${what}`);
};
const accountWorkflow = (): string => `account/${h.account}`;
const viewed = (id: string): Promise<unknown> => h.client.raw.workflow.getHandle(id).query(view);
const runOf = async (id: string): Promise<string> =>
  (await h.client.raw.workflow.getHandle(id).describe()).runId;

/** What the namespace's retention does in its time. */
const deleteClosed = async (): Promise<void> => {
  for await (const { workflowId, runId } of h.client.raw.workflow.list({
    query: "ExecutionStatus != 'Running'",
  }))
    await h.env.connection.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
    });
};

describe('a payload key', () => {
  let id: CaseId;
  beforeAll(async () => {
    id = await ask(h);
    await approve(h, id);
  });

  it('is not retired while an open account and case need it', async () => {
    await run('add', 'b');
    await handOut();
    await run('use', 'b');
    await handOut();
    await until('both are listed', async () => (await run('list')).said.includes('3 histories (2 open)'));
    const refused = await run('retire', 'a');
    expect(refused.exit).toBe(3);
    for (const each of [accountWorkflow(), id]) expect(refused.said).toContain(each);
    expect([...loadKeyRing(file).keys.keys()]).toEqual(['a', 'b']);
  });

  it('is left behind by both, which go on in a new run where they were', async () => {
    const before = await Promise.all([accountWorkflow(), id].map(runOf));
    expect((await run('renew')).said.split('\n').slice(0, 2).toSorted()).toEqual(
      [accountWorkflow(), id].map((each) => `asked ${each} for a new run`).toSorted(),
    );
    await until('nothing open needs it', async () =>
      (await run('list')).said.includes('a\tdecrypts\t3 histories (0 open)'),
    );
    const now = await Promise.all([accountWorkflow(), id].map(runOf));
    expect(now.map((each, n) => each === before[n])).toEqual([false, false]);
    expect(await viewed(accountWorkflow())).toEqual(h.accountState());
    expect(await viewed(id)).toEqual(h.caseState(id));
    // Their earlier runs are closed, and still cannot be read without it.
    expect((await run('retire', 'a')).said).toContain('3 histories (0 open)');
  });

  it('is retired once retention has taken the closed runs; both answer and go on without it', async () => {
    await deleteClosed();
    await until('it is retired', async () => (await run('retire', 'a')).exit === 0);
    await handOut();
    expect([...ring.keys.keys()]).toEqual(['b']);
    expect(await viewed(accountWorkflow())).toEqual(h.accountState());
    expect(await viewed(id)).toEqual(h.caseState(id));
    await release(h, id);
    const session = await claim(h, id);
    await endAndRotate(h, id);
    await settle(h, id, session);
    await h.client.raw.workflow.getHandle(id).result();
    expect(h.caseState(id).phase).toBe('closed');
    await eventually('the account is free', () => h.accountState().openCase === null);
    expect((await run('list')).said).not.toMatch(/^a\t/m);
  });
});

describe('plaintext', () => {
  const bare = (): Client['workflow'] => new Client({ connection: h.env.connection }).workflow;
  const account = 'other';

  it.each([
    ['account', `account/${account}`, { account }],
    ['account', `account/${account}`, { account, carried: { state: { account }, seq: 0 } }],
    ['breakGlassCase', `case/${account}/2026-11-21-01`, { case: `case/${account}/2026-11-21-01`, account }],
    [
      'rotation',
      `rotation/${account}/2026-11-21-01`,
      { rotation: `rotation/${account}/2026-11-21-01`, account },
    ],
  ])('starts no workflow %s', async (type, workflowId, input) => {
    const rows = h.ledger.rows.length;
    const started = await bare().start(type, { workflowId, taskQueue, args: [input] });
    const failure: unknown = await h.client.raw.workflow
      .getHandle(started.workflowId)
      .result()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(failure).toMatchObject({ cause: { type: 'WrongInput' } });
    expect(h.ledger.rows).toHaveLength(rows);
  });

  it('in a signal, or a signal with start, tells nothing: whatever it says, the ledger is read', async () => {
    const id = accountWorkflow();
    const rows = h.ledger.rows.length;
    const forged = { account: h.account, carried: { state: { account: h.account }, seq: 0 } };
    for (const signal of [wake, renew]) {
      const before = await runOf(id);
      await bare().getHandle(id).signal(signal.name, { says: 'the account is free' });
      const options = {
        workflowId: id,
        taskQueue,
        args: [forged],
        signal: signal.name,
        signalArgs: [forged],
      };
      await bare().signalWithStart('account', options);
      if (signal === renew) await until('a new run', async () => (await runOf(id)) !== before);
      expect(await viewed(id)).toEqual(h.accountState());
    }
    expect(h.ledger.rows).toHaveLength(rows);
  });
});
