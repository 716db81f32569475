/** One account's cases on the time-skipping server, one after another: people go a way, and time goes by. */
import { randomUUID } from 'node:crypto';
import { RefusedByProcess } from '../../../client/errors.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import type { Envelope } from '../../../core/contracts/statements.ts';
import { blockedBy } from '../../../core/rules/account/blocking.ts';
import { nextAccountDeadline } from '../../../core/rules/account/due.ts';
import { nextCaseDeadline } from '../../../core/rules/case/due.ts';
import { finalPhases, isDeclared } from '../../../core/rules/case/state.ts';
import { earliest } from '../../../core/rules/obligations.ts';
import { deedsFor, twisted, type Deed } from '../deeds.ts';
import type { Evidence } from '../evidence.ts';
import type { ChaosOrg } from '../org.ts';
import { createRandom, type Random } from '../random.ts';
import type { Tallies } from '../tally.ts';
import { account, createChaosWorld, type Sabotage } from '../world.ts';
import type { SkippingServer } from './server.ts';
import { wayOf, ways, type Moment, type Way } from './ways.ts';

export interface SkippingRun {
  readonly seed: number;
  readonly cases: number;
  /** How many of the adapters' calls fail, from 0 to 1. */
  readonly rate: number;
  readonly rotatesForReal: boolean;
  readonly sabotage?: Sabotage | 'the worker hangs';
}

export interface PlayedSkipping {
  readonly evidence: Evidence;
  readonly cases: number;
  readonly calls: Tallies;
  /** Seconds that went by on the server. */
  readonly lasted: number;
  /** The workflows there were, by their ids. */
  readonly workflows: readonly string[];
}

const origin = { ip: '203.0.113.7', userAgent: 'simulated' };
const mostRounds = 600;
/** Rounds in a row in which nothing was done and nothing was due. */
const mostIdle = 40;
/** Rounds in which only the outbox has something left: about twice its longest rest. */
const mostUnheard = 40;

const nonceOf = (random: Random): string =>
  Array.from({ length: 32 }, () => random.int(16).toString(16)).join('');

const rotationsIn = ({ rows }: Evidence): string[] =>
  rows.flatMap(({ metadata: { events = [] } }) =>
    events.flatMap(({ event }) => (event.type === 'rotation-started' ? [event.rotation] : [])),
  );

/** Plays a seed on a server where no other is played. @param signal - it took too long, and is given up */
export const playSkipping = async (
  server: SkippingServer,
  org: ChaosOrg,
  run: SkippingRun,
  signal: AbortSignal,
): Promise<PlayedSkipping> => {
  const random = createRandom(run.seed);
  const machines = random.fork();
  const { sabotage = null } = run;
  const world = createChaosWorld({
    ...{ org, random: random.fork(), rate: run.rate, rotatesForReal: run.rotatesForReal },
    ...{ sabotage: sabotage === 'the worker hangs' ? null : sabotage, clock: server.now },
    wakeAccount: () => server.client.wakeAccount(account),
  });
  const faulty = <T>(work: () => Promise<T>): Promise<T> => world.faults.run(machines.fork(), work);
  const began = server.now().getTime();
  const { activities } = world;
  server.serve({
    hearAccount: (it) => faulty(() => activities.hearAccount(it)),
    hearCase: (it) =>
      sabotage === 'the worker hangs' ? new Promise(() => undefined) : faulty(() => activities.hearCase(it)),
    tickAccount: (it) => faulty(() => activities.tickAccount(it)),
    tickCase: (it) => faulty(() => activities.tickCase(it)),
    recordGone: (it) => faulty(() => activities.recordGone(it)),
    endSessions: (it) => faulty(() => activities.endSessions(it)),
    rotate: async (it) => {
      if (world.forgetsRotation()) throw new Error('forgotten');
      try {
        return await faulty(() => activities.rotate(it));
      } finally {
        await world.lookIn(it.rotation);
      }
    },
    recordRotationFailure: (it) => faulty(() => activities.recordRotationFailure(it)),
  });

  const declared = () => world.situation().cases.filter(isDeclared);
  const isOver = (): boolean => world.situation().cases.every(({ phase }) => finalPhases.includes(phase));
  const wayOfCase = (id: CaseId): Way | null => {
    const nth = declared().findIndex((each) => each.case === id);
    return nth < 0 ? null : ways[wayOf(run, nth)];
  };
  const momentOf = (id: CaseId): Moment | null => {
    const { cases, now } = world.situation();
    const it = cases.filter(isDeclared).find((each) => each.case === id);
    return it === undefined ? null : { it, now, undeclared: cases.filter((each) => !isDeclared(each)) };
  };
  /** The cases that go their way now: the newest, and older ones that are not over. */
  const underway = (): (readonly [Way, Moment])[] =>
    declared()
      .filter((each, nth, all) => nth === all.length - 1 || !finalPhases.includes(each.phase))
      .flatMap((each) => {
        const [way, moment] = [wayOfCase(each.case), momentOf(each.case)];
        return way === null || moment === null ? [] : [[way, moment] as const];
      });

  const submit = async (to: Deed['to'], envelope: Envelope): Promise<void> => {
    try {
      const it = { envelope, origin };
      if (to === 'account') await server.client.submitToAccount(account, it, randomUUID());
      else await server.client.submitToCase(to, it, randomUUID());
    } catch (error) {
      if (!(error instanceof RefusedByProcess)) world.onFailure(error);
    }
  };
  const say = async (deed: Deed): Promise<void> => {
    const way = deed.to === 'account' ? null : wayOfCase(deed.to);
    const meant = way?.alters?.(deed, world.now()) ?? deed;
    const slip = random.chance(0.04) ? twisted(meant, org.everybody, random) : meant;
    const moment = deed.to === 'account' ? null : momentOf(deed.to);
    // What nobody does on this way, nobody does by mistake either.
    const it = moment !== null && way?.holds?.(slip, moment) === true ? meant : slip;
    const forger = random.chance(0.02) ? random.pick(org.everybody) : undefined;
    const envelope = world.sealed(it, nonceOf(random), forger);
    const again = random.chance(0.08);
    await submit(it.to, envelope);
    if (again) await submit(it.to, envelope);
  };

  const kratos = { hasGone: new Set<CaseId>(), isBackAt: null as string | null };
  const strangers = new Set<CaseId>();
  /** What happens without anybody's statement. */
  const happenings = async (): Promise<void> => {
    if (kratos.isBackAt !== null && kratos.isBackAt <= world.now()) {
      world.kratos.isDown = false;
      kratos.isBackAt = null;
    }
    for (const [way, moment] of underway()) {
      const { it, now } = moment;
      if (way.strangerComes?.(moment) === true && !strangers.has(it.case)) {
        strangers.add(it.case);
        await world.intrude();
      }
      if (way.kratosGoes?.when(moment) === true && !kratos.hasGone.has(it.case)) {
        kratos.hasGone.add(it.case);
        world.kratos.isDown = true;
        kratos.isBackAt = new Date(Date.parse(now) + way.kratosGoes.seconds * 1000).toISOString();
      }
    }
  };
  const deeds = async (): Promise<Deed[]> => {
    const asked = declared().length;
    const moments = underway();
    const isFree = isOver() && blockedBy(world.situation().account) === null;
    const possible = deedsFor(world.situation(), org.players, asked < run.cases && isFree);
    const free = possible
      // It would let cases overlap, which is tried in memory.
      .filter(({ members }) => members['type'] !== 'override')
      .filter((deed) => !moments.some(([way, moment]) => way.holds?.(deed, moment) === true));
    const added = moments.flatMap(([way, moment]) => way.adds?.(moment) ?? []);
    const opening = moments.filter(([way, { it }]) => it.phase === 'released' && way.staysShut !== true);
    const claims: Deed[] = [];
    for (const [, { it }] of opening) claims.push(await world.claim(it));
    return random.shuffled([...free, ...added, ...claims]);
  };
  const next = (): string | null => {
    const { account: state, cases } = world.situation();
    return earliest([nextAccountDeadline(state), ...cases.map(nextCaseDeadline), kratos.isBackAt]);
  };
  const passUntil = async (instant: string): Promise<void> => {
    const nap = Math.min(...underway().map(([way]) => way.naps ?? Infinity));
    const wait = (Date.parse(instant) - server.now().getTime()) / 1000 + 1;
    await server.pass(Math.min(nap, Math.max(1, wait)));
  };
  let unheard = 0;
  /** Everybody does what they may. @returns whether nothing was left to do, nor is anything due */
  const round = async (): Promise<boolean> => {
    const before = world.ledger.rows.length;
    await happenings();
    world.watcher.sweep();
    await faulty(() => world.watcher.work(random.fork()));
    await faulty(() => world.deliver(random.fork()));
    await world.plant();
    const todo = await deeds();
    // Who waits until somebody else has spoken sees what was said. And the first statement starts the account's
    // workflow: two that do so at once are what we take to have left a new server standing still.
    const isCareful = before === 0 || underway().some(([{ holds }]) => holds !== undefined);
    await Promise.all(todo.slice(0, isCareful ? 1 : 1 + random.int(4)).map(say));
    const isUnheard = unheard < mostUnheard && !(await world.isDelivered());
    const isOthers = todo.length > 0 || !world.watcher.isIdle();
    if (isUnheard && !isOthers) unheard += 1;
    const isBusy = isOthers || isUnheard;
    const due = next();
    if (isBusy || due === null) await server.pass(1 + random.int(30));
    else await passUntil(due);
    const isAtRest = !isBusy && due === null && world.ledger.rows.length === before;
    return (
      isAtRest && isOver() && declared().length >= run.cases && world.situation().account.rotation === null
    );
  };
  const settle = async (): Promise<boolean> => {
    for (let rounds = 0, idle = 0; rounds < mostRounds && idle < mostIdle; rounds += 1) {
      signal.throwIfAborted();
      const before = world.ledger.rows.length;
      if (await round()) return true;
      idle = world.ledger.rows.length === before && next() === null ? idle + 1 : 0;
    }
    return false;
  };

  const isSettled = await settle();
  signal.throwIfAborted();
  await world.lookIn('at the end');
  // It is not woken by what can wait: told to look, it has every row.
  await server.client.wakeAccount(account);
  await server.pass(1);
  const ids = [`account/${account}`, ...world.situation().cases.map((each) => each.case)];
  const evidence = world.evidence(isSettled, await server.copies(ids));
  return {
    ...{ evidence, cases: declared().length, calls: world.faults.tallies },
    lasted: (server.now().getTime() - began) / 1000,
    workflows: [...ids, ...rotationsIn(evidence)],
  };
};
