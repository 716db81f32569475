import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { accountWorkflowId, type CaseId } from '../../core/contracts/ids.ts';
import type { AccountEvent } from '../../core/contracts/events.ts';
import type { Row, StreamEvent } from '../../core/contracts/ledger.ts';
import { createWatchdog } from '../../sentinel/watchdog.ts';
import { createMemoryLedger } from '../support/memoryLedger.ts';
import { account, at, caseOpened, config, provisioned, theCase, upTo } from '../support/rules.ts';

const ofAccount = (event: AccountEvent): StreamEvent => ({ account, event });
const accountWorkflow = accountWorkflowId(account);

/** A ledger with a case that settles, and a Temporal of which anything may be taken away. */
const makeWorld = async (events: readonly StreamEvent[]) => {
  const ledger = createMemoryLedger();
  const running = new Map<string, string>([accountWorkflow, theCase].map((id) => [id, `${id} begun`]));
  const world = { now: at(2000), isTemporalAway: false, startsNothing: false, fails: '' };
  await ledger.transact((tx) =>
    tx.append({
      ...{ timestamp: at(0), actor_id: 'alice', actor_role: 'requester', action: 'break_glass_requested' },
      ...{ resource_type: 'account', resource_id: account, ip_address: null, user_agent: null },
      ...{ result: 'success', case_id: theCase, nonce: null, key: 'k', metadata: { events: [...events] } },
    }),
  );
  /** How many rows there were whenever the account was woken. */
  const woken: number[] = [];
  const start = (id: string): Promise<void> => {
    if (!world.startsNothing) running.set(id, `${id} again at ${world.now}`);
    return Promise.resolve();
  };
  const watchdog = createWatchdog({
    ledger,
    reader: {
      cases: () => Promise.resolve(ledger.rows.filter((row) => row.action === 'break_glass_requested')),
      rowsOfAccount: (id) => ledger.transact((tx) => tx.rowsOfAccount(id, 0)),
      rowsOfCase: (id) => ledger.transact((tx) => tx.rowsOfCase(id, 0)),
    },
    workflows: {
      running: (id) => {
        const chain = running.get(id);
        if (world.isTemporalAway) return Promise.reject(new Error('away'));
        return Promise.resolve(chain === undefined ? null : { chain, attempts: id === world.fails ? 6 : 1 });
      },
      terminate: (id, chain) => {
        if (running.get(id) !== chain) return Promise.reject(new Error('another runs'));
        running.delete(id);
        world.fails = '';
        return Promise.resolve();
      },
      wakeAccount: () => {
        woken.push(ledger.rows.length);
        return running.has(accountWorkflow) ? Promise.resolve() : start(accountWorkflow);
      },
      rebuildCase: (id: CaseId) => start(id),
    },
    accounts: () => [account],
    config: () => config,
    now: () => new Date(world.now),
    log: pino({ level: 'silent' }),
  });
  const rows = (action: Row['action']): Row[] => ledger.rows.filter((row) => row.action === action);
  const alarms = (): string[] =>
    ledger.messages.filter(({ severity }) => severity === 'alarm').map(({ title }) => title);
  return { ledger, running, world, watchdog, rows, alarms, woken };
};

const settling: readonly StreamEvent[] = [
  ...provisioned.map(ofAccount),
  ofAccount(caseOpened),
  ...upTo('settling').map((event): StreamEvent => ({ case: theCase, event })),
  ofAccount({ type: 'case-left', at: at(1000), case: theCase, rotate: false }),
];

describe('the watchdog', () => {
  it('given everything running, writes nothing', async () => {
    const { ledger, watchdog } = await makeWorld(settling);
    await watchdog.look();
    expect(ledger.rows).toHaveLength(1);
  });

  it.each([theCase, accountWorkflow])('given %s gone, rings once and starts it again', async (lost) => {
    const { running, watchdog, rows, alarms } = await makeWorld(settling);
    running.delete(lost);
    await watchdog.look();
    await watchdog.look();
    expect(running.get(lost)).toContain('again');
    expect(rows('break_glass_workflow_gone').map((row) => row.metadata['workflow'])).toEqual([lost]);
    expect(rows('break_glass_workflow_rebuilt').map((row) => row.metadata['workflow'])).toEqual([lost]);
    expect(alarms()).toEqual([`A workflow of ${account} is gone`]);
  });

  it.each([theCase, accountWorkflow])(
    'given %s gone, has the account read that it runs again, and then leaves it be',
    async (lost) => {
      const { ledger, running, watchdog, woken } = await makeWorld(settling);
      running.delete(lost);
      await watchdog.look();
      const count = woken.length;
      expect(woken.at(-1)).toBe(ledger.rows.length);
      await watchdog.look();
      expect(woken).toHaveLength(count);
    },
  );

  it.each([theCase, accountWorkflow])(
    'given %s failing at every task, rings once, ends it and starts it again',
    async (stuck) => {
      const { running, watchdog, world, rows, alarms } = await makeWorld(settling);
      await watchdog.look();
      world.fails = stuck;
      await watchdog.look();
      await watchdog.look();
      expect(running.get(stuck)).toContain('again');
      expect(rows('break_glass_workflow_gone').map((row) => row.metadata['workflow'])).toEqual([stuck]);
      expect(rows('break_glass_workflow_rebuilt').map((row) => row.metadata['workflow'])).toEqual([stuck]);
      expect(alarms()).toEqual([`A workflow of ${account} is gone`]);
    },
  );

  it('given one that fails at every task again, ends it no more for a while', async () => {
    const { running, watchdog, world, alarms } = await makeWorld(settling);
    for (let n = 0; n < 3; n += 1) {
      world.fails = theCase;
      await watchdog.look();
    }
    expect(alarms()).toHaveLength(1);
    world.now = at(2000 + 16 * 60);
    await watchdog.look();
    expect(alarms()).toHaveLength(2);
    expect(running.get(theCase)).toContain('again');
  });

  it('given one that was lost and that somebody else started before it looked, rings all the same', async () => {
    const { running, watchdog, rows, alarms } = await makeWorld(settling);
    await watchdog.look();
    running.set(accountWorkflow, 'woken by a case');
    await watchdog.look();
    await watchdog.look();
    expect(alarms()).toEqual([`A workflow of ${account} is gone`]);
    expect(rows('break_glass_workflow_rebuilt')).toHaveLength(1);
  });

  it('given one that does not start, tries again without ringing again; and rings for the next loss', async () => {
    const { running, watchdog, world, alarms, rows } = await makeWorld(settling);
    world.startsNothing = true;
    running.delete(theCase);
    for (let n = 0; n < 3; n += 1) await watchdog.look();
    expect(alarms()).toHaveLength(1);
    expect(rows('break_glass_workflow_rebuilt')).toEqual([]);
    world.startsNothing = false;
    world.now = at(2030);
    await watchdog.look();
    running.delete(theCase);
    world.now = at(2060);
    await watchdog.look();
    expect(alarms()).toHaveLength(2);
    expect(rows('break_glass_workflow_rebuilt')).toHaveLength(2);
  });

  it('given Temporal away, knows nothing and says nothing', async () => {
    const { running, watchdog, world, ledger } = await makeWorld(settling);
    running.clear();
    world.isTemporalAway = true;
    await watchdog.look();
    expect(ledger.rows).toHaveLength(1);
  });

  it('leaves alone a case that is over, one that was admitted a moment ago, and an account nobody has begun', async () => {
    const denied = upTo('requested').map((event): StreamEvent => ({ case: theCase, event }));
    const over: StreamEvent = { case: theCase, event: { type: 'expired', at: at(600), waitedFor: 'quorum' } };
    const before = [...provisioned.map(ofAccount), ...denied];
    const finished = await makeWorld([...before, over]);
    finished.running.delete(theCase);
    await finished.watchdog.look();
    expect(finished.ledger.rows).toHaveLength(1);
    const young = await makeWorld(before);
    young.running.delete(theCase);
    young.world.now = at(5);
    await young.watchdog.look();
    expect(young.ledger.rows).toHaveLength(1);
    const unknown = await makeWorld([]);
    unknown.running.clear();
    await unknown.watchdog.look();
    expect(unknown.alarms()).toEqual([]);
  });
});
