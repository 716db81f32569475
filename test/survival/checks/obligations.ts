/** Deadlines that pass while Temporal is down, or while the worker is dead. */
import { setTimeout as sleep } from 'node:timers/promises';
import { caseId } from '../../../core/contracts/ids.ts';
import type { CaseEventOf } from '../../../core/contracts/events.ts';
import { caseEventsIn } from '../../../core/rules/streams.ts';
import type { Progress } from '../../../dev/cache.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { startTemporal, type Temporal } from '../../../dev/servers/temporal.ts';
import { playUse } from '../../../dev/stack/play.ts';
import { openLookout } from '../../whole/checks/lookout.ts';
import type { Whole } from '../../whole/stack.ts';

/** For the config: deadlines in seconds, one for each outage. */
export const outageDeadlines = 'sessionLog: 45\n  postMortem: 110';

/** What came of a deadline that passed during an outage. */
export interface Overdue {
  readonly obligation: string;
  /** Its escalations; one is right. */
  readonly escalated: readonly CaseEventOf<'escalated'>[];
  /** Whole seconds from the deadline to the outage's end: none may be told as earlier. */
  readonly atLeast: number;
}

/**
 * Plays a case until it settles; Temporal is stopped past the session log's deadline, then the worker killed past
 * the post-mortem's.
 *
 * @param whole - started with {@link outageDeadlines}
 * @param beyond - seconds by which each outage outlasts the deadline
 */
export const outlastDeadlines = async (
  { stack, account, cast }: Whole,
  say: Progress,
  beyond: number,
): Promise<{ readonly overdue: readonly Overdue[]; stopTemporal(): Promise<void> }> => {
  const lookout = await openLookout(stack);
  const { temporal } = stack.servers;
  let again: Temporal | null = null;
  try {
    const id = caseId.parse((await playUse({ ...stack, account, kind: 'emergency', cast }, say)).case);
    await lookout.quiet();
    const dueOf = async (obligation: string): Promise<number> => {
      const found = (await lookout.caseState(id)).obligations.find((each) => each.id === obligation);
      if (found === undefined) throw new Error(`nobody owes ${obligation}`);
      return Date.parse(found.due);
    };
    const outlast = async (obligation: string): Promise<number> => {
      const until = (await dueOf(obligation)) + beyond * 1000;
      await sleep(Math.max(0, until - Date.now()));
      return Math.floor((Date.now() - (await dueOf(obligation))) / 1000);
    };
    const escalations = async (obligation: string): Promise<CaseEventOf<'escalated'>[]> =>
      caseEventsIn(await lookout.rowsAfter(0), id).flatMap((event) =>
        event.type === 'escalated' && event.obligation === obligation ? [event] : [],
      );
    const heard = async (obligation: string, atLeast: number): Promise<Overdue> => {
      for (let tries = 0; tries < 240 && (await escalations(obligation)).length === 0; tries += 1)
        await sleep(250);
      // Long enough for a second one, if there were to be any.
      await sleep(3_000);
      return { obligation, escalated: await escalations(obligation), atLeast };
    };

    const log = `session-log/${cast.requester}`;
    say('Temporal is stopped');
    await temporal.stop();
    const lateLog = await outlast(log);
    again = await startTemporal({
      binary: await temporalBinary(say),
      stateFolder: stack.stateFolder,
      ports: { grpc: stack.ports.temporal },
    });
    say('Temporal is back');
    const first = await heard(log, lateLog);

    const postMortem = `post-mortem/${cast.requester}`;
    say('the worker is killed');
    const worker = stack.running.get('worker');
    if (worker === undefined) throw new Error('no worker runs');
    process.kill(worker.pid, 'SIGKILL');
    await worker.exited;
    const latePostMortem = await outlast(postMortem);
    await stack.restart('worker');
    const second = await heard(postMortem, latePostMortem);
    const running = again;
    return { overdue: [first, second], stopTemporal: () => running.stop() };
  } catch (error) {
    await again?.stop();
    throw error;
  } finally {
    await lookout.close();
  }
};
