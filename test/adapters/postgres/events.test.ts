import { describe, expect, it } from 'vitest';
import { createSightingStore } from '../../../adapters/postgres/index.ts';
import { sighting, type Sighting } from '../../../core/contracts/events.ts';
import { accountId } from '../../../core/contracts/ids.ts';
import { testDatabase } from '../../support/database.ts';
import { account, at } from './samples.ts';

const session = '0b9f1f9e-5c57-4a3e-9d5e-6a1d5a1d2f10';

const login = (id: string, more: Partial<Sighting> = {}): Sighting =>
  sighting.parse({
    ...{
      id,
      account,
      identity: 'identity-1',
      session: null,
      aal: 'aal1',
      method: 'password',
      ip: '192.0.2.7',
    },
    ...{ userAgent: 'browser', at, source: 'kratos-hook', ...more },
  });

describe('logins as recorded', () => {
  it('are kept once by id, however often they are reported', async () => {
    const store = createSightingStore(await (await testDatabase()).pool('writer'));
    const reports = await Promise.all(
      Array.from({ length: 5 }, () => store.recordSighting(login('sighting-1'))),
    );
    expect(reports.toSorted()).toEqual(['first', 'known', 'known', 'known', 'known']);
    expect(await store.list()).toEqual([
      { first: login('sighting-1'), details: [], latest: login('sighting-1') },
    ]);
  });

  it('gather what becomes known later: the session, then the second factor', async () => {
    const store = createSightingStore(await (await testDatabase()).pool('writer'));
    const confirmed = login('sighting-1', {
      session,
      source: 'session-sweep',
      at: '2026-11-21T08:00:03.000Z',
    });
    const stronger = login('sighting-1', { aal: 'aal2', method: 'totp' });
    expect(await store.recordSighting(login('sighting-1'))).toBe('first');
    expect(await store.recordSighting(confirmed)).toBe('detail');
    expect(await store.recordSighting(stronger)).toBe('detail');
    expect(await store.recordSighting({ ...confirmed, at: '2026-11-21T08:01:00.000Z' })).toBe('known');
    expect(await store.list()).toEqual([
      {
        first: login('sighting-1'),
        details: [confirmed, stronger],
        latest: login('sighting-1', { session, aal: 'aal2' }),
      },
    ]);
  });

  it('are listed newest first, of one account or of all', async () => {
    const store = createSightingStore(await (await testDatabase()).pool('writer'));
    const other = accountId.parse('ops-us');
    await store.recordSighting(login('sighting-1'));
    await store.recordSighting(login('sighting-2', { account: other, at: '2026-11-21T09:00:00.000Z' }));
    await store.recordSighting(login('sighting-3', { at: '2026-11-21T10:00:00.000Z' }));
    const ids = async (which?: Parameters<typeof store.list>[0]): Promise<string[]> =>
      (await store.list(which)).map(({ first }) => first.id);
    expect(await ids()).toEqual(['sighting-3', 'sighting-2', 'sighting-1']);
    expect(await ids({ account })).toEqual(['sighting-3', 'sighting-1']);
    expect(await ids({ limit: 1 })).toEqual(['sighting-3']);
  });

  it('are kept whatever a browser calls itself', async () => {
    const store = createSightingStore(await (await testDatabase()).pool('writer'));
    expect(await store.recordSighting(login('sighting-1', { userAgent: 'a\0b\ud800' }))).toBe('first');
    expect((await store.list())[0]?.first.userAgent).toBe('a\ufffdb\ufffd');
  });
});
