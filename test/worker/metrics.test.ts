import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { measured, Registry, serveMetrics } from '../../adapters/metrics/index.ts';
import { ChannelError } from '../../adapters/channels/index.ts';
import type { Row, RowDraft, StreamEvent } from '../../core/contracts/ledger.ts';
import { freePorts } from '../../dev/ports.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import * as given from '../support/rules.ts';
import { createWorkerMetrics } from '../../worker/metrics/index.ts';
import { createLedgerMetrics } from '../../worker/metrics/ledger.ts';

const { account, at, theCase, upTo } = given;

const add = async (
  ledger: MemoryLedger,
  events: readonly StreamEvent[],
  action: RowDraft['action'] = 'break_glass_requested',
) =>
  ledger.transact((tx) =>
    tx.append({
      ...{ timestamp: at(0), actor_id: 'alice', actor_role: 'person', action, resource_type: 'account' },
      ...{
        resource_id: account,
        ip_address: null,
        user_agent: null,
        result: 'success',
        case_id: null,
        nonce: null,
      },
      ...{ key: `row ${ledger.rows.length}`, metadata: { events: [...events] } },
    }),
  );

const readerOf = (ledger: MemoryLedger) => ({
  rowsAfter: (seq: number, limit: number): Promise<Row[]> =>
    Promise.resolve(ledger.rows.filter((row) => row.seq > seq).slice(0, limit)),
});

/** A number by its name and labels as they are exposed. */
const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};

const lived = async (): Promise<MemoryLedger> => {
  const ledger = createMemoryLedger();
  await add(
    ledger,
    given.ready.map((event) => ({ account, event })),
  );
  for (const event of upTo('settling')) await add(ledger, [{ case: theCase, event }]);
  return ledger;
};

describe('what the ledger tells as numbers', () => {
  it('is how long each step took', async () => {
    const text = await createLedgerMetrics(readerOf(await lived()), async () => []).expose(
      new Date(at(1_100)),
    );
    const sum = (step: string) =>
      valueOf(text, `breakglass_case_step_seconds_sum{step="${step}",kind="emergency"}`);
    expect([sum('authorised'), sum('released'), sum('revoked'), sum('rotated')]).toEqual([60, 40, 5, 10]);
    // Not yet; but there from the start, so that Prometheus sees it rise.
    expect(sum('closed')).toBe(0);
    expect(valueOf(text, 'breakglass_rotation_seconds_sum')).toBe(10);
  });

  it('is what is owed, and what of it is overdue', async () => {
    const metrics = createLedgerMetrics(readerOf(await lived()), async () => []);
    const of = (text: string, state: string) =>
      valueOf(text, `breakglass_obligations{kind="post-mortem",state="${state}"}`);
    const early = await metrics.expose(new Date(at(1_100)));
    expect([of(early, 'owed'), of(early, 'overdue')]).toEqual([1, undefined]);
    const late = await metrics.expose(new Date(at(1_000 + 49 * 3_600)));
    expect([of(late, 'owed'), of(late, 'overdue')]).toEqual([1, 1]);
  });

  it('counts the same after a restart, and nothing twice', async () => {
    const ledger = await lived();
    const before = createLedgerMetrics(readerOf(ledger), async () => []);
    const first = await before.expose(new Date(at(1_100)));
    expect(await before.expose(new Date(at(1_100)))).toBe(first);
    expect(await createLedgerMetrics(readerOf(ledger), async () => []).expose(new Date(at(1_100)))).toBe(
      first,
    );
    expect(valueOf(first, 'breakglass_refused_total{by="machine"}')).toBe(0);
    await add(ledger, [], 'break_glass_machine_refused');
    const after = await before.expose(new Date(at(1_100)));
    expect(valueOf(after, 'breakglass_refused_total{by="machine"}')).toBe(1);
  });

  it('is how near a lock-out is, and what waits for a channel', async () => {
    const waiting = [{ channel: 'ops', messages: 3, since: at(0), said: null }];
    const text = await createLedgerMetrics(readerOf(await lived()), async () => waiting).expose(
      new Date(at(100)),
    );
    expect(valueOf(text, 'breakglass_custody_margin')).toBe(0);
    expect(valueOf(text, 'breakglass_messages_waiting{channel="ops"}')).toBe(3);
    expect(valueOf(text, 'breakglass_accounts_late{duty="drill"}')).toBe(1);
  });

  it('names nobody, no case and no reason', async () => {
    const text = await createLedgerMetrics(readerOf(await lived()), async () => []).expose(
      new Date(at(1_100)),
    );
    for (const secret of [...given.names, account, 'nobody gets in', '#inc'])
      expect(text).not.toContain(`"${secret}`);
    expect(text).not.toContain(theCase);
  });
});

describe('the worker’s endpoint', () => {
  const asked = async (ledger: Parameters<typeof createWorkerMetrics>[0]): Promise<string> =>
    createWorkerMetrics(ledger).expose(new Date(at(0)));

  it('says of itself and of the ledger', async () => {
    const ledger = createLedgerMetrics(readerOf(createMemoryLedger()), async () => []);
    const text = await asked(ledger);
    expect(valueOf(text, 'breakglass_ledger_up')).toBe(1);
    expect(text).toContain('breakglass_ledger_rows 0');
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('says so when the ledger is away, and leaves its numbers out', async () => {
    const text = await asked({ expose: () => Promise.reject(new Error('postgres is away')) });
    expect(valueOf(text, 'breakglass_ledger_up')).toBe(0);
    expect(text).not.toContain('breakglass_obligations');
  });

  it('is told over HTTP, and nothing else is; a port that is taken ends nothing', async () => {
    const [port = 1] = await freePorts(1);
    const failures: string[] = [];
    const fail = (error: Error) => failures.push(error.message);
    const serve = () => serveMetrics({ host: '127.0.0.1', port }, () => Promise.resolve('one 1\n'), fail);
    onTestFinished(serve());
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    expect(await (await ask('/metrics')).text()).toBe('one 1\n');
    expect((await ask('/')).status).toBe(404);
    onTestFinished(serve());
    await vi.waitFor(() => expect(failures).toEqual([expect.stringContaining('EADDRINUSE')]));
  });
});

describe('channels', () => {
  it('are counted by what they took and refused', async () => {
    const register = new Registry();
    let isDown = false;
    const channels = measured(register)({
      send: (channel: string) =>
        isDown
          ? Promise.reject(new ChannelError({ channel, retryable: true, reason: 'down' }))
          : Promise.resolve('taken'),
    });
    expect(await channels.send('ops')).toBe('taken');
    isDown = true;
    await expect(channels.send('ops')).rejects.toThrow('channel ops: down');
    const text = await register.metrics();
    expect(valueOf(text, 'breakglass_channel_attempts_total{channel="ops",outcome="accepted"}')).toBe(1);
    expect(valueOf(text, 'breakglass_channel_attempts_total{channel="ops",outcome="failed"}')).toBe(1);
  });
});
