/** The clocks of worker and sentinel step by an hour while deadlines are pending. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutbox } from '../../../adapters/postgres/index.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { wake } from '../../../core/contracts/temporal.ts';
import { accountEventsIn, caseEventsIn } from '../../../core/rules/streams.ts';
import type { Progress } from '../../../dev/cache.ts';
import { acceptances } from '../../../dev/stack/times.ts';
import { noticed, type SteppedClock } from '../../support/steppedClock.ts';
import { withPool } from '../../whole/checks/database.ts';
import { openLookout } from '../../whole/checks/lookout.ts';
import { reachTemporal } from '../../whole/checks/temporal.ts';
import type { Whole } from '../../whole/stack.ts';
import { logInWithLive } from './namedOpens.ts';
import { until } from './watched.ts';

/** For the config: deadlines of logins that nobody declares, long enough for a step in between. */
export const stepDeadlines = 'claim: 20\n  answer: 45';

/** In seconds: by as much a machine's clock may be off before the processes say so. */
const tolerance = 5;

interface Pending {
  readonly deadline: string;
  readonly due: number;
  /** The lateness that each event told which it has brought about so far. */
  readonly told: () => Promise<readonly number[]>;
}

/** A deadline that came while the clocks were wrong. Seconds. */
export interface Met {
  readonly deadline: string;
  /** How late each event that it brought about says it is; one is right. */
  readonly told: readonly number[];
  /** From the deadline until this process, whose clock is right, saw the first of them. */
  readonly seenAfter: number;
}

export interface Stepped {
  readonly hours: 1 | -1;
  /** By how many seconds each process says that its machine's clock is off. */
  readonly noticed: readonly number[];
  readonly met: readonly Met[];
  /** Times in the rows written meanwhile at which they were not written. */
  readonly astray: readonly string[];
  /** Deliveries that still wait. */
  readonly undelivered: number;
}

const timesIn = ({ timestamp, metadata }: Row): string[] => [
  timestamp,
  ...Object.values(acceptances.safeParse(metadata).data?.accepted ?? {}),
];

/**
 * Steps an hour ahead and, once set right again, an hour back. Strangers log in before and after a step, so that
 * deadlines stand from before it and begin under it; workflows are woken after it, and look at the time.
 *
 * @param whole - started with the clock's `nodeArguments` and with {@link stepDeadlines}
 */
export const stepClocks = async (
  { stack, account }: Whole,
  clock: SteppedClock,
  say: Progress,
): Promise<readonly Stepped[]> => {
  const lookout = await openLookout(stack);
  const temporal = await reachTemporal(stack);

  const login = async (deadline: string): Promise<Pending> => {
    const { sessionId } = await logInWithLive(stack, account);
    const seen = async () =>
      (await lookout.accountState(account)).seen.find((each) => each.sighting.session === sessionId);
    await until('the login to be seen', async () => (await seen()) !== undefined);
    const it = await seen();
    if (it === undefined) throw new Error('a login that was seen is gone');
    const told = async (): Promise<number[]> =>
      accountEventsIn(await lookout.rowsAfter(0), account).flatMap((event) =>
        event.type === 'session-unclaimed' && event.sighting === it.sighting.id ? [event.late] : [],
      );
    return { deadline, due: Date.parse(it.claimBy), told };
  };
  /** The answer that somebody owes to the undeclared case of the first login. */
  const answer = async (deadline: string): Promise<Pending> => {
    const id = (await lookout.accountState(account)).undeclared[0]?.case;
    if (id === undefined) throw new Error('no undeclared case was opened');
    const owed = (await lookout.caseState(id)).obligations.find(({ kind }) => kind === 'answer');
    if (owed === undefined) throw new Error(`nobody owes ${id} an answer`);
    const told = async (): Promise<number[]> =>
      caseEventsIn(await lookout.rowsAfter(0), id).flatMap((event) =>
        event.type === 'escalated' && event.obligation === owed.id ? [event.late] : [],
      );
    return { deadline, due: Date.parse(owed.due), told };
  };
  const meet = async ({ deadline, due, told }: Pending): Promise<Met> => {
    // What never comes is told as no event at all.
    await until(deadline, async () => (await told()).length > 0).catch(() => undefined);
    const seenAfter = (Date.now() - due) / 1000;
    // Long enough for a second one, if there were to be any.
    await sleep(3_000);
    return { deadline, told: await told(), seenAfter };
  };
  const wakeAll = async (): Promise<void> => {
    await temporal.keyed.wakeAccount(account);
    for (const { case: id } of (await lookout.accountState(account)).undeclared)
      await temporal.keyed.raw.workflow.getHandle(id).signal(wake);
  };
  const waiting = (): Promise<number> =>
    withPool(stack, async (pool) => {
      const pending = await createOutbox(pool).pending(100, new Date().toISOString());
      return pending.length;
    });

  const step = async (hours: 1 | -1, before: Pending): Promise<Stepped> => {
    const [head, from] = [await lookout.head(), Date.now() - tolerance * 1000];
    await clock.set(hours * 3600);
    say(`the clocks of worker and sentinel step by ${hours} h`);
    const isNoticed = async (): Promise<boolean> =>
      (await noticed(stack)).every((ahead) => Math.abs(ahead - hours * 3600) <= tolerance);
    const [under] = await Promise.all([
      login('claim, begun after the step'),
      wakeAll(),
      until('both processes to notice', isNoticed),
    ]);
    const met = await Promise.all([before, under].map(meet));
    await until('what was said to arrive', async () => (await waiting()) === 0).catch(() => undefined);
    const times = (await lookout.rowsAfter(head)).flatMap(timesIn);
    const to = Date.now() + tolerance * 1000;
    const astray = times.filter((each) => Date.parse(each) < from || Date.parse(each) > to);
    return { hours, noticed: await noticed(stack), met, astray, undelivered: await waiting() };
  };

  try {
    const ahead = await step(1, await login('claim, pending at the step'));
    await clock.set(0);
    // They tell of a wrong clock once: they must see in between that it is right, and look every ten seconds.
    await sleep(12_000);
    return [ahead, await step(-1, await answer('answer, pending at the step'))];
  } finally {
    await temporal.close();
    await lookout.close();
  }
};

/** What went wrong in a step, in words; empty when nothing did. */
export const shortfallsOf = ({ met, astray, undelivered }: Stepped): string[] => [
  ...met.flatMap(({ deadline, told, seenAfter }) => [
    ...(told.length === 1 ? [] : [`${deadline}: fired ${told.length} times`]),
    ...(told.length === 0 || seenAfter >= -tolerance ? [] : [`${deadline}: ${-seenAfter} s early`]),
    ...told
      .filter((late) => late > seenAfter + tolerance)
      .map((late) => `${deadline}: told as ${late} s late, ${seenAfter} s after it`),
  ]),
  ...astray.map((time) => `a row says ${time}`),
  ...(undelivered === 0 ? [] : [`${undelivered} deliveries wait`]),
];
