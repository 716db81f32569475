import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedQueries, overdueOfQuarter, playVisible, summariesOf, type Visible } from './visible.ts';

describe('temporal’s own command line, without a key of ours', () => {
  let cases: Visible;
  let stop = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    cases = await playVisible();
    stop = () => cases.stop();
  });
  afterAll(() => stop());

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
