import { z } from 'zod';
import type { Stack } from './index.ts';
import type { Played } from './play.ts';
import { rowsOf } from './times.ts';

/** One promise of the design that a played case touched, and what was seen of it. */
export interface Check {
  readonly promise: string;
  readonly holds: boolean;
  readonly seen: string;
}

const slackMessages = async (stack: Stack): Promise<string[]> => {
  const answer = await fetch(stack.servers.slack.messagesUrl);
  return z
    .array(z.unknown())
    .parse(await answer.json())
    .map((each) => JSON.stringify(each));
};

/** Checks, from outside the processes, the promises that one case touches. */
export const checkPromises = async (stack: Stack, { case: id, view, session }: Played): Promise<Check[]> => {
  const rows = await rowsOf(stack.cli, 'tomas', id);
  const sighting = view.sightings.find((each) => each.session === session)?.id ?? 'none';
  // A channel that took the alarm after its row was written has a row of its own.
  const alarms = rows.filter(
    (each) => each.action === 'break_glass_alarm' && each.metadata['sighting'] === sighting,
  );
  const accepted = z.record(z.string(), z.unknown()).catch({});
  const channels = [
    ...new Set(alarms.flatMap((each) => Object.keys(accepted.parse(each.metadata['accepted'])))),
  ];
  const rung = (await slackMessages(stack)).filter((each) => each.includes(sighting));
  const approvers = new Set(
    rows.filter((each) => each.action === 'break_glass_approved').map((each) => each.actor_id),
  );
  const verified = await stack.cli('tomas', 'ledger', 'verify');
  const owed = view.obligations.filter((each) => each.ended === null).length;
  const generation = view.newPair?.password.generation ?? 0;
  return [
    {
      promise: 'always a way in',
      holds: generation > view.pair.password.generation,
      seen: `generation ${generation} sealed, set and proven by a login to aal2`,
    },
    {
      promise: 'every login rings',
      holds: channels.length === 2 && rung.length > 0,
      seen: `accepted by ${channels.join(' and ')}`,
    },
    {
      promise: 'nothing owed is lost',
      holds: owed === 0 && view.obligations.length > 0,
      seen: `${view.obligations.length} obligations, ${owed} open`,
    },
    {
      promise: 'nobody opens it alone',
      holds: approvers.size >= view.need && view.by !== null && !approvers.has(view.by),
      seen: `signed by ${[...approvers].join(' and ')}, asked by ${view.by ?? 'nobody'}`,
    },
    {
      promise: 'the old credential is dead',
      holds: view.oldCredential === 'refused',
      seen: `tried by the requester's machine after the rotation: ${view.oldCredential ?? 'not yet'}`,
    },
    {
      promise: 'the ledger cannot be changed unseen',
      holds: verified.exit === 0,
      seen: verified.stdout.trim() || verified.stderr.trim(),
    },
  ];
};
