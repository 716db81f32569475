import { describe, expect, it } from 'vitest';
import type { CaseEvent } from '../../core/contracts/events.ts';
import { decideCase } from '../../core/rules/case/decide.ts';
import { followCase } from '../../core/rules/case/due.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import { at, caseAfter, config, digestOf, person, requested, says, upTo } from '../support/rules.ts';

const admin = { id: 'admin-1', says: 'the identity 1 is an admin' };
const found = (...owners: ('alice' | 'bob' | 'carol')[]): CaseEvent => ({
  ...{ type: 'found', at: at(1010), finding: admin, owners: owners.map(person) },
});
const settled: CaseEvent = {
  ...{ type: 'finding-settled', at: at(1020), by: person('bob'), finding: admin.id },
  ...{ how: 'explained', reason: 'hired that day' },
};
const findingsOf = (events: readonly CaseEvent[]) =>
  caseAfter(events).obligations.filter((each) => each.kind === 'finding');
const decide = (events: readonly CaseEvent[], by: string, more: { finding?: string; reason?: string } = {}) =>
  decideCase(caseAfter(events), says(by, 'finding', more), {
    now: at(1020),
    current: config,
    digest: digestOf('a statement'),
  });

describe('what a rotation found', () => {
  it('is owed by each owner but the one who asked', () => {
    const owed = findingsOf([...upTo('settling'), found('alice', 'bob', 'carol')]);
    expect(requested().by).toBe('alice');
    expect(owed.map((each) => each.id)).toEqual(['finding/admin-1/bob', 'finding/admin-1/carol']);
  });

  it('keeps the case from its close until one owner has signed for it', () => {
    const events = [...upTo('settling'), found('bob', 'carol')];
    const others = (each: { kind: string }): boolean => each.kind !== 'finding';
    const state = caseAfter(events);
    const onlyFinding = { ...state, obligations: state.obligations.filter((each) => !others(each)) };
    expect(followCase(onlyFinding, at(1020))).toEqual([]);
    const decision = decide(events, 'bob', { reason: 'hired that day' });
    expect(decision).toMatchObject({ ok: true, events: [settled] });
    const after = findingsOf([...events, settled]);
    expect(after.filter(isOwed)).toEqual([]);
    expect(followCase({ ...caseAfter([...events, settled]), obligations: after }, at(1020))).toMatchObject([
      { type: 'closed' },
    ]);
  });

  it.each([
    ['not-an-owner', 'somebody else', 'dan', {}, [found('bob', 'carol')]],
    ['wrong-case', 'another finding', 'bob', { finding: 'admin-2' }, [found('bob', 'carol')]],
    ['already-counted', 'one that is settled', 'carol', {}, [found('bob', 'carol'), settled]],
  ] as const)('is refused as %s: %s', (code, _, by, more, given) => {
    expect(decide([...upTo('settling'), ...given], by, more)).toMatchObject({
      ...{ ok: false, refusal: { code } },
    });
  });

  it('is not explained by the owner who held the session', () => {
    const asked = [requested({ by: person('bob') }), ...upTo('settling').slice(1), found('carol')];
    expect(decide(asked, 'bob')).toMatchObject({ ok: false, refusal: { code: 'self-approval' } });
  });
});
