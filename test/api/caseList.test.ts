/** The list of cases: each filter with a case inside and one outside of it, and pages that miss none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { casesPage, problem } from '../../core/contracts/http.ts';
import { accountOf, caseId, personId, type CaseId } from '../../core/contracts/ids.ts';
import { makeHarness, theCase, type Harness } from './harness.ts';
import { intrude } from './intrude.ts';

const elsewhere = caseId.parse('case/ops-us/2026-11-21-01');
const nextYear = caseId.parse('case/acme-eu/2027-01-20-01');

describe('the list of cases', () => {
  let api: Harness;
  let undeclared: CaseId;

  /** The same request as the case's, of another case, as a drill by somebody else. */
  const askAgain = async (id: CaseId, scenario: string): Promise<void> => {
    const opening = api.ledger.rows.find((row) => row.case_id === theCase);
    const asked = opening?.metadata.events
      ?.map(({ event }) => event)
      .find(({ type }) => type === 'requested');
    if (opening === undefined || asked?.type !== 'requested') throw new Error('nobody asked');
    const { seq: _, hash: __, previous: ___, ...draft } = opening;
    const by = personId.parse('quinn');
    const event = { ...asked, account: accountOf(id), case: id, kind: 'drill' as const, scenario, by };
    await api.ledger.transact((tx) =>
      tx.append({
        ...{ ...draft, key: id, nonce: null, case_id: id, actor_id: by },
        metadata: { events: [{ case: id, event }] },
      }),
    );
  };

  beforeAll(async () => {
    api = await makeHarness();
    await api.provision();
    await api.walk('authorised');
    await askAgain(elsewhere, 'cluster-down');
    undeclared = await intrude(api, '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c11');
    // Nobody answers, no custodian releases: what they owe is overdue.
    api.advance(60 * 86_400);
    await askAgain(nextYear, 'sso-down');
  });
  afterAll(() => api.remove());

  const page = async (query: string) =>
    casesPage.parse(await (await api.get('ivan', `/v1/cases?${query}`)).json());
  const listed = async (query: string): Promise<CaseId[]> =>
    (await page(query)).cases.map((each) => each.case);

  it('has them all, newest first', async () => {
    expect(await listed('')).toEqual([nextYear, undeclared, elsewhere, theCase]);
  });

  it.each([
    ['account=acme-eu', () => [nextYear, undeclared, theCase]],
    ['kind=undeclared', () => [undeclared]],
    ['kind=drill', () => [nextYear, elsewhere]],
    ['scenario=sso-down', () => [nextYear, theCase]],
    ['phase=authorised', () => [theCase]],
    ['phase=unanswered', () => [undeclared]],
    // Who signed in it; who owes something in it; who asked.
    ['person=bob', () => [theCase]],
    ['person=olga', () => [undeclared]],
    ['person=quinn', () => [nextYear, elsewhere]],
    ['person=nils', () => []],
    ['overdue=false', () => [nextYear, elsewhere]],
    ['overdue=true', () => [undeclared, theCase]],
    ['quarter=2026-Q4', () => [undeclared, elsewhere, theCase]],
    ['quarter=2027-Q1', () => [nextYear]],
    ['quarter=2026-Q4&overdue=true&kind=undeclared', () => [undeclared]],
  ])('%s', async (query, expected) => {
    expect(await listed(query)).toEqual(expected());
  });

  it.each([
    ['account=acme-us', 'there is no account “acme-us”; there are: acme-eu'],
    ['kind=picnic', 'there is no kind “picnic”; there are: emergency, drill, undeclared'],
    ['scenario=boredom', 'there is no scenario “boredom”; there are: sso-down'],
    ['phase=lost', 'there is no phase “lost”; there are: requested, unanswered, authorised'],
    ['person=nobody', 'there is no person “nobody”; there are: alice, bob'],
    ['quarter=2026-Q5', 'a quarter is written 2026-Q4'],
  ])('%s is refused, with what there is', async (query, why) => {
    const response = await api.get('ivan', `/v1/cases?${query}`);
    expect(response.status).toBe(400);
    expect(problem.parse(await response.json()).detail).toContain(why);
  });

  it.each(['overdue=perhaps', 'limit=0', 'limit=201', 'after=x', 'after=0'])(
    '%s is refused',
    async (query) => {
      expect((await api.get('ivan', `/v1/cases?${query}`)).status).toBe(400);
    },
  );

  it.each(['', 'account=acme-eu', 'overdue=true'])('pages through “%s”, each once', async (query) => {
    const seen: CaseId[] = [];
    let after: number | null = null;
    do {
      const { cases, next }: z.infer<typeof casesPage> = await page(
        `${query}&limit=1${after === null ? '' : `&after=${after}`}`,
      );
      expect(cases).toHaveLength(1);
      seen.push(...cases.map((each) => each.case));
      after = next;
    } while (after !== null);
    expect(seen).toEqual(await listed(query));
  });
});
