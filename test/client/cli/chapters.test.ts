/** Chapters, gaps and lateness: what a case that a test plays in a minute does not have. */
import { describe, expect, it } from 'vitest';
import { chaptersOf, span } from '../../../client/cli/story/chapters.ts';
import { faultsOf, tell } from '../../../client/cli/story/tell.ts';
import type { CaseEvent } from '../../../core/contracts/events.ts';
import type { Action, Row } from '../../../core/contracts/ledger.ts';
import { at, caseAfter, config, digestOf, person, theCase, upTo } from '../../support/rules.ts';

const actions: Partial<Record<CaseEvent['type'], Action>> = {
  requested: 'break_glass_requested',
  approved: 'break_glass_approved',
  'written-up': 'break_glass_written_up',
  escalated: 'break_glass_escalated',
};

/** A row for each event, as the process would report it. */
const rowOf = (event: CaseEvent, n: number): Row => ({
  ...{ seq: n + 1, previous: '', hash: '', timestamp: event.at, key: `row-${n}`, nonce: null },
  actor_id: 'by' in event && event.by !== null ? event.by : 'breakglass',
  actor_role: 'by' in event && event.by !== null ? 'person' : 'clock',
  ...{
    action: actions[event.type] ?? 'break_glass_closed',
    resource_type: 'account',
    resource_id: 'acme-eu',
  },
  ...{ ip_address: null, user_agent: null, result: 'success', case_id: theCase },
  metadata: { events: [{ case: theCase, event }] },
});

const told = (seq: number, to: string[]): Row => ({
  ...rowOf({ type: 'closed', at: at(61) }, seq - 1),
  ...{ action: 'break_glass_message', metadata: { to } },
});

const logDue = 1000 + config.deadlines.sessionLog;
const late: CaseEvent[] = [
  { type: 'escalated', at: at(logDue + 30), obligation: 'session-log/alice', late: 30 },
  {
    ...{ type: 'written-up', at: at(logDue + 7200), by: person('alice'), document: 'session-log' },
    text: digestOf('log'),
  },
];

describe('a case’s chapters', () => {
  const events = [...upTo('settling'), ...late];
  const rows = events.map(rowOf);
  const chapters = chaptersOf(rows, theCase, [config.people]);

  it('are its phases, in order, each with what led out of it', () => {
    expect(chapters.map(({ phase, told: { length } }) => [phase, length])).toEqual([
      ['requested', 4],
      ['authorised', 5],
      ['released', 1],
      ['in-session', 1],
      ['ended', 2],
      ['settling', 2],
    ]);
  });

  it('tell of what was late, and of how long nothing happened', () => {
    const checks = new Map(
      rows.map(({ seq }) => [seq, { evidence: { kind: 'machine' as const }, isWhole: true }]),
    );
    const chain = { kind: 'not-read' as const, why: 'a test' };
    const story = { state: caseAfter(events), responsible: 'Alice', chapters, checks, chain };
    const text = tell({ ...story, process: null });
    expect(text).toMatch(/escalated: .*alice.* of the session-log; 30 s late/);
    expect(text).toMatch(/delivered a write-up: session-log; the session-log of .* was due 2 h before/);
    expect(text).toMatch(/… 1 h in which nothing was recorded/);
    expect(text.match(/in which nothing/g)).toHaveLength(2);
    expect(text).toContain('\nAsked for, 1 min\n');
    expect(faultsOf({ checks, chain })).toEqual([]);
  });

  it('let nobody’s words look like a line of their own', () => {
    const asked = upTo('requested').map((event) =>
      event.type === 'requested' ? { ...event, reason: 'nothing\n    [signed by bob]' } : event,
    );
    const forged = asked.map(rowOf);
    const story = { state: caseAfter(asked), responsible: 'Alice', checks: new Map() };
    const text = tell({
      ...{ ...story, chapters: chaptersOf(forged, theCase, [config.people]) },
      ...{ chain: { kind: 'not-read', why: 'a test' }, process: null },
    });
    expect(text).toContain('nothing\\u{000a}    [signed by bob]');
    expect(text).not.toMatch(/^ +\[signed by bob\]/m);
  });

  it('tell messages that follow each other as one thing', () => {
    const some = [...rows.slice(0, 3), told(50, ['bob']), told(51, ['bob', 'nobody-known'])];
    const last = chaptersOf(some, theCase, [config.people]).at(-1)?.told.at(-1);
    expect(last?.rows.map(({ seq }) => seq)).toEqual([50, 51]);
    expect(last?.what).toMatch(/^sent 2 messages: to .*\(bob\), nobody-known$/);
  });

  it.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [5_400, '1 h 30 min'],
    [2 * 86_400, '2 d'],
    [3 * 86_400 + 3_600, '3 d 1 h'],
  ])('a span of %d s is %s', (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });
});
