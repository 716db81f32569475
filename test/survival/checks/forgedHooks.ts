/** Posts to the running sentinel that are no hooks of Kratos, and what came of them. */
import { randomUUID } from 'node:crypto';
import { chatMessages } from '../../whole/checks/alarm.ts';
import { changes } from '../../whole/checks/lookout.ts';
import { post } from './hookDoor.ts';
import { until, type Watched } from './watched.ts';

/** What came of forged posts to the running sentinel. */
export interface Forged {
  /** Answers to: a wrong key, a hook posted again, an unknown identity, a huge body. */
  readonly statuses: readonly number[];
  /** What differs in the account, its cases, its logins, the outbox or Kratos; and rows about the account. */
  readonly changed: readonly string[];
  readonly rows: number;
  readonly alarms: number;
  /** Warnings that rang in the chat. */
  readonly warned: readonly string[];
}

const warnings = ['posts forged login hooks', 'too large to be read', 'identity that Kratos does not know'];

/** Posts each forgery twice. */
export const forge = async (watched: Watched): Promise<Forged> => {
  const { whole, door, lookout } = watched;
  const { account, stack } = whole;
  const genuine = door.posted.at(-1);
  if (genuine === undefined) throw new Error('kratos has posted no hook');
  const stranger = genuine.body.replace(/("identityId":\s*")[^"]+/, `$1${randomUUID()}`);
  if (stranger === genuine.body) throw new Error('the hook names no identity');
  // Whatever the logins before it are still to set going must not be taken for its doing.
  await until('no login to be unanswered for', async () => {
    const { seen } = await lookout.accountState(account);
    return seen.every((each) => each.claimedFor !== null || each.rungUnclaimed);
  });
  await lookout.quiet();
  const before = { head: await lookout.head(), facts: await lookout.facts(account) };
  const rung = { alarms: await watched.rung('alarm/'), chat: (await chatMessages(stack)).length };
  const forgeries = [
    { ...genuine, key: 'a key that somebody made up' },
    genuine,
    { ...genuine, body: stranger },
    { ...genuine, body: JSON.stringify({ padding: 'x'.repeat(1_000_000) }) },
  ];
  const statuses: number[] = [];
  for (const forgery of forgeries) {
    const answers = [await post(door.target, forgery), await post(door.target, forgery)];
    statuses.push(...new Set(answers));
  }
  await lookout.quiet();
  const rows = await lookout.rowsAfter(before.head);
  const said = (await chatMessages(stack)).slice(rung.chat);
  const alarms = await watched.rung('alarm/');
  return {
    statuses,
    changed: changes(before.facts, await lookout.facts(account)),
    rows: rows.filter((row) => row.resource_id === account).length,
    alarms: alarms['incident-slack'] - rung.alarms['incident-slack'],
    warned: said.flatMap(({ whole: all }) => warnings.filter((each) => all.includes(each))).toSorted(),
  };
};
