import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotationId } from '../../core/contracts/ids.ts';
import { processView, type ProcessRun } from '../../core/contracts/process.ts';
import { makeHarness, theCase } from '../api/harness.ts';
import { approve } from './steps.ts';
import { documentedQueries, overdueOfQuarter, playVisible, summariesOf, type Visible } from './visible.ts';

let cases: Visible;
let stop = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  cases = await playVisible();
  stop = () => cases.stop();
});
afterAll(() => stop());

describe('temporal’s own command line, without a key of ours', () => {
  it('finds the overdue case of the quarter: not the open one, the denied one, or last quarter’s', async () => {
    expect(await overdueOfQuarter(cases)).toEqual([cases.overdue]);
    const overdue = documentedQueries().find(({ args }) => args.join(' ').includes('BreakglassOverdue'));
    const earlier = (overdue?.args ?? []).map((each) => each.replace('2026-Q4', '2025-Q4'));
    expect(await cases.found({ says: 'of the quarter before', args: earlier })).toEqual([cases.earlier]);
  });

  it('runs every list of the document, and each finds what it says', async () => {
    const lists = documentedQueries().filter(({ args }) => args[1] === 'list');
    // Temporal's index is behind, and so is a busy worker.
    const found = async (): Promise<Record<string, string[]>> => {
      const all: Record<string, string[]> = {};
      for (const each of lists) all[each.says] = await cases.found(each);
      return all;
    };
    const { overdue, open, denied } = cases;
    const inOrder = (...ids: string[]): string[] => ids.toSorted();
    const { rotation } = cases.h.caseState(overdue);
    const first = `${rotation?.slice(0, -1)}1`;
    await expect.poll(found, { timeout: 100_000, interval: 500 }).toEqual({
      'what is overdue of a quarter': [overdue],
      'every case of a quarter that is not over': inOrder(overdue, open),
      'cases of a quarter that were denied': [denied],
      'emergencies for one reason': inOrder(overdue, open, denied),
      'logins that nobody claimed, and that nobody has answered for yet': [],
      'what comes due before a day': inOrder(overdue, open),
      'how often a credential was rotated': inOrder(first, rotation ?? ''),
    });
  });

  it('shows what a case waits for, and names nobody', async () => {
    const [metadata, describing] = documentedQueries().filter(({ args }) => args[1] !== 'list');
    const shown = async (args: readonly string[] = []): Promise<string> =>
      cases.temporal(args.map((each) => each.replace('case/acme-eu/2026-11-21-01', cases.overdue)));
    const details = await shown(metadata?.args);
    expect(details).toContain('settling; waits for what people owe');
    expect(details).toContain('overdue: 1 × session-log');
    const described = await shown(describing?.args);
    expect(described).toContain(cases.quarter);
    for (const text of [details, described]) expect(text).not.toMatch(/alice|bob|identity provider/i);
  });

  it('shows what each activity and timer is for', async () => {
    const { overdue, h } = cases;
    const { rotation } = h.caseState(overdue);
    for (const [id, text] of [
      [overdue, 'somebody is reminded of what they owe'],
      [overdue, 'break-glass case of acme-eu'],
      [rotation ?? '', 'steps 1 to 9: seal, set, prove'],
      [`account/${h.account}`, 'break-glass account acme-eu'],
    ] as const) {
      const { seen, wrong } = await summariesOf(cases, id);
      expect(wrong).toEqual([]);
      expect(seen).toContain(text);
    }
  });

  it('leaves histories that the same code replays', async () => {
    expect(await cases.h.notReplayable()).toEqual([]);
  });
});

describe('what the api tells of a case’s workflows, by its own client', () => {
  /** As the api answers an auditor who asks for one of the cases. */
  const told = async (runsOf: () => Promise<ProcessRun[]>): Promise<ProcessRun[]> => {
    const api = await makeHarness();
    try {
      await api.provision();
      await api.walk('requested');
      api.breakDown({ runs: { runsOf } });
      const answer = await api.get('ivan', `/v1/cases/${theCase.replace('case/', '')}/process`);
      return processView.parse(await answer.json()).workflows[0]?.runs ?? [];
    } finally {
      await api.remove();
    }
  };

  it('a run that goes on: what it heard and did, what it waits for, and no word of anybody’s', async () => {
    const { overdue, h } = cases;
    const runs = await told(() => h.client.runsOf(overdue));
    expect(runs).toMatchObject([{ type: 'breakGlassCase', status: 'running', closed: null, leftOut: 0 }]);
    const [run] = runs;
    const lines = run?.lines.map(({ what, name }) => `${what} ${name ?? '?'}`) ?? [];
    expect(lines[0]).toBe('started breakGlassCase');
    for (const line of [
      'heard submit',
      'signalled wake',
      'done hearCase',
      'done tickCase',
      'done endSessions',
    ])
      expect(lines).toContain(line);
    expect(run?.lines.filter(({ what }) => what === 'failed')).toEqual([]);
    expect(run?.pending.timers.map(({ name }) => name)).toContain('somebody is reminded of what they owe');
    expect(JSON.stringify(runs)).not.toMatch(/alice|bob|identity provider|inc-1|not now/i);
  });

  it('runs that are over, by how they ended', async () => {
    const { denied, overdue, h } = cases;
    const rotation = h.caseState(overdue).rotation ?? '';
    expect(await told(() => h.client.runsOf(denied))).toMatchObject([
      { status: 'completed', pending: { activities: [], timers: [] } },
    ]);
    const [run] = await told(() => h.client.runsOf(rotationId.parse(rotation)));
    expect(run).toMatchObject({ type: 'rotation', status: 'completed' });
    expect(run?.lines.map(({ what, name }) => `${what} ${name ?? '?'}`)).toContain('done rotate');
  });

  it('attempts that failed, by their type, and one that is tried still', async () => {
    const { open, h } = cases;
    h.away.ledger = true;
    const approving = approve(h, open);
    const pending = async () => (await h.client.runsOf(open))[0]?.pending.activities ?? [];
    await expect
      .poll(pending, { timeout: 60_000 })
      .toMatchObject([
        { name: 'hearCase', attempt: expect.toSatisfy((n) => Number(n) > 1) as unknown, failure: 'Error' },
      ]);
    h.away.ledger = false;
    await approving;
    const lines = (await h.client.runsOf(open)).flatMap((each) => each.lines);
    expect(lines.find(({ what }) => what === 'failed')).toMatchObject({ name: 'hearCase', failure: 'Error' });
    const late = lines.find(({ what, attempt }) => what === 'done' && (attempt ?? 0) > 1);
    expect(late).toMatchObject({ name: 'hearCase', failure: null });
  });

  it('a run that was terminated, beside the one that was begun in its place', async () => {
    const { open, h } = cases;
    await h.client.raw.workflow.getHandle(open).terminate('a mishap of alice');
    await h.client.rebuildCase(open);
    // Temporal's index is behind.
    await expect
      .poll(async () => (await h.client.runsOf(open)).map(({ status }) => status), { timeout: 60_000 })
      .toEqual(['terminated', 'running']);
    const [first] = await h.client.runsOf(open);
    expect(first?.lines.at(-1)).toMatchObject({ what: 'terminated', name: null });
    expect(first?.pending.timers).toEqual([]);
    expect(JSON.stringify(first)).not.toContain('mishap');
  });
});
