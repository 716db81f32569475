import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { accountView, caseView, dossier, ledgerPage, type CaseView } from '../../core/contracts/http.ts';
import { config as configSchema, type Config } from '../../core/contracts/config.ts';
import type { CaseEvent } from '../../core/contracts/events.ts';
import { rotationId } from '../../core/contracts/ids.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import { foldCase } from '../../core/rules/streams.ts';
import { caseViewOf } from '../../api/views.ts';
import { account, makeHarness, theCase, type Harness } from './harness.ts';
import { intrude } from './intrude.ts';
import { declared } from '../support/declared.ts';

describe('a case as readers see it, step by step', () => {
  let api: Harness;
  let config: Config;
  let released: CaseState;
  beforeAll(async () => {
    api = await makeHarness();
    config = configSchema.parse(api.org.data);
    await api.provision();
    await api.walk('released');
    const state = foldCase(api.ledger.rows, theCase);
    if (state === null) throw new Error('the case was not opened');
    released = state;
  });
  afterAll(() => api.remove());

  const at = '2026-11-21T10:30:00.000Z';
  const after = (...events: CaseEvent[]): CaseView =>
    caseViewOf(events.reduce<CaseState>(evolveCase, released), config, at);
  const lines = ({ waitingFor }: CaseView) =>
    waitingFor.map(({ who, forWhat, command }) => `${who.join(', ')}: ${forWhat}: ${command}`);
  const session = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c11';
  const by = () => declared(released).opening.by;
  const rotated = (): CaseEvent => ({
    ...{ type: 'rotated', at, rotation: rotationId.parse('rotation/acme-eu/2026-11-21-02') },
    pair: api.pair(),
  });
  const ended = (): CaseEvent => ({
    type: 'ended',
    at,
    by: null,
    how: 'longest-session',
    reason: 'time is over',
  });

  it('given shares released, waits for the requester’s login', () => {
    const view = after();
    expect(view).toMatchObject({
      phase: 'released',
      approvedBy: ['bob', 'dan'],
      // Ten minutes without a login ring, long before the case expires.
      nextDeadline: '2026-11-21T10:10:00.000Z',
    });
    expect(view.released.map((each) => `${each.part}/${each.by}`)).toEqual([
      ...['password/erin', 'password/frank', 'mfa/grace', 'mfa/heidi'],
    ]);
    expect(lines(view)).toEqual([`alice: a login, claimed: breakglass open ${theCase} --login`]);
  });

  it('given a claimed session, waits for its end', () => {
    const view = after({ type: 'session-claimed', at, by: by(), session });
    expect(view).toMatchObject({ phase: 'in-session', sessions: [session] });
    expect(lines(view)).toEqual([`alice: the end of the session: breakglass end ${theCase} --reason WHY`]);
  });

  it('given the end, waits for the worker and the write-up', () => {
    expect(lines(after(ended()))).toEqual([
      `: the worker to rotate the credential: breakglass status ${theCase}`,
      `alice: the session log: breakglass write-up ${theCase} --document session-log`,
      `alice: the post-mortem: breakglass write-up ${theCase} --document post-mortem`,
    ]);
  });

  it('given the rotation, waits for everybody who owes a step, and marks what is overdue', () => {
    const view = after(ended(), rotated());
    expect(view).toMatchObject({ phase: 'settling', rotation: 'rotation/acme-eu/2026-11-21-02' });
    expect(lines(view).slice(2)).toEqual([
      `alice: the old credential to be tried: breakglass end ${theCase} --resume`,
      `erin, frank, grace, heidi: where the new share lies: breakglass attest ${theCase} --kept-at PLACE`,
    ]);
    const overdue = (now: string) =>
      caseViewOf([ended(), rotated()].reduce<CaseState>(evolveCase, released), config, now)
        .obligations.filter((each) => each.overdue)
        .map(({ kind }) => kind);
    expect(overdue('2026-11-21T11:29:59.999Z')).toEqual([]);
    expect(overdue('2026-11-21T11:30:00.000Z')).toEqual(['refusals']);
  });

  it('given that it is closed, waits for nobody', () => {
    const view = after(ended(), rotated(), { type: 'closed', at });
    expect(view).toMatchObject({ phase: 'closed', waitingFor: [], nextDeadline: null });
  });

  it('every view it gives is one of the contract', () => {
    for (const view of [after(), after(ended()), after(ended(), rotated())])
      expect(caseView.parse(JSON.parse(JSON.stringify(view)))).toEqual(view);
  });
});

describe('a case before it is authorised', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await makeHarness();
    await api.provision();
    await api.walk('authorised');
  });
  afterAll(() => api.remove());

  it('given a quorum, waits for the custodians of each part', async () => {
    const view = caseView.parse(await (await api.get('erin', '/v1/cases/acme-eu/2026-11-21-01')).json());
    expect(view.waitingFor).toEqual([
      {
        who: ['erin', 'frank'],
        forWhat: '2 more shares of the password',
        command: `breakglass release ${theCase}`,
      },
      {
        who: ['grace', 'heidi'],
        forWhat: '2 more shares of the mfa',
        command: `breakglass release ${theCase}`,
      },
    ]);
  });

  it('given an approval that has lapsed or an approver who lost the role, counts neither any more', () => {
    const config = configSchema.parse(api.org.data);
    const authorised = foldCase(api.ledger.rows, theCase);
    if (authorised === null) throw new Error('the case was not opened');
    const state: CaseState = { ...authorised, phase: 'requested' };
    const fired = structuredClone(config);
    for (const [name, person] of Object.entries(fired.people)) if (name === 'bob') person.roles = [];
    expect(caseViewOf(state, config, api.now()).approvedBy).toEqual(['bob', 'dan']);
    expect(caseViewOf(state, fired, api.now()).approvedBy).toEqual(['dan']);
    expect(caseViewOf(state, config, '2026-11-21T11:00:00.000Z')).toMatchObject({
      approvedBy: [],
      waitingFor: [{ who: ['bob', 'carol', 'dan'], forWhat: '2 more signatures of role senior' }],
    });
  });

  it('given no releases yet, a dossier holds the request, both approvals and both seals', async () => {
    const given = dossier.parse(
      await (await api.get('erin', '/v1/cases/acme-eu/2026-11-21-01/dossier')).json(),
    );
    expect(given.request.statement).toContain('"type":"request"');
    expect(given.approvals.map(({ statement }) => JSON.parse(statement) as unknown)).toMatchObject([
      ...[{ by: 'bob' }, { by: 'dan' }],
    ]);
    expect(given.seals.map(({ digest }) => digest)).toEqual([api.pair().password.seal, api.pair().mfa.seal]);
  });

  it('shows the account with its open case and pair', async () => {
    const view = accountView.parse(await (await api.get('quinn', `/v1/accounts/${account}`)).json());
    expect(view).toMatchObject({ provisioned: true, openCase: theCase, blocked: null, pair: api.pair() });
  });

  it('gives the ledger page by page, to the last row', async () => {
    const seen: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const response = await api.get('ivan', `/v1/ledger?after=${after}&limit=2`);
      const page = ledgerPage.parse(await response.json());
      seen.push(...page.rows.map(({ seq }) => seq));
      after = page.next;
    }
    expect(seen).toEqual(api.ledger.rows.map(({ seq }) => seq));
    for (const query of ['limit=0', 'limit=501', 'after=-1', 'after=x'])
      expect((await api.get('ivan', `/v1/ledger?${query}`)).status).toBe(400);
  });
});

describe('an undeclared case', () => {
  const session = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c12';
  let api: Harness;
  beforeAll(async () => {
    api = await makeHarness();
    await api.provision();
    await api.walk('requested');
  });
  afterAll(() => api.remove());

  it('given a login that nobody claimed, waits for its answer, beside the open case', async () => {
    const use = await intrude(api, session);
    const response = await api.get('karl', `/v1/cases/acme-eu/${use.slice(-13)}`);
    expect(caseView.parse(await response.json())).toMatchObject({
      ...{ case: use, kind: 'undeclared', phase: 'unanswered', by: null, answer: null },
      ...{ request: null, scenario: null, conditions: [], symptom: null, incidentChannel: null },
      ...{ expectedMinutes: null, need: 0, role: null, approvers: [], approvedBy: [], oldCredential: null },
      reason: expect.stringMatching(/^a login from 192\.0\.2\.9 at .* that nobody claimed$/) as string,
      sightings: [{ session, aal: 'aal2' }],
      obligations: [{ kind: 'answer', owner: 'olga', overdue: false }],
      waitingFor: [{ who: ['olga'], command: `breakglass stop ${use} --reason WHY` }],
    });
    const shown = accountView.parse(await (await api.get('quinn', `/v1/accounts/${account}`)).json());
    expect(shown).toMatchObject({ openCase: theCase, undeclared: [use], unclaimed: [{ session }] });
  });

  it('is listed under its kind, and under no scenario', async () => {
    const listed = async (query: string) => {
      const body: unknown = await (await api.get('ivan', `/v1/cases?${query}`)).json();
      return z
        .object({ cases: z.array(caseView) })
        .parse(body)
        .cases.map(({ kind }) => kind);
    };
    expect(await listed('account=acme-eu')).toEqual(['undeclared', 'emergency']);
    expect(await listed('kind=undeclared')).toEqual(['undeclared']);
    expect(await listed('scenario=sso-down')).toEqual(['emergency']);
  });

  it('has no dossier: nobody signed for it', async () => {
    const number = (await intrude(api, '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c13')).slice(-13);
    expect((await api.get('dan', `/v1/cases/acme-eu/${number}/dossier`)).status).toBe(404);
  });

  it('is read by whoever may stop it, and not by everybody', async () => {
    const number = (await intrude(api, '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c14')).slice(-13);
    const status = async (by: 'mona' | 'olga' | 'karl' | 'dan' | 'lena') =>
      (await api.get(by, `/v1/cases/acme-eu/${number}`)).status;
    for (const by of ['mona', 'olga', 'karl', 'dan'] as const)
      expect([by, await status(by)]).toEqual([by, 200]);
    expect(await status('lena')).toBe(403);
  });
});
