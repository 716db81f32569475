import type { Message } from '../contracts/ledger.ts';
import { compose, type Happening } from './messages/compose.ts';
import { draftsOfAccount } from './messages/ofAccount.ts';
import { draftsOfCase } from './messages/ofCase.ts';

export { alarmed, holders, linkTo, type Happening } from './messages/compose.ts';
export { commands, commandThatEnds } from './messages/commands.ts';

/**
 * What people must be told because something happened. Nothing is said that asks nothing of anybody.
 *
 * @param it - the event, with the account and the case as they are after the whole row that tells it
 * @returns messages whose ids depend on `it.id` and the audience only, so that a retry says the same
 */
export const messagesFor = (it: Happening): Message[] => {
  if ('account' in it.event) return draftsOfAccount(it, it.event.event).map((draft) => compose(it, draft));
  if (it.case === null) return [];
  return draftsOfCase(it, it.case, it.event.event).map((draft) => compose(it, draft));
};
