/** A ledger in a real Postgres whose owner has switched the triggers off, read by the real CLI through the real api. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { z } from 'zod';
import { createLedgerReader } from '../../../adapters/postgres/index.ts';
import { insertRow } from '../../../adapters/postgres/rows.ts';
import type { Checkpoint } from '../../../core/contracts/checkpoint.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { namespaces } from '../../../core/contracts/statements.ts';
import { checkpointText } from '../../../core/evidence/checkpoint.ts';
import { ledgerRowText } from '../../../core/evidence/ledgerRow.ts';
import type { World } from '../../client/cli/world.ts';
import { checkpointsAt, isFound, mutate, someSizes, type Kind, type Random } from './ledger.ts';

/** The rows of a case from request to release, and some that came after. */
export const realRows = async (world: World): Promise<Row[]> => {
  const { harness } = world;
  await harness.provision(false);
  // An account whose custodians have not attested opens no case.
  for (const person of ['erin', 'frank', 'grace', 'heidi'] as const)
    await world.must(person, 'attest', 'acme-eu', '--kept-at', 'safe');
  await harness.walk('released');
  for (let n = 1; n <= 12; n += 1)
    await harness.ledger.transact((tx) =>
      tx.append({
        ...{ timestamp: harness.now(), actor_id: 'breakglass', actor_role: 'worker' },
        ...{ action: 'break_glass_message', resource_type: 'account', resource_id: 'acme-eu' },
        ...{ ip_address: null, user_agent: null, result: 'success', case_id: null, nonce: null },
        ...{ key: `message/${n}`, metadata: { message: `message ${n}` } },
      }),
    );
  return [...harness.ledger.rows];
};

/** Lines as a witness keeps them. */
export const signedLines = async (world: World, checkpoints: readonly Checkpoint[]): Promise<string> => {
  const lines = checkpoints.map(async (each) => {
    const checkpoint = checkpointText(each);
    const signature = await world.harness.org.sign('worker', checkpoint, namespaces.checkpoint);
    return `${JSON.stringify({ checkpoint, signature })}\n`;
  });
  return (await Promise.all(lines)).join('');
};

const verdictSchema = z.union([
  z.object({ ok: z.literal(true), witnessed: z.object({ size: z.int() }).nullable() }),
  z.object({ ok: z.literal(false), firstBad: z.int(), why: z.string() }),
]);
export type SaidByCli = z.infer<typeof verdictSchema>;

export interface LedgerCopy {
  /** Puts other rows in the place of those that differ, as the owner can once the triggers are off. */
  become(rows: readonly Row[]): Promise<void>;
  /** What `breakglass ledger verify --witness` says to what lies in Postgres now. */
  verify(): Promise<SaidByCli>;
}

/**
 * @param given.owner - a connection that may do anything to the tables
 * @param given.apiPool - what the api reads by
 */
export const openCopy = async (
  world: World,
  given: { readonly owner: pg.Client; readonly apiPool: pg.Pool; readonly rows: readonly Row[] },
  checkpoints: readonly Checkpoint[],
): Promise<LedgerCopy> => {
  const { owner, apiPool } = given;
  await owner.query('SET search_path = breakglass; ALTER TABLE agent_audit_log DISABLE TRIGGER USER');
  let stored: readonly Row[] = [];
  const become: LedgerCopy['become'] = async (rows) => {
    const before = new Map(stored.map((row) => [row.seq, ledgerRowText(row) + row.hash]));
    const isNew = (row: Row): boolean => before.get(row.seq) !== ledgerRowText(row) + row.hash;
    const fresh = rows.filter(isNew);
    const kept = new Set(rows.filter((row) => !isNew(row)).map(({ seq }) => seq));
    const gone = stored.map(({ seq }) => seq).filter((seq) => !kept.has(seq));
    await owner.query('BEGIN');
    await owner.query('DELETE FROM agent_audit_log WHERE seq = ANY($1)', [gone]);
    for (const row of fresh) await insertRow(owner, row);
    await owner.query('COMMIT');
    stored = rows;
  };
  await become(given.rows);
  world.harness.breakDown({ reader: createLedgerReader(apiPool) });
  const file = join(world.folder, 'witness.jsonl');
  await writeFile(file, await signedLines(world, checkpoints));
  return {
    become,
    verify: async () =>
      verdictSchema.parse(
        (await world.run('ivan', ['ledger', 'verify', '--witness', file, '--json'])).json(),
      ),
  };
};

/** What happened to some mutations of one kind. */
export interface Tally {
  readonly done: number;
  readonly found: number;
  /** How those that were not found were made. */
  readonly missed: readonly string[];
}

/** Does mutations of one kind in Postgres, one after another, each on the ledger as it was. */
export const tryOnCopy = async (
  world: World,
  given: Parameters<typeof openCopy>[1],
  it: { readonly kind: Kind; readonly times: number; readonly random: Random },
): Promise<Tally & { readonly untouched: boolean }> => {
  const { kind, times, random } = it;
  const { rows } = given;
  const sizes = someSizes(rows.length, random);
  const upTo = sizes.at(-1) ?? rows.length;
  const { origin, digest: config } = { origin: world.harness.org.data.origin, ...world.harness.org };
  const copy = await openCopy(world, given, await checkpointsAt(rows, sizes, { origin, config }));
  const untouchedBefore = await copy.verify();
  const missed: string[] = [];
  for (let n = 0; n < times; n += 1) {
    const mutated = mutate(kind, rows, upTo, random);
    await copy.become(mutated.rows);
    const said = await copy.verify();
    if (!isFound(said, mutated, sizes)) missed.push(`${mutated.how} at row ${mutated.changedAt}`);
    await copy.become(rows);
  }
  const untouchedAfter = await copy.verify();
  return {
    ...{ done: times, found: times - missed.length, missed },
    untouched: untouchedBefore.ok && untouchedAfter.ok && untouchedAfter.witnessed?.size === upTo,
  };
};

/** The same on exported rows. */
export const tryOnRows = async (
  rows: readonly Row[],
  it: { readonly kind: Kind; readonly times: number; readonly random: Random },
  of: Parameters<typeof checkpointsAt>[2],
  verify: (
    rows: readonly Row[],
    checkpoints: readonly Checkpoint[],
  ) => Promise<Parameters<typeof isFound>[0]>,
): Promise<Tally> => {
  const missed: string[] = [];
  for (let n = 0; n < it.times; n += 1) {
    const sizes = someSizes(rows.length, it.random);
    const checkpoints = await checkpointsAt(rows, sizes, of);
    const mutated = mutate(it.kind, rows, sizes.at(-1) ?? rows.length, it.random);
    const verdict = await verify(mutated.rows, checkpoints);
    if (!isFound(verdict, mutated, sizes)) missed.push(`${mutated.how} at row ${mutated.changedAt}`);
  }
  return { done: it.times, found: it.times - missed.length, missed };
};
