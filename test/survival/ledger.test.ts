/** The ledger changed by whoever owns the database, against what a witness kept of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../core/contracts/ledger.ts';
import { makeWorld, type World } from '../client/cli/world.ts';
import { testDatabase } from '../support/database.ts';
import { checkpointsAt, kinds, seeded, someSizes, verifyRows } from './checks/ledger.ts';
import { realRows, tryOnCopy, tryOnRows } from './checks/ledgerCopy.ts';

let world: World;
let rows: readonly Row[];
const of = () => ({ origin: world.harness.org.data.origin, config: world.harness.org.digest });

beforeAll(async () => {
  world = await makeWorld();
  rows = await realRows(world);
});
afterAll(() => world.remove());

describe('a witnessed ledger', () => {
  it.each(kinds)('%s in postgres with the triggers off: found by the cli, every time', async (kind) => {
    const database = await testDatabase();
    const given = { owner: await database.owner(), apiPool: await database.pool('api'), rows };
    const tally = await tryOnCopy(world, given, { kind, times: 4, random: seeded(41) });
    expect(tally).toEqual({ done: 4, found: 4, missed: [], untouched: true });
  });

  it.each(kinds)('%s at random: found from the last checkpoint, every time', async (kind) => {
    const tally = await tryOnRows(rows, { kind, times: 40, random: seeded(42) }, of(), verifyRows);
    expect(tally).toEqual({ done: 40, found: 40, missed: [] });
  });

  it('left untouched, whatever was appended since: nothing is reported', async () => {
    const random = seeded(43);
    for (let n = 0; n < 40; n += 1) {
      const ledger = rows.slice(0, 1 + random(rows.length));
      const sizes = someSizes(ledger.length, random);
      const verdict = await verifyRows(ledger, await checkpointsAt(ledger, sizes, of()));
      expect(verdict).toMatchObject({ ok: true, witnessed: { size: sizes.at(-1) } });
    }
  });

  it('checked by the chain alone, as before there were witnesses: a cut and a rewrite are missed', async () => {
    for (const kind of ['cut', 'rewritten'] as const) {
      const tally = await tryOnRows(rows, { kind, times: 10, random: seeded(44) }, of(), (changed) =>
        verifyRows(changed, []),
      );
      expect(tally.found).toBe(0);
    }
  });
});
