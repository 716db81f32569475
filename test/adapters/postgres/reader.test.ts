import { describe, expect, it } from 'vitest';
import { createLedger, createLedgerReader, verifyLedger } from '../../../adapters/postgres/index.ts';
import type { Row, RowDraft } from '../../../core/contracts/ledger.ts';
import { testDatabase } from '../../support/database.ts';
import {
  account,
  authorised,
  caseOne,
  caseTwo,
  claimed,
  detected,
  gone,
  login,
  requested,
  sample,
  sessionOf,
} from './samples.ts';

/** The api's reader over a ledger with these rows. */
const readerOf = async (...drafts: RowDraft[]) => {
  const database = await testDatabase();
  const ledger = createLedger(await database.pool('writer'));
  await ledger.transact(async (tx) => {
    for (const draft of drafts) await tx.append(draft);
  });
  const pool = await database.pool('api');
  return { reader: createLedgerReader(pool), pool };
};
const seqs = (rows: readonly Row[]): number[] => rows.map(({ seq }) => seq);
const envelope = { statement: '{"type":"approval"}', signature: 'signed' };

describe('the reader of the ledger', () => {
  it('knows the head, before the first row too', async () => {
    const { reader: empty } = await readerOf();
    expect(await empty.head()).toEqual({ seq: 0, hash: '0'.repeat(64) });
    expect(await verifyLedger(empty)).toMatchObject({ ok: true, rows: 0 });
    const { reader } = await readerOf(sample('a'), sample('b'));
    const [, last] = await reader.rowsAfter(0, 10);
    expect(await reader.head()).toEqual({ seq: 2, hash: last?.hash });
  });

  it('pages through all rows', async () => {
    const { reader } = await readerOf(...['a', 'b', 'c', 'd', 'e'].map((key) => sample(key)));
    expect(seqs(await reader.rowsAfter(0, 2))).toEqual([1, 2]);
    expect(seqs(await reader.rowsAfter(2, 2))).toEqual([3, 4]);
    expect(seqs(await reader.rowsAfter(4, 2))).toEqual([5]);
    expect(seqs(await reader.rowsAfter(5, 2))).toEqual([]);
  });

  it('tells what a case is folded from, from what concerns it', async () => {
    const { reader } = await readerOf(
      requested(caseOne),
      sample('refused', { case_id: caseOne, result: 'refused' }),
      authorised('elsewhere', caseOne, { case_id: null }),
      authorised('other', caseTwo),
    );
    expect(seqs(await reader.rowsOfCase(caseOne))).toEqual([1, 3]);
    expect(seqs(await reader.rowsOfCase(caseOne, 1))).toEqual([3]);
    expect(seqs(await reader.historyOfCase(caseOne))).toEqual([1, 2, 3]);
    expect(seqs(await reader.rowsOfAccount(account))).toEqual([1]);
  });

  it('lists cases newest first, by account, kind and scenario', async () => {
    const { reader } = await readerOf(
      requested(caseOne),
      { ...requested(caseTwo), key: 'refused', result: 'refused' },
      requested(caseTwo, { kind: 'drill' }),
      { ...requested(caseTwo, { scenario: 'cluster-down', account: 'ops-us' }), key: 'third' },
    );
    expect(seqs(await reader.cases())).toEqual([4, 3, 1]);
    expect(seqs(await reader.cases({ account }))).toEqual([3, 1]);
    expect(seqs(await reader.cases({ account, kind: 'emergency' }))).toEqual([1]);
    expect(seqs(await reader.cases({ scenario: 'cluster-down' }))).toEqual([4]);
    expect(seqs(await reader.cases({ scenario: 'none' }))).toEqual([]);
    expect(seqs(await reader.cases({}, { limit: 2 }))).toEqual([4, 3]);
    expect(seqs(await reader.cases({}, { limit: 2, before: 3 }))).toEqual([1]);
  });

  it('tells an undeclared case from the login on, with the alarm that rang before anybody knew', async () => {
    const { reader } = await readerOf(
      sample('alarm', { action: 'break_glass_alarm', metadata: { sighting: 'sighting-1' } }),
      sample('other alarm', { action: 'break_glass_alarm', metadata: { sighting: 'sighting-2' } }),
      detected(caseOne, 'sighting-1'),
      requested(caseTwo),
    );
    expect(seqs(await reader.historyOfCase(caseOne))).toEqual([1, 3]);
    expect(seqs(await reader.cases())).toEqual([4, 3]);
    expect(seqs(await reader.cases({ account, kind: 'undeclared' }))).toEqual([3]);
    expect(seqs(await reader.cases({ kind: 'emergency' }))).toEqual([4]);
    expect(seqs(await reader.cases({ scenario: 'cluster-down' }))).toEqual([]);
  });

  it('tells every login and logout of the sessions that the case claimed, before the claim and after, once', async () => {
    const alarm = (of: string): RowDraft =>
      sample(`alarm/${of}`, { action: 'break_glass_alarm', metadata: { sighting: of } });
    const [mine, other] = [sessionOf(1), sessionOf(2)];
    const { reader } = await readerOf(
      requested(caseOne),
      // Reported before its session was known, and again afterwards.
      login('sighting-a/aal1', 'sighting-a', null),
      alarm('sighting-a'),
      login('sighting-a/session', 'sighting-a', mine),
      login('sighting-b/aal1', 'sighting-b', other),
      alarm('sighting-b'),
      claimed(caseOne, mine),
      login('sighting-a/aal2', 'sighting-a', mine),
      // The same session, seen a second time by the sweep.
      { ...login('sighting-c/aal1', 'sighting-c', mine), timestamp: '2026-11-21T07:59:00.000Z' },
      gone(other),
      gone(mine),
      requested(caseTwo),
      claimed(caseTwo, other),
    );
    expect(seqs(await reader.historyOfCase(caseOne))).toEqual([9, 1, 2, 3, 4, 7, 8, 11]);
    expect(seqs(await reader.historyOfCase(caseTwo))).toEqual([5, 6, 10, 12, 13]);
  });

  it('gives the envelopes of what was accepted, the request first', async () => {
    const { reader } = await readerOf(
      requested(caseOne),
      sample('approved', { case_id: caseOne, metadata: { envelope } }),
      sample('refused', { case_id: caseOne, result: 'refused', metadata: { envelope } }),
      sample('by the clock', { case_id: caseOne }),
      sample('elsewhere', { case_id: caseTwo, metadata: { envelope } }),
    );
    expect(await reader.envelopesOfCase(caseOne)).toEqual([
      {
        seq: 1,
        action: 'break_glass_requested',
        by: 'rob',
        envelope: { statement: '{"type":"request"}', signature: 'signed' },
      },
      { seq: 2, action: 'break_glass_approved', by: 'ana', envelope },
    ]);
  });

  it('follows the chain from a checkpoint, and says when the checkpoint is of another ledger', async () => {
    const { reader } = await readerOf(sample('a'), sample('b'), sample('c'));
    const [first] = await reader.rowsAfter(0, 1);
    const checkpoint = { seq: 1, hash: first?.hash ?? '' };
    expect(await verifyLedger(reader, checkpoint)).toMatchObject({ ok: true, rows: 2 });
    const other = { seq: 1, hash: 'f'.repeat(64) };
    expect(await verifyLedger(reader, other)).toMatchObject({ ok: false, firstBad: 2, why: 'unlinked' });
  });

  it('finds the events of a case by an index, as every role', async () => {
    const { pool } = await readerOf(requested(caseOne));
    const client = await pool.connect();
    await client.query('SET enable_seqscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT 1 FROM agent_audit_log WHERE metadata -> 'events' @> '[{"case":"x"}]'`,
    );
    client.release(true);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('agent_audit_log_events');
  });
});
