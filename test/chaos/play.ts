/** A whole run of simulated people, machines and clock, made of one seed. */
import type { CaseId } from '../../core/contracts/ids.ts';
import { nextAccountDeadline } from '../../core/rules/account/due.ts';
import { nextCaseDeadline } from '../../core/rules/case/due.ts';
import { finalPhases, isDeclared } from '../../core/rules/case/state.ts';
import { earliest } from '../../core/rules/obligations.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { deedsFor, twisted, type Deed } from './deeds.ts';
import type { Evidence } from './evidence.ts';
import type { ChaosOrg } from './org.ts';
import { createRandom, type Random } from './random.ts';
import { createMemoryWorld, type MemoryWorld } from './memoryWorld.ts';
import type { Tallies } from './tally.ts';
import type { Sabotage } from './world.ts';

/** How a run is made. */
export interface Run {
  readonly seed: number;
  /** How many cases are asked for. */
  readonly cases: number;
  /** How many of the adapters' calls fail, from 0 to 1. */
  readonly rate: number;
  readonly sabotage?: Sabotage;
  /** Whether rotations seal and set for real, which costs ten times as much; every tenth seed when left out. */
  readonly rotatesForReal?: boolean;
}

export interface Played {
  readonly evidence: Evidence;
  readonly cases: number;
  readonly calls: Tallies;
}

const origin = { ip: '203.0.113.7', userAgent: 'simulated' };
const mostSteps = 220;
const mostRounds = 400;
/** What the outbox keeps for so long, without anything else to be done, is not waited for: twice its longest rest. */
const mostUnheard = 60;
const secondsUnheard = 10;

const nonceOf = (random: Random): string =>
  Array.from({ length: 32 }, () => random.int(16).toString(16)).join('');

/** Envelopes that are on their way: some arrive late, twice, or in another order. */
interface Post {
  readonly to: 'account' | CaseId;
  readonly envelope: Envelope;
}

const createPlay = (world: MemoryWorld, players: ChaosOrg['players'], everybody: readonly string[]) => {
  const late: Post[] = [];
  const submit = ({ to, envelope }: Post, random: Random): Promise<string | null> =>
    world.flows.submit(to, { envelope, origin }, nonceOf(random));

  const say = async (deed: Deed, random: Random): Promise<void> => {
    const forger = random.chance(0.03) ? random.pick(everybody) : undefined;
    const it: Post = { to: deed.to, envelope: world.sealed(deed, nonceOf(random), forger) };
    if (random.chance(0.1)) {
      late.push(it);
      return;
    }
    await submit(it, random);
    // The answer was lost, and the command tries again; or somebody listened, and posts it once more.
    if (random.chance(0.1)) late.push(it);
  };

  const situation = () => world.situation();
  const openCases = () =>
    situation()
      .cases.filter(isDeclared)
      .filter((each) => !finalPhases.includes(each.phase));

  const actions: Readonly<Record<string, (random: Random, asks: boolean) => Promise<unknown>>> = {
    person: async (random, asks) => {
      const deed = random.pick(deedsFor(situation(), players, asks));
      if (deed !== undefined) await say(deed, random);
    },
    wrongPerson: async (random, asks) => {
      const deed = random.pick(deedsFor(situation(), players, asks));
      if (deed !== undefined) await say(twisted(deed, everybody, random), random);
    },
    stop: async (random) => {
      const open = openCases().find((each) =>
        ['requested', 'authorised', 'released', 'in-session'].includes(each.phase),
      );
      if (open === undefined || !random.chance(0.15)) return;
      const { request } = open.opening;
      const about = { case: open.case, request, reason: 'no incident' };
      const by = random.pick([open.opening.by, ...players.approvers]) ?? open.opening.by;
      const type = random.pick(['denial', 'withdrawal', 'end']) ?? 'end';
      const role = type === 'denial' ? { role: players.role } : {};
      await say({ to: open.case, by, members: { ...about, ...role, type } }, random);
    },
    login: async (random) => {
      const open = openCases().find((each) => each.phase === 'released');
      if (open !== undefined) await say(await world.claim(open), random);
    },
    intruder: async (random) => {
      if (random.chance(0.2)) await world.intrude();
    },
    late: async (random) => {
      const [it] = late.splice(random.int(Math.max(1, late.length)), 1);
      if (it !== undefined) await submit(it, random);
    },
    clock: (random) => {
      const seconds = random.chance(0.02)
        ? 3600 * (1 + random.int(5))
        : random.chance(0.03)
          ? -random.int(30)
          : random.int(45);
      world.pass(seconds);
      return Promise.resolve();
    },
    tick: async (random) => {
      const woken = world.flows.woken();
      const id = random.pick(woken.length > 0 ? woken : world.flows.ids());
      if (id === undefined) return;
      await world.flows.tick(id);
      if (random.chance(0.1)) world.flows.wake(id);
    },
    worker: (random) => {
      const id = random.pick(world.flows.ids());
      if (random.chance(0.1)) world.flows.continueAsNew();
      else if (random.chance(0.1) && id !== undefined) world.flows.rebuild(id);
      else if (random.chance(0.1)) world.flows.restartRotation();
      return Promise.resolve();
    },
    rotation: async () => {
      const { rotation } = situation().account;
      if (rotation === null || world.forgetsRotation()) return;
      const outcome = await world.flows.attemptRotation(rotation.id);
      await world.lookIn(`${rotation.id} ${outcome}`);
    },
    endSessions: async (random) => {
      const owing = situation().cases.filter((each) => each.endedAt !== null && each.sessionsEnded === null);
      const one = random.pick(owing);
      if (one !== undefined) await world.flows.endSessions(one.case);
    },
    sentinel: async (random) => {
      if (random.chance(0.2)) world.watcher.sweep();
      await world.watcher.work(random);
    },
    outbox: (random) => world.deliver(random),
    plant: () => world.plant(),
  };
  /** How often each is chosen. */
  const weights: Readonly<Record<string, number>> = {
    ...{ person: 26, wrongPerson: 4, stop: 2, login: 6, intruder: 2, late: 3, clock: 8, tick: 14 },
    ...{ worker: 2, plant: 2, rotation: 8, endSessions: 5, sentinel: 6, outbox: 2 },
  };
  const bag = Object.entries(weights).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));

  const act = (name: string, random: Random, asks: boolean): Promise<unknown> =>
    world.faults.run(random.fork(), async () => actions[name]?.(random, asks));

  return {
    async step(random: Random, asks: boolean): Promise<void> {
      const names = [
        random.pick(bag) ?? 'tick',
        ...(random.chance(0.15) ? [random.pick(bag) ?? 'tick'] : []),
      ];
      await Promise.all(names.map((name) => act(name, random.fork(), asks)));
    },
    /** Everybody does all they owe, machines too, until nothing moves and no deadline is to come. */
    async settle(random: Random): Promise<boolean> {
      for (let round = 0, unheard = 0; round < mostRounds; round += 1) {
        const before = world.ledger.rows.length;
        for (const it of late.splice(0)) await world.faults.run(random.fork(), () => submit(it, random));
        world.watcher.sweep();
        for (const name of ['sentinel', 'rotation', 'endSessions', 'login', 'outbox'])
          await act(name, random.fork(), false);
        for (const deed of deedsFor(situation(), players, false))
          await world.faults.run(random.fork(), () => say(deed, random));
        for (const id of world.flows.ids()) await world.faults.run(random.fork(), () => world.flows.tick(id));
        const isQuiet = world.flows.woken().length === 0 && late.length === 0;
        if (world.ledger.rows.length > before || !isQuiet || !world.watcher.isIdle()) continue;
        if (unheard < mostUnheard && !(await world.isDelivered())) {
          unheard += 1;
          world.pass(secondsUnheard);
          continue;
        }
        const { account, cases } = situation();
        const next = earliest([nextAccountDeadline(account), ...cases.map(nextCaseDeadline)]);
        if (next === null && account.rotation === null) return true;
        if (next === null) continue;
        world.passTo(next);
      }
      return false;
    },
  };
};

/** Plays a seed to its end. @returns what is left of it, for the checkers */
export const playSeed = async (org: ChaosOrg, run: Run): Promise<Played> => {
  const random = createRandom(run.seed);
  const world = createMemoryWorld({
    ...{ org, random: random.fork(), rate: run.rate, sabotage: run.sabotage ?? null },
    rotatesForReal: run.rotatesForReal ?? run.seed % 10 === 0,
  });
  const play = createPlay(world, org.players, org.everybody);
  const asked = (): number => world.situation().cases.filter(isDeclared).length;
  for (let steps = 0; steps < mostSteps * run.cases; steps += 1) {
    const isOpen = world.situation().account.openCase !== null;
    if (asked() >= run.cases && !isOpen) break;
    await play.step(random, asked() < run.cases);
  }
  const isSettled = await play.settle(random);
  await world.lookIn('at the end');
  return {
    evidence: world.evidence(isSettled, world.flows.copies()),
    cases: asked(),
    calls: world.faults.tallies,
  };
};
