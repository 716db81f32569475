/** What core/contracts/ledger.ts promises, of whichever ledger keeps it. */
import { describe, expect, it } from 'vitest';
import type { Ledger, Message, Row } from '../../../core/contracts/ledger.ts';
import { verifyChain } from '../../../core/evidence/chain.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import { LedgerConflict, TransactionMisused } from '../../../adapters/postgres/index.ts';
import {
  account,
  authorised,
  caseOne,
  caseTwo,
  eventOfAccount,
  nonceOf,
  note,
  requested,
  sample,
} from './samples.ts';

/** A ledger and what it has committed. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  readonly rows: () => Promise<readonly Row[]>;
  readonly messages: () => Promise<readonly Message[]>;
}

/** @param open - gives an empty ledger */
export function describeLedger(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(name, () => {
    it('numbers rows from 1 and links each to the one before', async () => {
      const { ledger, rows } = await open();
      const first = await ledger.transact((tx) => tx.append(sample('a')));
      const second = await ledger.transact((tx) => tx.append(sample('b')));
      expect([first.seq, first.previous]).toEqual([1, '0'.repeat(64)]);
      expect([second.seq, second.previous]).toEqual([2, first.hash]);
      expect(await rows()).toEqual([first, second]);
    });

    it('keeps the chain right when 20 transactions append at once, some of them two rows', async () => {
      const { ledger, rows } = await open();
      const writes = Array.from({ length: 20 }, (_, n) =>
        ledger.transact(async (tx) => {
          await tx.append(sample(`one/${n}`));
          if (n % 2 === 0) await tx.append(sample(`two/${n}`));
        }),
      );
      await Promise.all(writes);
      const stored = await rows();
      expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
      expect(await verifyChain(stored.map(chainRow))).toMatchObject({ ok: true, rows: 30 });
    });

    it('keeps what was read true until commit: of 10 who add a row only if there is none, one does', async () => {
      const { ledger, rows } = await open();
      const once = (n: number): Promise<void> =>
        ledger.transact(async (tx) => {
          const before = await tx.rowsOfCase(caseOne, 0);
          if (before.length === 0) await tx.append(authorised(`try/${n}`, caseOne));
        });
      await Promise.all(Array.from({ length: 10 }, (_, n) => once(n)));
      expect(await rows()).toHaveLength(1);
    });

    it('shows a key that was written, in the same transaction and in later ones', async () => {
      const { ledger } = await open();
      const [none, inside] = await ledger.transact(async (tx) => {
        const before = await tx.rowByKey('step');
        await tx.append(sample('step'));
        return [before, await tx.rowByKey('step')] as const;
      });
      const later = await ledger.transact((tx) => tx.rowByKey('step'));
      expect(none).toBeNull();
      expect(inside?.seq).toBe(1);
      expect(later).toEqual(inside);
    });

    it('refuses a second row under one key', async () => {
      const { ledger, rows } = await open();
      await ledger.transact((tx) => tx.append(sample('step')));
      const again = ledger.transact((tx) => tx.append(sample('step', { actor_id: 'eve' })));
      await expect(again).rejects.toMatchObject({ name: 'LedgerConflict', on: 'key' });
      expect(await rows()).toHaveLength(1);
    });

    it('takes a nonce once for an accepted statement, and lets a refused one leave it unused', async () => {
      const { ledger } = await open();
      const nonce = nonceOf('a');
      await ledger.transact((tx) => tx.append(sample('refused', { nonce, result: 'refused' })));
      expect(await ledger.transact((tx) => tx.isNonceUsed(nonce))).toBe(false);
      await ledger.transact((tx) => tx.append(sample('accepted', { nonce })));
      expect(await ledger.transact((tx) => tx.isNonceUsed(nonce))).toBe(true);
      const again = ledger.transact((tx) => tx.append(sample('replayed', { nonce })));
      await expect(again).rejects.toMatchObject({ name: 'LedgerConflict', on: 'nonce' });
    });

    it('gives the rows that carry events of a case or an account, after a number, whatever case a row names', async () => {
      const { ledger } = await open();
      await ledger.transact(async (tx) => {
        await tx.append(requested(caseOne));
        await tx.append(sample('refused', { case_id: caseOne, result: 'refused' }));
        await tx.append(authorised('elsewhere', caseOne, { case_id: null }));
        await tx.append(authorised('other', caseTwo));
        await tx.append(sample('account', { metadata: { events: eventOfAccount('s1') } }));
      });
      const seqs = (rows: readonly Row[]): number[] => rows.map(({ seq }) => seq);
      const [all, after, ofAccount] = await ledger.transact(async (tx) => [
        seqs(await tx.rowsOfCase(caseOne, 0)),
        seqs(await tx.rowsOfCase(caseOne, 1)),
        seqs(await tx.rowsOfAccount(account, 0)),
      ]);
      expect(all).toEqual([1, 3]);
      expect(after).toEqual([3]);
      expect(ofAccount).toEqual([1, 5]);
    });

    it('writes nothing when its work fails, and goes on afterwards', async () => {
      const { ledger, rows, messages } = await open();
      const failed = ledger.transact(async (tx) => {
        await tx.append(sample('a'));
        await tx.enqueue(note('m1'));
        throw new RangeError('the rules said no');
      });
      await expect(failed).rejects.toThrow(new RangeError('the rules said no'));
      expect([await rows(), await messages()]).toEqual([[], []]);
      expect((await ledger.transact((tx) => tx.append(sample('b')))).seq).toBe(1);
    });

    it('writes nothing when its work swallows an error of the transaction', async () => {
      const { ledger, rows } = await open();
      await ledger.transact((tx) => tx.append(sample('taken')));
      const swallowing = ledger.transact(async (tx) => {
        await tx.append(sample('new'));
        await tx.append(sample('taken')).catch((error: unknown) => {
          expect(error).toBeInstanceOf(LedgerConflict);
        });
      });
      await expect(swallowing).rejects.toBeInstanceOf(TransactionMisused);
      expect(await rows()).toHaveLength(1);
    });

    it('cannot be used after its work has ended', async () => {
      const { ledger, rows } = await open();
      const kept = await ledger.transact((tx) => Promise.resolve({ tx }));
      await expect(kept.tx.append(sample('late'))).rejects.toBeInstanceOf(TransactionMisused);
      await expect(kept.tx.rowByKey('late')).rejects.toBeInstanceOf(TransactionMisused);
      expect(await rows()).toEqual([]);
    });

    it('chains appends that are not awaited one by one', async () => {
      const { ledger, rows } = await open();
      await ledger.transact((tx) => Promise.all([tx.append(sample('a')), tx.append(sample('b'))]));
      expect(await verifyChain((await rows()).map(chainRow))).toMatchObject({ ok: true, rows: 2 });
    });

    it('stores text from outside so that it reads back as it was hashed', async () => {
      const { ledger, rows } = await open();
      const hostile = 'e\u0301 \0 \ud800 \u202e" \\u0000';
      const metadata = { seen: hostile, nested: [{ left: undefined, right: hostile }] };
      const row = await ledger.transact((tx) =>
        tx.append(
          sample('a', {
            user_agent: hostile,
            metadata: JSON.parse(JSON.stringify(metadata)) as typeof metadata,
          }),
        ),
      );
      expect(row.user_agent).toBe('\u00e9 \ufffd \ufffd \u202e" \\u0000');
      expect(await rows()).toEqual([row]);
      expect(await verifyChain((await rows()).map(chainRow))).toMatchObject({ ok: true });
    });

    it.each([
      ['a fraction', { metadata: { minutes: 0.5 } }],
      ['a number beyond 2^53', { metadata: { big: 2 ** 53 } }],
      ['an unknown action', { action: 'break_glass_party' as 'break_glass_alarm' }],
      ['a time without milliseconds', { timestamp: '2026-11-21T08:00:00Z' }],
    ])('refuses %s', async (_, more) => {
      const { ledger, rows } = await open();
      await expect(ledger.transact((tx) => tx.append(sample('a', more)))).rejects.toThrow(/\.|at /);
      expect(await rows()).toEqual([]);
    });

    it('enqueues a message once by its id, with the row that causes it', async () => {
      const { ledger, messages } = await open();
      const notice = (key: string): Promise<void> =>
        ledger.transact(async (tx) => {
          await tx.append(sample(key));
          await tx.enqueue(note('m1'));
        });
      await notice('a');
      await notice('b');
      expect(await messages()).toEqual([note('m1')]);
    });

    it('refuses another message under a known id, and a message without a row', async () => {
      const { ledger, messages } = await open();
      await ledger.transact(async (tx) => {
        await tx.append(sample('a'));
        await tx.enqueue(note('m1'));
      });
      const other = ledger.transact(async (tx) => {
        await tx.append(sample('b'));
        await tx.enqueue(note('m1', { title: 'Something else' }));
      });
      await expect(other).rejects.toMatchObject({ name: 'LedgerConflict', on: 'message' });
      await expect(ledger.transact((tx) => tx.enqueue(note('m2')))).rejects.toBeInstanceOf(
        TransactionMisused,
      );
      expect(await messages()).toEqual([note('m1')]);
    });
  });
}
