import { describe, expect, it } from 'vitest';
import { accountViewOf, caseViewOf } from '../../api/views.ts';
import type { AccountEvent } from '../../core/contracts/events.ts';
import type { CaseView } from '../../core/contracts/http.ts';
import { dutiesOf } from '../../core/rules/duties.ts';
import { later } from '../../core/rules/decision.ts';
import * as given from '../support/rules.ts';

const { account, at, config, person, ready } = given;
const day = 24 * 3600;

const drillIn = (events: Parameters<typeof given.caseAfter>[0]): CaseView =>
  caseViewOf(given.caseAfter(events), config, at(0));
const drills = (phase: Parameters<typeof given.upTo>[0]): CaseView[] => [
  drillIn(
    given.upTo(phase).map((each) => (each.type === 'requested' ? given.requested({ kind: 'drill' }) : each)),
  ),
];

/** The level of each check and what it says, by its id without the account. */
const look = (
  events: readonly AccountEvent[],
  { cases = drills('settling'), by = config, now = at(2 * day) } = {},
): Record<string, string> => {
  const it = config.accounts[account];
  if (it === undefined) throw new Error('no account');
  const view = accountViewOf(given.accountAfter(...events), it, now);
  return Object.fromEntries(
    dutiesOf(view, cases, by, now).map(({ id, level, says, remedy }) => [
      id.replace(`/${account}`, ''),
      `${level}: ${says}${remedy === null ? '' : ` → ${remedy}`}`,
    ]),
  );
};

const attested = (by: string, part: 'password' | 'mfa'): AccountEvent => ({
  ...{ type: 'attested', at: at(-80_000), by: person(by), part, generation: 1 },
});
/** Every custodian has shown that they can open their share. */
const all = [...ready, attested('gina', 'password'), attested('kim', 'mfa')];

describe('the duties of an account', () => {
  it('are done: all is well', () => {
    const levels = Object.values(look(all)).map((each) => each.split(':')[0]);
    expect(levels).toEqual(levels.map(() => 'ok'));
    expect(Object.keys(look(all))).toEqual([
      ...['next-use', 'undeclared', 'custody/password', 'custody/mfa', 'credential', 'drill', 'paperwork'],
    ]);
  });

  it('warn of a credential older than a quarter, and not a day before', () => {
    expect(look(all, { now: at(92 * day) })['credential']).toMatch(/^ok: .* 92 days ago/);
    expect(look(all, { now: at(93 * day) })['credential']).toMatch(
      /^warning: .* 93 days ago.*→ .*rotate acme-eu/,
    );
  });

  it('warn of an account that was never provisioned', () => {
    const found = look([]);
    expect(found['credential']).toMatch(/^warning: .*never provisioned.*→ .*provision acme-eu/);
    expect(found['next-use']).toMatch(/^unknown/);
    expect(found).not.toHaveProperty('custody/mfa');
  });

  it('warn of a way in that was never rehearsed, or long ago', () => {
    expect(look(all, { cases: [] })['drill']).toMatch(/^warning: .*never rehearsed.*--drill/);
    expect(look(all, { now: at(93 * day) })['drill']).toMatch(
      /^ok: the last drill of acme-eu was 92 days ago/,
    );
    expect(look(all, { now: at(94 * day) })['drill']).toMatch(/^warning: .* 93 days ago/);
  });

  it('count neither an emergency as a drill nor a drill that nobody could answer', () => {
    expect(look(all, { cases: [drillIn(given.upTo('settling'))] })['drill']).toMatch(/^warning: .*never/);
    expect(look(all, { cases: drills('authorised') })['drill']).toMatch(/^warning: .*never/);
  });

  it('count the custodians’ losses away from lock-out', () => {
    expect(look(all)['custody/password']).toMatch(/^ok: 3 .*lock-out is 2 custodians' losses away/);
    expect(look([...ready, attested('gina', 'password')])['custody/mfa']).toMatch(
      /^warning: 2 .*one custodian's loss locks the account → kim: breakglass attest/,
    );
  });

  it('do not count a custodian who has left the config', () => {
    const left = given.configWith((it) => delete (it.people as Partial<typeof it.people>)['gina']);
    // The config itself would be refused; what was sealed under the one before it is judged all the same.
    expect(look(all, { by: left })['custody/password']).toMatch(/^warning: 2 .*→ name one custodian more/);
  });

  it('are broken when fewer than needed have shown that they can open it', () => {
    const found = look([...given.provisioned, attested('erin', 'password')]);
    expect(found['custody/password']).toMatch(/^broken: 1 .* 2 are needed.*→ frank, gina: breakglass attest/);
    expect(found['next-use']).toMatch(/^broken: the next request for acme-eu is refused/);
  });

  it('are broken while a use goes on that nobody declared', () => {
    const sighting = given.sightingOf(1);
    const seen: AccountEvent[] = [
      { type: 'session-sighted', at: at(10), sighting, claimBy: at(70) },
      { type: 'session-unclaimed', at: at(70), sighting: sighting.id, late: 0, case: given.theCase },
    ];
    expect(look([...all, ...seen.slice(0, 1)])['undeclared']).toMatch(/^warning: 1 logins/);
    expect(look([...all, ...seen])['undeclared']).toMatch(/^broken: .*breakglass stop case\/acme-eu/);
  });

  it('name the paperwork that is overdue', () => {
    const overdue: AccountEvent = {
      ...{ type: 'case-overdue', at: later(at(0), 1), case: given.theCase, obligation: 'post-mortem/alice' },
    };
    expect(look([...all, overdue])['paperwork']).toMatch(/^warning: .*post-mortem\/alice/);
  });
});
