import pg from 'pg';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import {
  createLedger,
  createLedgerReader,
  createOutbox,
  verifyLedger,
} from '../../../adapters/postgres/index.ts';
import { openDatabase, testDatabase, type TestDatabase } from '../../support/database.ts';
import { at, authorised, caseOne, note, sample } from './samples.ts';

const TABLES = [
  ...[
    'agent_audit_log',
    'seals',
    'outbox',
    'outbox_delivery',
    'break_glass_events',
    'break_glass_event_details',
  ],
] as const;
const ROLES = ['writer', 'api'] as const;

const codeOf = (query: Promise<unknown>): Promise<unknown> =>
  query.then(
    () => 'done',
    (error: unknown) => (error instanceof pg.DatabaseError ? error.code : error),
  );
const FORBIDDEN = '42501';
const APPEND_ONLY = '23001';

describe('what the processes may do in the database', () => {
  let database: TestDatabase;
  let pools: Record<(typeof ROLES)[number], pg.Pool>;
  beforeAll(async () => {
    database = await openDatabase();
    pools = { writer: await database.pool('writer'), api: await database.pool('api') };
    await createLedger(pools.writer).transact(async (tx) => {
      await tx.append(sample('first'));
      await tx.enqueue(note('m1'));
    });
  });
  afterAll(() => database.close());

  const forbidden = ROLES.flatMap((role) =>
    TABLES.flatMap((table) =>
      [
        `UPDATE ${table} SET created_at = created_at`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
        `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
        `DROP TRIGGER no_change ON ${table}`,
        `ALTER TABLE ${table} ADD COLUMN note text`,
        `DROP TABLE ${table} CASCADE`,
      ]
        .map((statement) =>
          table === 'agent_audit_log' ? statement.replaceAll('created_at', 'actor_id') : statement,
        )
        .map((statement) =>
          statement.replace(/^(UPDATE outbox_delivery .*)created_at = created_at/, '$1at = at'),
        )
        .map((statement) => [role, statement] as const),
    ),
  );
  it.each(forbidden)('the %s may not %s', async (role, statement) => {
    expect(await codeOf(pools[role].query(statement))).toBe(FORBIDDEN);
  });

  it.each(
    ROLES.flatMap((role) =>
      [
        `SET session_replication_role = replica`,
        `SET ROLE breakglass_owner`,
        `ALTER TABLE agent_audit_log DISABLE ROW LEVEL SECURITY`,
        `CREATE OR REPLACE FUNCTION breakglass.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
        `CREATE TABLE breakglass.mine (x int)`,
        `CREATE TABLE public.mine (x int)`,
        `CREATE TEMPORARY TABLE agent_audit_log (x int)`,
        `CREATE RULE hide AS ON SELECT TO agent_audit_log DO INSTEAD NOTHING`,
        `CALL breakglass.make_append_only('agent_audit_log')`,
        `INSERT INTO schema_migrations (name, run_on) VALUES ('9999_mine', now())`,
        `UPDATE schema_migrations SET name = 'x'`,
        `DO $$ BEGIN LOCK TABLE agent_audit_log IN SHARE MODE; END $$`,
        `ALTER ROLE breakglass_writer SUPERUSER`,
      ].map((statement) => [role, statement] as const),
    ),
  )('the %s may not %s', async (role, statement) => {
    expect(await codeOf(pools[role].query(statement))).toBe(FORBIDDEN);
  });

  it('the api adds to the ledger and nowhere else', async () => {
    for (const table of TABLES.slice(1)) {
      expect(await codeOf(pools.api.query(`INSERT INTO ${table} DEFAULT VALUES`))).toBe(FORBIDDEN);
    }
    const ledger = createLedger(pools.api);
    const sending = ledger.transact(async (tx) => {
      await tx.append(sample('api/1', { action: 'break_glass_refused', result: 'refused' }));
      await tx.enqueue(note('m2'));
    });
    await expect(sending).rejects.toMatchObject({ name: 'DatabaseError', code: FORBIDDEN });
  });

  it('the api adds refusals, under keys of its own, and no row that changes a stream', async () => {
    const ledger = createLedger(pools.api);
    const refusal = { action: 'break_glass_refused', result: 'refused' } as const;
    const { metadata } = authorised('x', caseOne);
    const before = (await createLedgerReader(pools.api).head()).seq;
    for (const draft of [
      sample('api/approval'),
      sample('case/ops-eu/2026-11-21-01/close', refusal),
      sample('api/events', { ...refusal, metadata }),
    ]) {
      const forged = ledger.transact((tx) => tx.append(draft));
      await expect(forged).rejects.toMatchObject({ name: 'DatabaseError', code: FORBIDDEN });
    }
    const row = await ledger.transact((tx) => tx.append(sample('api/refusal', refusal)));
    expect(row.seq).toBe(before + 1);
  });

  it('not even the writer leaves a gap, a fork or a second genesis', async () => {
    const columns = `actor_id, actor_role, action, resource_type, resource_id, result, hash, metadata, timestamp`;
    const values = `'a', 'a', 'break_glass_alarm', 'account', 'a', 'success', repeat('1', 64), '{}', now()`;
    const insert = (seq: string, previous: string): Promise<unknown> =>
      codeOf(
        pools.writer.query(
          `INSERT INTO agent_audit_log (${columns}, key, seq, previous)
           SELECT ${values}, 'forged', ${seq}, ${previous} FROM agent_audit_log ORDER BY seq DESC LIMIT 1`,
        ),
      );
    expect(await insert('seq + 2', 'hash')).toBe('23000');
    expect(await insert('seq + 1', `repeat('2', 64)`)).toBe('23000');
    expect(await insert('0', `repeat('0', 64)`)).toBe('23000');
  });

  it('nobody else may connect', async () => {
    const root = await database.superuser();
    const role = `${database.name}_stranger`;
    await root.query(`CREATE ROLE ${role} LOGIN PASSWORD 'stranger-password'`);
    const { host, port } = database.cluster;
    const stranger = new pg.Client({
      host,
      port,
      user: role,
      password: 'stranger-password',
      database: database.name,
    });
    stranger.on('error', () => undefined);
    expect(await codeOf(stranger.connect())).toBe(FORBIDDEN);
    await root.query(`DROP ROLE ${role}`);
  });
});

describe('the owner and the superuser', () => {
  it.each(['owner', 'superuser'] as const)(
    'are stopped by the triggers in every table: the %s, even as a replica',
    async (who) => {
      const database = await testDatabase();
      const pool = await database.pool('writer');
      await createLedger(pool).transact(async (tx) => {
        await tx.append(sample('a'));
        await tx.enqueue(note('m1'));
      });
      await createOutbox(pool).recordDelivery({
        ...{ id: 'm1', channel: 'sns', attempt: 1, outcome: 'failed', detail: 'no', at },
      });
      const client = await database[who]();
      if (who === 'superuser') await client.query('SET session_replication_role = replica');
      for (const [table, column] of [
        ['agent_audit_log', 'actor_id'],
        ['outbox', 'message'],
        ['outbox_delivery', 'detail'],
      ]) {
        expect(await codeOf(client.query(`UPDATE breakglass.${table} SET ${column} = ${column}`))).toBe(
          APPEND_ONLY,
        );
        expect(await codeOf(client.query(`DELETE FROM breakglass.${table}`))).toBe(APPEND_ONLY);
      }
      for (const table of TABLES) {
        expect(await codeOf(client.query(`TRUNCATE breakglass.${table} CASCADE`))).toBe(APPEND_ONLY);
      }
    },
  );

  const edits = [
    ['edits a column', `UPDATE agent_audit_log SET actor_id = 'eve' WHERE seq = 3`, 3, 'edited'],
    [
      'edits the detail',
      `UPDATE agent_audit_log SET metadata = metadata || '{"reason":"none"}' WHERE seq = 4`,
      4,
      'edited',
    ],
    [
      'moves a time by a millisecond',
      `UPDATE agent_audit_log SET timestamp = timestamp + interval '1 ms' WHERE seq = 2`,
      2,
      'edited',
    ],
    ['makes a row unreadable', `UPDATE agent_audit_log SET action = 'party' WHERE seq = 3`, 3, 'edited'],
    ['makes a time infinite', `UPDATE agent_audit_log SET timestamp = 'infinity' WHERE seq = 3`, 3, 'edited'],
    [
      'writes text that has no canonical form',
      `UPDATE agent_audit_log SET user_agent = U&'e\\0301' WHERE seq = 5`,
      5,
      'edited',
    ],
    ['removes a row', `DELETE FROM agent_audit_log WHERE seq = 2`, 2, 'removed'],
    [
      'edits a row and makes a later one unreadable',
      `UPDATE agent_audit_log SET actor_id = 'eve', action = CASE seq WHEN 4 THEN 'party' ELSE action END WHERE seq IN (2, 4)`,
      2,
      'edited',
    ],
  ] as const;
  it.each(edits)(
    'are found out when an owner %s with the triggers disabled',
    async (_, statement, seq, why) => {
      const database = await testDatabase();
      const pool = await database.pool('writer');
      const reader = createLedgerReader(pool);
      const ledger = createLedger(pool);
      for (const key of ['a', 'b', 'c', 'd', 'e']) await ledger.transact((tx) => tx.append(sample(key)));
      expect(await verifyLedger(reader)).toMatchObject({ ok: true, rows: 5 });

      const owner = await database.owner();
      await owner.query(`SET search_path = breakglass; ALTER TABLE agent_audit_log DISABLE TRIGGER USER`);
      await owner.query(statement);
      await owner.query('ALTER TABLE agent_audit_log ENABLE ALWAYS TRIGGER no_change');

      expect(await verifyLedger(reader)).toMatchObject({ ok: false, firstBad: seq, why });
    },
  );
});
