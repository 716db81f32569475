/** What a run on real servers left behind, read past our processes: the ledger, the outbox, Kratos, the channels. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';
import { createKratosAdmin } from '../../../adapters/kratos/index.ts';
import { accountWorkflowId, type AccountId } from '../../../core/contracts/ids.ts';
import { message as messageSchema, type Message, type Row } from '../../../core/contracts/ledger.ts';
import { view } from '../../../core/contracts/temporal.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { sightingId } from '../../../sentinel/report.ts';
import { chatMessages, drainTopic } from '../../whole/checks/alarm.ts';
import { reachTemporal } from '../../whole/checks/temporal.ts';
import type { Login, Taken } from '../evidence.ts';

/** Every login that Kratos has a session of, ended ones too. */
export const loginsIn = async (
  { servers }: Stack,
  account: AccountId,
  identity: string | null,
): Promise<Login[]> => {
  if (identity === null) return [];
  const admin = createKratosAdmin({ adminUrl: servers.kratos.adminUrl, timeoutMs: 10_000 });
  return (await admin.listSessions(identity)).map(({ id, firstMethodAt, issuedAt }) => ({
    ...{ session: id, at: issuedAt },
    sighting: sightingId(account, identity, firstMethodAt ?? issuedAt),
  }));
};

const outboxRow = z.object({ message: messageSchema });

export const messagesIn = async (pool: pg.Pool): Promise<Message[]> =>
  z
    .array(outboxRow)
    .parse((await pool.query('SELECT message FROM outbox ORDER BY seq, id')).rows)
    .map(({ message }) => message);

/** What the chat and the topic took, under the ids of the messages and alarms that there are. */
export const takenBy = async (
  stack: Stack,
  channels: { readonly chat: string; readonly topic: string },
  rows: readonly Row[],
  messages: readonly Message[],
): Promise<Taken[]> => {
  const ids = new Set([...messages.map(({ id }) => id), ...rows.map(({ key }) => key)]);
  const chat = await chatMessages(stack);
  const told = chat.map(({ whole }): Taken => {
    // The last thing that a chat message says is its id.
    const id = [...ids].find((each) => whole.includes(` · ${each}"`)) ?? 'of no message';
    return { id, channel: channels.chat, text: whole };
  });
  const topic = await drainTopic(stack);
  return [...told, ...topic.map(({ id, text }): Taken => ({ id, channel: channels.topic, text }))];
};

/** Looks at the workflows' beliefs, three seconds apart: calls of the worker still fail meanwhile. */
const looks = 10;

/**
 * What the workflows believe, closed ones too; of one that cannot be replayed what was said of it, which is no belief.
 *
 * @param isRight - ends the looks: a query may be answered before the tick of a wake has absorbed the last rows
 */
export const copiesOf = async (
  stack: Stack,
  account: AccountId,
  cases: readonly string[],
  isRight: (copies: ReadonlyMap<string, unknown>) => Promise<boolean>,
): Promise<Map<string, unknown>> => {
  const temporal = await reachTemporal(stack);
  const copies = new Map<string, unknown>();
  try {
    for (let left = looks; left > 0; left -= 1) {
      await temporal.keyed.wakeAccount(account);
      await sleep(3_000);
      for (const id of [accountWorkflowId(account), ...cases])
        copies.set(id, await temporal.keyed.raw.workflow.getHandle(id).query(view).catch(String));
      if (await isRight(copies)) break;
    }
    return copies;
  } finally {
    await temporal.close();
  }
};
