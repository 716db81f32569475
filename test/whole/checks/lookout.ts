/** Looking at everything a refused attempt could have changed, past the api: straight in Postgres and Kratos. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createKratosAdmin } from '../../../adapters/kratos/index.ts';
import { createLedgerReader } from '../../../adapters/postgres/index.ts';
import type { AccountId, CaseId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import type { AccountState } from '../../../core/rules/account/state.ts';
import type { CaseState } from '../../../core/rules/case/state.ts';
import { foldAccount, foldCase } from '../../../core/rules/streams.ts';
import { sha256Hex } from '../../../core/evidence/digest.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { openPool } from './database.ts';

/** What stands at one moment, each part as a digest: equal digests, nothing changed. */
export interface Facts {
  readonly cases: string;
  readonly account: string;
  readonly outbox: string;
  readonly seals: string;
  readonly logins: string;
  /** The Kratos identity: stored password hash, TOTP enrolment, traits, addresses. */
  readonly credentials: string;
  readonly sessions: string;
}

export interface Lookout {
  /** The number of the ledger's last row. */
  head(): Promise<number>;
  rowsAfter(seq: number): Promise<Row[]>;
  facts(account: AccountId): Promise<Facts>;
  accountState(account: AccountId): Promise<AccountState>;
  caseState(id: CaseId): Promise<CaseState>;
  /** Waits until nothing has been written for a while: what earlier steps set going has come to rest. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const digest = (value: unknown): string => sha256Hex(JSON.stringify(value));

/** The names of the facts that differ. */
export const changes = (before: Facts, after: Facts): string[] =>
  Object.entries(before).flatMap(([name, value]) => (after[name as keyof Facts] === value ? [] : [name]));

const text = z.array(z.object({ text: z.string() }));

export const openLookout = async (stack: Stack): Promise<Lookout> => {
  const pool = await openPool(stack);
  const reader = createLedgerReader(pool);
  const admin = createKratosAdmin({ adminUrl: stack.servers.kratos.adminUrl, timeoutMs: 10_000 });
  const texts = async (query: string): Promise<string> =>
    digest(text.parse((await pool.query(query)).rows).map((each) => each.text));

  const accountState = async (account: AccountId): Promise<AccountState> =>
    foldAccount(await reader.rowsOfAccount(account), account);
  const caseState = async (id: CaseId): Promise<CaseState> => {
    const state = foldCase(await reader.rowsOfCase(id), id);
    if (state === null) throw new Error(`the ledger has no ${id}`);
    return state;
  };
  const casesOf = async (account: AccountId): Promise<CaseState[]> => {
    const ids = (await reader.cases({ account })).flatMap(({ case_id: id }) => (id === null ? [] : [id]));
    return Promise.all(ids.map(caseState));
  };
  const credentialsOf = async (identity: string): Promise<string> =>
    digest([
      await admin.passwordHashDigest(identity),
      await admin.totpCreatedAt(identity),
      await admin.getIdentityShape(identity),
    ]);
  const head = async (): Promise<number> => (await reader.head()).seq;

  return {
    head,
    rowsAfter: (seq) => reader.rowsAfter(seq, 1_000),
    accountState,
    caseState,
    facts: async (account) => {
      const state = await accountState(account);
      if (state.identity === null) throw new Error(`${account} is not provisioned`);
      return {
        cases: digest(await casesOf(account)),
        account: digest(state),
        outbox: await texts('SELECT id || message AS text FROM outbox ORDER BY id'),
        seals: await texts('SELECT digest AS text FROM seals ORDER BY digest'),
        logins: await texts('SELECT id AS text FROM break_glass_events ORDER BY id'),
        credentials: await credentialsOf(state.identity),
        sessions: digest(
          (await admin.listSessions(state.identity)).map(({ id, active }) => ({ id, active })),
        ),
      };
    },
    quiet: async () => {
      let [seen, still] = [await head(), 0];
      for (let tries = 0; tries < 100 && still < 8; tries += 1) {
        await sleep(200);
        const now = await head();
        still = now === seen ? still + 1 : 0;
        seen = now;
      }
      if (still < 8) throw new Error('the ledger never came to rest');
    },
    close: () => pool.end(),
  };
};
