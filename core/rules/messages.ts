import type { Config } from '../contracts/config.ts';
import type { Message, StreamEvent } from '../contracts/ledger.ts';
import { compose, type Happening } from './messages/compose.ts';
import { draftsOfAccount } from './messages/ofAccount.ts';
import { draftsOfCase } from './messages/ofCase.ts';
import type { Streams } from './streams.ts';

export { alarmed, holders } from './holders.ts';
export { linkTo, type Happening } from './messages/compose.ts';
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

/**
 * What people must be told because of a row.
 *
 * @param key - the row's own, so that its messages have ids that depend on nothing else
 * @param streams - as they are after all of its events
 */
export const messagesOfRow = (
  key: string,
  events: readonly StreamEvent[],
  streams: Streams,
  config: Config,
): Message[] =>
  events.flatMap((event, n) =>
    messagesFor({
      id: `${key}/${n}`,
      event,
      case: 'case' in event ? (streams.cases.get(event.case) ?? null) : null,
      account: streams.account,
      config,
      beside: events,
    }),
  );
