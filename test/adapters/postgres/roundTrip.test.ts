import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedger, createLedgerReader, verifyLedger } from '../../../adapters/postgres/index.ts';
import { metadata as metadataSchema } from '../../../core/contracts/ledger.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';
import { nonceOf, sample } from './samples.ts';

/** Any detail a row may carry: jsonb keeps neither spelling nor order of what is sent. */
const anyDetail = fc
  .dictionary(
    fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((name) => `x${name.normalize('NFC').replaceAll('\0', '')}`),
    fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }).map(wholeNumbers),
    { maxKeys: 6 },
  )
  .filter((detail) => isNfcThroughout(detail));

function wholeNumbers(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'number' ? Math.trunc(Math.min(Math.max(each, -(2 ** 53) + 1), 2 ** 53 - 1)) : each,
  );
}

/** Names of members are ours, so the ledger refuses what it would have to change in them. */
function isNfcThroughout(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, member]) =>
      name === name.normalize('NFC') && !/[\0\p{Surrogate}]/u.test(name) && isNfcThroughout(member),
  );
}

describe('a row in Postgres', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database.close());

  it('reads back as it was hashed, whatever its detail and texts', async () => {
    const pool = await database.pool('writer');
    const ledger = createLedger(pool);
    const reader = createLedgerReader(pool);
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const time = fc.date({
      min: new Date(0),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(anyDetail, text, time, async (detail, userAgent, when) => {
        count += 1;
        const draft = sample(`row/${count}`, {
          timestamp: when.toISOString(),
          user_agent: userAgent,
          metadata: metadataSchema.parse(detail),
          nonce: nonceOf('a'),
          result: 'refused',
        });
        const row = await ledger.transact((tx) => tx.append(draft));
        expect(await reader.rowsAfter(row.seq - 1, 1)).toEqual([row]);
      }),
      { numRuns: 150 },
    );
    expect(await verifyLedger(reader)).toMatchObject({ ok: true, rows: count });
  });
});
