import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayRead, readers, relations, views, type Holding, type View } from '../../core/contracts/access.ts';
import { checks } from '../../core/contracts/checks.ts';
import { role } from '../../core/contracts/config.ts';
import { accountView, caseView, dossier, ledgerPage, seals } from '../../core/contracts/http.ts';
import { row } from '../../core/contracts/ledger.ts';
import { processView } from '../../core/contracts/process.ts';
import { z } from 'zod';
import { cast, names, type Name } from '../support/org.ts';
import { makeHarness, type Harness } from './harness.ts';

/** The table as a person would draw it; the code's own is held against it. */
const drawn = `
               config accounts seals cases dossier releases history ledger process health
  person         yes     no     no    no     no      no       no      no     no      no
  auditor        no      yes    no    yes    no      no       yes     yes    yes     yes
  compliance     no      yes    no    yes    no      no       yes     yes    yes     yes
  security       no      yes    no    yes    yes     no       yes     yes    yes     yes
  admin          no      yes    no    yes    yes     no       yes     yes    yes     yes
  oncall         no      yes    no    yes    yes     no       no      no     no      yes
  senior         no      no     no    no     no      no       no      no     no      no
  engineer       no      no     no    no     no      no       no      no     no      no
  requester      no      yes    yes   yes    yes     yes      yes     no     no      no
  approver       no      yes    no    yes    yes     no       yes     no     no      no
  custodian      no      yes    yes   yes    yes     no       no      no     no      no
  owner          no      yes    yes   yes    yes     no       yes     no     no      yes
  principal      no      yes    no    yes    no      no       no      no     no      no
`;
const [head = [], ...lines] = drawn
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = lines.flatMap(([holding = '', ...allowed]) =>
  allowed.map((each, place) => [holding as Holding, head[place] as View, each === 'yes'] as const),
);

/** What each person is to alice's case, drawn by hand from the cast. */
const holdings: Record<Name, readonly Holding[]> = {
  alice: ['senior', 'requester', 'principal'],
  bob: ['senior', 'admin', 'approver'],
  carol: ['senior', 'admin', 'approver'],
  dan: ['senior', 'approver'],
  erin: ['custodian'],
  frank: ['custodian'],
  grace: ['custodian'],
  heidi: ['custodian'],
  ivan: ['auditor'],
  judy: ['compliance'],
  karl: ['security'],
  lena: ['engineer'],
  mona: ['admin'],
  nils: ['principal'],
  olga: ['oncall'],
  quinn: ['owner'],
  rosa: ['owner'],
};

describe('the table of who reads what', () => {
  it('names every role, relation and view', () => {
    const all = ['person', ...role.options, ...relations].sort();
    expect(lines.map(([holding]) => holding).sort()).toEqual(all);
    expect(head).toEqual(views);
    expect(Object.keys(readers)).toEqual([...views]);
  });

  it.each(cells)('%s reads %s: %s', (holding, view, allowed) => {
    expect(mayRead(view, new Set([holding]))).toBe(allowed);
  });

  it('lets nobody read anything who is nothing', () => {
    expect(views.filter((view) => mayRead(view, new Set()))).toEqual([]);
  });
});

const casePath = `/v1/cases/acme-eu/2026-11-21-01`;

/** How each view is asked for, and whether the answer shows it. */
const asks: Record<View, { path: string; isShown: (body: unknown) => boolean }> = {
  config: {
    path: '/v1/config',
    isShown: (body) => z.object({ chain: z.array(z.unknown()).min(1) }).safeParse(body).success,
  },
  accounts: { path: '/v1/accounts/acme-eu', isShown: (body) => accountView.safeParse(body).success },
  seals: {
    path: '/v1/accounts/acme-eu/seals',
    isShown: (body) => seals.safeParse(body).data?.seals.length === 2,
  },
  cases: { path: casePath, isShown: (body) => caseView.safeParse(body).success },
  dossier: {
    path: `${casePath}/dossier`,
    isShown: (body) => dossier.safeParse(body).data?.seals.length === 2,
  },
  releases: {
    path: `${casePath}/dossier`,
    isShown: (body) => dossier.safeParse(body).data?.releases.length === 4,
  },
  history: {
    path: `${casePath}/history`,
    isShown: (body) => (z.object({ rows: z.array(row) }).safeParse(body).data?.rows.length ?? 0) > 3,
  },
  ledger: { path: '/v1/ledger', isShown: (body) => (ledgerPage.safeParse(body).data?.rows.length ?? 0) > 3 },
  process: { path: `${casePath}/process`, isShown: (body) => processView.safeParse(body).success },
  health: { path: '/v1/health', isShown: (body) => checks.safeParse(body).success },
};

describe('the api, asked by each person for each view of a released case', () => {
  let api: Harness;
  const tokens = new Map<Name, string>();
  beforeAll(async () => {
    api = await makeHarness();
    await api.provision();
    await api.walk('released');
    for (const name of names) tokens.set(name, await api.token(name));
  });
  afterAll(() => api.remove());

  const ask = async (name: Name, path: string) => {
    const response = await api.request(path, {
      headers: { authorization: `Bearer ${tokens.get(name) ?? ''}` },
    });
    return { status: response.status, body: z.json().parse(await response.json()) };
  };

  it.each(names.flatMap((name) => views.map((view) => [name, cast[name].is, view] as const)))(
    '%s (%s): %s',
    async (name, _, view) => {
      const allowed = ['person' as const, ...holdings[name]].some((each) =>
        cells.some(([holding, of, yes]) => holding === each && of === view && yes),
      );
      const { status, body } = await ask(name, asks[view].path);
      expect(asks[view].isShown(body)).toBe(allowed);
      if (view !== 'releases') expect(status).toBe(allowed ? 200 : 403);
      if (status === 403) expect(body).toMatchObject({ code: 'forbidden', status: 403 });
    },
  );

  it.each(names)('%s sees in the lists what may be read one by one', async (name) => {
    const shown = async (list: 'accounts' | 'cases') => {
      const { body } = await ask(name, `/v1/${list}`);
      return z.object({ [list]: z.array(z.unknown()) }).parse(body)[list]?.length;
    };
    const may = (view: View) => mayRead(view, new Set(holdings[name]));
    expect([await shown('accounts'), await shown('cases')]).toEqual([+may('accounts'), +may('cases')]);
  });

  it('tells whoever may not read an account’s cases nothing of which there are', async () => {
    const missing = '/v1/cases/acme-eu/2026-01-01-01';
    expect((await ask('lena', missing)).status).toBe(403);
    expect((await ask('lena', casePath)).status).toBe(403);
    expect((await ask('bob', missing)).status).toBe(404);
  });

  it('shows the shares on their way in a history to the requester and to whoever verifies, to nobody else', async () => {
    const envelopes = async (name: Name) => {
      const { body } = await ask(name, asks.history.path);
      const { rows } = z.object({ rows: z.array(row) }).parse(body);
      const shares = rows.filter((each) => each.action === 'break_glass_share_released');
      expect(shares).toHaveLength(4);
      return shares.filter((each) => each.metadata.envelope !== undefined).length;
    };
    expect(await envelopes('alice')).toBe(4);
    expect(await envelopes('ivan')).toBe(4);
    expect(await envelopes('dan')).toBe(0);
    expect(await envelopes('quinn')).toBe(0);
  });

  it('names no requester among the approvers, whatever role they hold', async () => {
    const { body } = await ask('alice', casePath);
    const { approvers } = caseView.parse(body);
    expect(approvers).not.toContain('alice');
    expect(approvers).toContain('bob');
  });
});
