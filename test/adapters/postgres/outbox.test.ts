import { createLedger, createOutbox } from '../../../adapters/postgres/index.ts';
import { testDatabase } from '../../support/database.ts';
import { createMemoryLedger } from '../../support/memoryLedger.ts';
import { createMemoryOutbox } from '../../support/memoryOutbox.ts';
import { describeOutbox } from './outboxContract.ts';

describeOutbox('the outbox in Postgres', async () => {
  const pool = await (await testDatabase()).pool('writer');
  return { outbox: createOutbox(pool), fresh: () => createOutbox(pool), ledger: createLedger(pool) };
});

describeOutbox('the outbox in memory', () => {
  const ledger = createMemoryLedger();
  const outbox = createMemoryOutbox(ledger);
  return Promise.resolve({ outbox, fresh: () => outbox, ledger });
});
