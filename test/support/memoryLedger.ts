/** The ledger's contract in memory, for tests of what stands on it. */
import { canonicalize } from '../../core/contracts/canonical.ts';
import type { Ledger, LedgerTransaction, Message, Row } from '../../core/contracts/ledger.ts';
import { message as messageSchema } from '../../core/contracts/ledger.ts';
import { GENESIS_HASH, type ChainHead } from '../../core/evidence/chain.ts';
import { nextRow, storable } from '../../core/evidence/ledgerRow.ts';
import { AFTER_ERROR, LedgerConflict, TransactionMisused } from '../../adapters/postgres/errors.ts';

export interface MemoryLedger extends Ledger {
  /** What was committed, in order. */
  readonly rows: readonly Row[];
  /** The outbox, in order. */
  readonly messages: readonly Message[];
  /** The row that caused each message, by the message's id. */
  readonly causes: ReadonlyMap<string, number>;
}

/** Rows are handed out as they are: nobody can change one, and thousands are read without a copy. */
const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};

/** Transactions run one after another; one that fails leaves nothing. Rows are chained as in Postgres. */
export function createMemoryLedger(): MemoryLedger {
  const rows: Row[] = [];
  const messages: Message[] = [];
  const causes = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    rows,
    messages,
    causes,
    transact: (work) => {
      const mine = last.then(() => transact({ rows, messages, causes }, work));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

interface Kept {
  readonly rows: Row[];
  readonly messages: Message[];
  readonly causes: Map<string, number>;
}

async function transact<T>(
  { rows, messages, causes }: Kept,
  work: (tx: LedgerTransaction) => Promise<T>,
): Promise<T> {
  const added: Row[] = [];
  const enqueued: Message[] = [];
  const state = { isOpen: true, isBroken: false };
  const seen = (): Row[] => {
    if (!state.isOpen) throw new TransactionMisused('the ledger transaction has ended');
    if (state.isBroken) throw new TransactionMisused(AFTER_ERROR);
    return [...rows, ...added];
  };
  const conflict = (on: LedgerConflict['on']): LedgerConflict => {
    state.isBroken = true;
    return new LedgerConflict(on);
  };
  const carrying = (name: 'account' | 'case', id: string, after: number): Row[] =>
    seen()
      .slice(after)
      .filter(({ metadata: { events = [] } }) =>
        events.some((each) => name in each && Reflect.get(each, name) === id),
      );
  const isUsed = (all: readonly Row[], nonce: string): boolean =>
    all.some((row) => row.result === 'success' && row.nonce === nonce);

  const tx: LedgerTransaction = {
    rowByKey: async (key) => Promise.resolve(seen().find((row) => row.key === key) ?? null),
    isNonceUsed: async (nonce) => Promise.resolve(isUsed(seen(), nonce)),
    rowsOfCase: async (id, after) => Promise.resolve(carrying('case', id, after)),
    rowsOfAccount: async (id, after) => Promise.resolve(carrying('account', id, after)),
    append: async (draft) => {
      const all = seen();
      const head: ChainHead = all.at(-1) ?? { seq: 0, hash: GENESIS_HASH };
      const row = nextRow(head, draft);
      if (all.some(({ key }) => key === row.key)) throw conflict('key');
      if (row.result === 'success' && row.nonce !== null && isUsed(all, row.nonce)) throw conflict('nonce');
      added.push(frozen(row));
      return Promise.resolve(row);
    },
    enqueue: async (message) => {
      seen();
      enqueued.push(messageSchema.parse(storable(message)));
      return Promise.resolve();
    },
  };

  let result: T;
  try {
    result = await work(tx);
  } finally {
    state.isOpen = false;
  }
  if (state.isBroken) {
    throw new TransactionMisused(
      'work went on after an error of its ledger transaction; nothing was written',
    );
  }
  if (enqueued.length > 0 && added.length === 0) {
    throw new TransactionMisused('a message needs the row that causes it: append one');
  }
  const fresh = enqueued.filter((message, place) =>
    isNew(message, [...messages, ...enqueued.slice(0, place)]),
  );
  rows.push(...added);
  messages.push(...fresh);
  for (const { id } of fresh) causes.set(id, rows.at(-1)?.seq ?? 0);
  return result;
}

function isNew(message: Message, known: readonly Message[]): boolean {
  const same = known.find(({ id }) => id === message.id);
  if (same === undefined) return true;
  if (canonicalize(same) !== canonicalize(message)) throw new LedgerConflict('message');
  return false;
}
