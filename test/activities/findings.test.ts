import { describe, expect, it } from 'vitest';
import type { IdentitySummary } from '../../adapters/kratos/index.ts';
import { findingsSince } from '../../activities/rotation/findings.ts';

const before = '2026-11-21T07:00:00.000000Z';
const since = '2026-11-21T08:00:00.000Z';
const after = '2026-11-21T09:00:00.000000Z';
const address = 'breakglass@acme.example';
const provisioned = '7d1f5a90-0000-4000-8000-000000000000';

const identity = (members: Partial<IdentitySummary>): IdentitySummary => ({
  ...{ id: '0f0c9a2b-0000-4000-8000-000000000000', email: 'x@acme.example', role: 'member', state: 'active' },
  ...{ createdAt: before, updatedAt: before },
  ...members,
});
const kratosOf = (...all: IdentitySummary[]) => ({
  listAdmins: () => Promise.resolve(all.filter((each) => each.role === 'admin')),
  listIdentitiesSince: (from: string) =>
    Promise.resolve(all.filter((each) => Date.parse(each.createdAt) >= Date.parse(from))),
});
const own = [
  { address, identity: provisioned },
  { address: 'next@acme.example', identity: null },
];
const idsFor = async (since_: string | null, ...all: IdentitySummary[]): Promise<string[]> =>
  (await findingsSince(kratosOf(...all), { since: since_, own, leftover: [] })).map(({ id }) => id);

describe('what a rotation looks for besides its own identity', () => {
  it.each([
    ['an admin that was made', { role: 'admin', createdAt: after, updatedAt: after }, ['admin-0f0c9a2b']],
    ['a member that became admin', { role: 'admin', updatedAt: after }, ['admin-0f0c9a2b']],
    ['a member that was made', { createdAt: after, updatedAt: after }, ['identities']],
    ['an admin of before', { role: 'admin' }, []],
    ['a member that changed something', { updatedAt: after }, []],
    ['another break-glass account', { role: 'admin', updatedAt: after, email: address, id: provisioned }, []],
    [
      'another break-glass account whose address was changed',
      { role: 'admin', updatedAt: after, email: 'elsewhere@evil.example', id: provisioned },
      [],
    ],
    [
      'an admin that was given the address of a break-glass account',
      { role: 'admin', createdAt: after, updatedAt: after, email: address },
      ['admin-0f0c9a2b'],
    ],
    [
      'a break-glass account that is about to be provisioned',
      { role: 'admin', createdAt: after, updatedAt: after, email: 'next@acme.example' },
      [],
    ],
  ])('%s', async (_, members, ids) => {
    expect(await idsFor(since, identity(members))).toEqual(ids);
  });

  it('is nothing when no case asked for the rotation, but for what the identity itself has kept', async () => {
    const made = identity({ role: 'admin', createdAt: after, updatedAt: after });
    expect(await idsFor(null, made)).toEqual([]);
    const leftover = [{ type: 'passkey', reason: 'kratos cannot' }];
    const found = await findingsSince(kratosOf(made), { since: null, own, leftover });
    expect(found).toMatchObject([
      { id: 'credential-passkey', says: expect.stringContaining('kratos cannot') as string },
    ]);
  });

  it('says many new identities in one', async () => {
    const many = Array.from({ length: 30 }, () => identity({ createdAt: after }));
    const found = await findingsSince(kratosOf(...many), { since, own, leftover: [] });
    expect(found).toHaveLength(1);
    expect(found[0]?.says).toContain('and 10 more');
  });
});
