import { z } from 'zod';
import type pg from 'pg';
import { canonicalize } from '../../core/contracts/canonical.ts';
import {
  message as messageSchema,
  type Ledger,
  type LedgerTransaction,
  type Message,
  type Row,
  type RowDraft,
} from '../../core/contracts/ledger.ts';
import type { ChainHead } from '../../core/evidence/chain.ts';
import { nextRow, storable } from '../../core/evidence/ledgerRow.ts';
import {
  DatabaseError,
  DatabaseUnavailable,
  LedgerConflict,
  TransactionMisused,
  translate,
} from './errors.ts';
import { ask, type Queryable } from './query.ts';
import { insertRow, isNonceUsed, readHead, rowByKey, rowsOfAccount, rowsOfCase } from './rows.ts';

/** Woken when rows were added; the payload is the last one's number. */
export const LEDGER_CHANNEL = 'breakglass_ledger';
/** Woken when messages were added; the payload is the number of the row that caused them. */
export const OUTBOX_CHANNEL = 'breakglass_outbox';

/** Advisory lock of whoever appends, ours alone in this database. */
const APPEND_LOCK = 7_204_118_233;

/** The isolation is named because the head must be read as it is after the lock was waited for. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/**
 * The ledger in Postgres. Transactions that may append wait for each other, so rows are numbered without a gap
 * and what one has read stays true until it commits.
 *
 * `transact` throws what its work throws, and otherwise
 * - {@link DatabaseUnavailable}: try again under the same key; a commit whose answer was lost is found by it
 * - {@link LedgerConflict}: key, nonce or message id is taken
 * - {@link TransactionMisused}: the transaction was used after its work had ended, or work went on after an
 *   error; nothing was written
 * - {@link DatabaseError}: anything else, such as a role that may not
 */
export function createLedger(pool: pg.Pool): Ledger {
  return { transact: (work) => transact(pool, work) };
}

async function transact<T>(pool: pg.Pool, work: (tx: LedgerTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translate(error, 'connecting');
  });
  // A connection that dies between two queries says so by an event, and unheard it would end the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let isSound = false;
  try {
    await ask(client, 'opening a ledger transaction', BEGIN);
    await ask(client, 'waiting for the ledger', 'SELECT pg_advisory_xact_lock($1)', [APPEND_LOCK]);
    const open = openTransaction(client, await readHead(client));
    const result = await during(open, work);
    await open.finish();
    await commit(client);
    isSound = true;
    return result;
  } catch (error) {
    isSound = !(error instanceof DatabaseUnavailable) && (await rollBack(client));
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(!isSound);
  }
}

async function during<T>(open: OpenTransaction, work: (tx: LedgerTransaction) => Promise<T>): Promise<T> {
  try {
    return await work(open.tx);
  } finally {
    open.close();
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT').catch((error: unknown) => {
    throw translate(error, 'committing to the ledger');
  });
  // After a failed statement Postgres answers COMMIT by rolling back, without an error.
  if (command !== 'COMMIT') {
    throw new TransactionMisused(
      'work went on after an error of its ledger transaction; nothing was written',
    );
  }
}

function rollBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

interface OpenTransaction {
  readonly tx: LedgerTransaction;
  close(): void;
  /** Writes the messages and wakes the readers. */
  finish(): Promise<void>;
}

function openTransaction(client: Queryable, start: ChainHead): OpenTransaction {
  let head = start;
  let isOpen = true;
  const messages: { readonly message: Message; readonly after: number }[] = [];

  /** A question that came late would run on a connection that somebody else uses by then. */
  const inside =
    <In, Out>(answer: (given: In) => Promise<Out>) =>
    async (given: In): Promise<Out> => {
      if (!isOpen) throw new TransactionMisused('the ledger transaction has ended');
      return answer(given);
    };
  const ofCase = inside(([id, after]: Parameters<LedgerTransaction['rowsOfCase']>) =>
    rowsOfCase(client, id, after),
  );
  const ofAccount = inside(([id, after]: Parameters<LedgerTransaction['rowsOfAccount']>) =>
    rowsOfAccount(client, id, after),
  );

  return {
    tx: {
      rowByKey: inside((key: string) => rowByKey(client, key)),
      isNonceUsed: inside((nonce: string) => isNonceUsed(client, nonce)),
      rowsOfCase: (...given) => ofCase(given),
      rowsOfAccount: (...given) => ofAccount(given),
      append: inside(async (draft: RowDraft): Promise<Row> => {
        const row = nextRow(head, draft);
        // Before the wait: appends that are not awaited one by one still follow each other.
        head = row;
        await insertRow(client, row).catch((error: unknown) => {
          throw asConflict(error);
        });
        return row;
      }),
      enqueue: inside(async (message: Message): Promise<void> => {
        messages.push({ message: messageSchema.parse(storable(message)), after: head.seq });
        return Promise.resolve();
      }),
    },
    close: () => void (isOpen = false),
    finish: async () => {
      if (messages.length > 0 && head === start) {
        throw new TransactionMisused('a message needs the row that causes it: append one');
      }
      // The row before the message, or else the first row of the transaction.
      for (const { message, after } of messages)
        await insertMessage(client, message, Math.max(after, start.seq + 1));
      if (head !== start) await notify(client, LEDGER_CHANNEL, head.seq);
      if (messages.length > 0) await notify(client, OUTBOX_CHANNEL, head.seq);
    },
  };
}

const CONFLICTS: Readonly<Record<string, LedgerConflict['on']>> = {
  agent_audit_log_key: 'key',
  agent_audit_log_nonce: 'nonce',
  agent_audit_log_seq: 'chain',
  agent_audit_log_chain: 'chain',
};

function asConflict(error: unknown): unknown {
  const on = error instanceof DatabaseError ? CONFLICTS[error.constraint ?? ''] : undefined;
  return on === undefined ? error : new LedgerConflict(on);
}

/** The same message again is no conflict: it was enqueued by an earlier try of the same step. */
async function insertMessage(client: Queryable, message: Message, seq: number): Promise<void> {
  const insert = `INSERT INTO outbox (id, message, seq) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT outbox_id DO NOTHING RETURNING id`;
  const added = await ask(client, 'enqueueing a message', insert, [message.id, JSON.stringify(message), seq]);
  if (added.length > 0) return;
  const [stored] = await ask(client, 'reading the outbox', 'SELECT message FROM outbox WHERE id = $1', [
    message.id,
  ]);
  const known = z.object({ message: messageSchema }).parse(stored);
  if (canonicalize(known.message) !== canonicalize(message)) throw new LedgerConflict('message');
}

async function notify(client: Queryable, channel: string, seq: number): Promise<void> {
  await ask(client, 'waking readers', 'SELECT pg_notify($1, $2)', [channel, String(seq)]);
}
