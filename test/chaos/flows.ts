/** The workflows of one account, without Temporal: each absorbs what its activities report, and wakes the others. */
import type { Activities } from '../../activities/index.ts';
import type { AccountEvent, CaseEvent } from '../../core/contracts/events.ts';
import { caseId, type AccountId, type CaseId, type RotationId } from '../../core/contracts/ids.ts';
import type { Submission } from '../../core/contracts/temporal.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount, type AccountState } from '../../core/rules/account/state.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import { createBook } from '../../workflows/book.ts';
import { activityOf } from '../activities/world.ts';
import { finalCause, persist } from './persist.ts';

export interface FlowsDeps {
  readonly account: AccountId;
  readonly activities: Activities;
  readonly now: () => string;
  readonly onFailure: (error: unknown) => void;
}

/** What became of one attempt of a rotation. */
export type Attempted = 'proven' | 'to be retried' | 'given up';

const openBooks = (account: AccountId) =>
  createBook<AccountState, AccountEvent>(emptyAccount(account), evolveAccount);
const caseBook = () => createBook<CaseState | null, CaseEvent>(null, evolveCase);

export const createFlows = ({ account, activities, now, onFailure }: FlowsDeps) => {
  const self = `account/${account}`;
  let accountBook = openBooks(account);
  const cases = new Map<CaseId, ReturnType<typeof caseBook>>();
  const woken = new Set<string>();
  const rotation = { run: 1, attempt: 0, isRunning: false };

  const bookOf = (id: CaseId): ReturnType<typeof caseBook> => {
    const book = cases.get(id) ?? caseBook();
    cases.set(id, book);
    return book;
  };
  const passOn = (book: { takeWakes(): string[] }): void => {
    for (const id of book.takeWakes()) woken.add(id);
    // Its case must exist before anybody can be heard by it.
    const open = accountBook.state.openCase?.case;
    if (open !== undefined && !cases.has(open)) woken.add(open);
  };

  const tick = async (id: string): Promise<void> => {
    woken.delete(id);
    const at = now();
    const asked = { key: `${id}/tick/${at}`, now: at };
    if (id === self) {
      const book = accountBook;
      book.absorb(
        await persist(() => activities.tickAccount({ id: account, ...asked, after: book.seq }), onFailure),
      );
      passOn(book);
      return;
    }
    const which = caseId.parse(id);
    const book = bookOf(which);
    book.absorb(
      await persist(() => activities.tickCase({ id: which, ...asked, after: book.seq }), onFailure),
    );
    passOn(book);
  };

  return {
    self,
    ids: (): string[] => [self, ...cases.keys()],
    woken: (): string[] => [...woken],
    /** Once or twice, in any order, for no reason: it carries nothing. */
    wake: (id: string): void => void woken.add(id),
    tick,
    /** @returns the code with which it was refused; null when it was accepted */
    async submit(to: 'account' | CaseId, submission: Submission, update: string): Promise<string | null> {
      const asked = { submission, now: now() };
      try {
        if (to === 'account') {
          const book = accountBook;
          const key = `${self}/update/${update}`;
          const heard = await persist(
            () => activities.hearAccount({ id: account, ...asked, key, after: book.seq }),
            onFailure,
          );
          book.absorb(heard.news);
          passOn(book);
        } else {
          const book = bookOf(to);
          const key = `${to}/update/${update}`;
          const heard = await persist(
            () => activities.hearCase({ id: to, ...asked, key, after: book.seq }),
            onFailure,
          );
          book.absorb(heard.news);
          passOn(book);
        }
        return null;
      } catch (error) {
        const final = finalCause(error);
        if (final === null) throw error;
        return final.message;
      }
    },
    async endSessions(id: CaseId): Promise<void> {
      const book = bookOf(id);
      book.absorb(await persist(() => activities.endSessions({ id, after: book.seq }), onFailure));
      passOn(book);
    },
    /** One attempt of the rotation's activity; a killed worker's is followed by another. */
    async attemptRotation(id: RotationId): Promise<Attempted> {
      if (rotation.isRunning) return 'to be retried';
      rotation.isRunning = true;
      rotation.attempt += 1;
      try {
        await activityOf(id, `run ${rotation.run}`, rotation.attempt).run(() =>
          activities.rotate({ rotation: id }),
        );
        return 'proven';
      } catch (error) {
        const final = finalCause(error);
        onFailure(error);
        if (final === null) return 'to be retried';
        const why = final.message;
        await persist(() => activities.recordRotationFailure({ rotation: id, why }), onFailure);
        return 'given up';
      } finally {
        rotation.isRunning = false;
        woken.add(self);
      }
    },
    /** A run of the rotation's workflow was lost: the next counts its attempts anew. */
    restartRotation: (): void => {
      rotation.run += 1;
      rotation.attempt = 0;
    },
    /** The account continues as new: its copy passes through JSON. */
    continueAsNew: (): void => {
      const { state, seq } = accountBook;
      accountBook = createBook<AccountState, AccountEvent>(
        JSON.parse(JSON.stringify(state)) as AccountState,
        evolveAccount,
        seq,
      );
      woken.add(self);
    },
    /** Terminated, and built again from the ledger. */
    rebuild: (id: string): void => {
      if (id === self) accountBook = openBooks(account);
      else cases.set(caseId.parse(id), caseBook());
      woken.add(id);
    },
    copies: (): Map<string, unknown> =>
      new Map<string, unknown>([
        [self, accountBook.state],
        ...[...cases].map(([id, { state }]): [string, unknown] => [id, state]),
      ]),
  };
};
export type Flows = ReturnType<typeof createFlows>;
