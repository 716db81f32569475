/** A run of simulated people and broken machines on real servers, made of one seed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createLedgerReader, createOutbox } from '../../../adapters/postgres/index.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { nextAccountDeadline } from '../../../core/rules/account/due.ts';
import {
  finalPhases,
  isDeclared,
  type CaseState,
  type DeclaredCase,
  type Phase,
} from '../../../core/rules/case/state.ts';
import { openPool } from '../../whole/checks/database.ts';
import { openEverySeal } from '../../whole/checks/outside.ts';
import { tryNamed } from '../../survival/checks/namedOpens.ts';
import type { Whole } from '../../whole/stack.ts';
import { effectsWithoutRow } from '../checkers/ledger.ts';
import { deedsFor, twisted, type Deed } from '../deeds.ts';
import type { Evidence, WayIn } from '../evidence.ts';
import { createRandom } from '../random.ts';
import { createStates } from '../states.ts';
import { namedIn } from '../waysIn.ts';
import { openedBy } from './entering.ts';
import { copiesOf, loginsIn, messagesIn, takenBy } from './gather.ts';
import type { Machines } from './machines.ts';
import { createPeople } from './people.ts';
import { asText, type Fault } from './plan.ts';
import {
  asWords,
  mostRecovery,
  recoveriesOf,
  recoveryOf,
  type Broken,
  type Had,
  type Posted,
  type Seen,
} from './recovery.ts';

/** How a run is made: so many cases, or as many as fit into a time. */
export interface RealRun {
  readonly seed: number;
  readonly cases: number;
  /** Seconds after which nobody asks for a case any more. */
  readonly seconds: number;
  readonly plan: readonly Fault[];
  /** How many of our processes' calls to their servers fail, from 0 to 1. */
  readonly rate: number;
}

export interface PlayedReal {
  readonly evidence: Evidence;
  /** For what it still waited when it was broken off; empty when it came to rest. */
  readonly waits: readonly string[];
  readonly cases: number;
  readonly had: readonly Had[];
  /** Our processes that ended though nobody ended them. */
  readonly dead: readonly string[];
  readonly seconds: number;
}

/** In seconds: to settle, once nobody asks any more; and for what was hit to go on after a fault. */
const settleWithin = 300;
const goOnWithin = 150;
const breath = 250;
/** Of so many cases one has a stranger inside too: not the first, so that a run of two is quick. */
const casesOfAStranger = 4;
const firstOfAStranger = 2;

const isForLogins = (phase: Phase): boolean => phase === 'released' || phase === 'in-session';

const stillOwed = ({ obligations }: CaseState): string =>
  obligations.flatMap((each) => (each.ended === null ? [each.id] : [])).join(', ') || 'nothing owed';

/** Plays a run to its end on a stack that runs. @returns what is left of it, for the checkers */
export const playReal = async (
  { stack, account, cast }: Whole,
  machines: Machines,
  run: RealRun,
  say: (line: string) => void,
): Promise<PlayedReal> => {
  const random = createRandom(run.seed).fork();
  const people = await createPeople(stack, account, cast);
  const pool = await openPool(stack);
  const reader = createLedgerReader(pool);
  const rows: Row[] = [];
  const waysIn: WayIn[] = [];
  const dead: string[] = [];
  const broken: Broken[] = [];
  const posted: { -readonly [K in keyof Posted]: Posted[K] }[] = [];
  const states = createStates(account, rows);
  const began = Date.now();
  const elapsed = (): number => (Date.now() - began) / 1000;
  const situation = () => ({ ...states(), now: new Date().toISOString() });
  const asked = (): number => states().cases.filter(isDeclared).length;
  const isAsking = (): boolean => asked() < run.cases && elapsed() < run.seconds;
  const open = () => states().cases.filter(({ phase }) => !finalPhases.includes(phase));
  const isBusy = (): boolean => isAsking() || open().length > 0 || states().account.rotation !== null;

  let busyUntil = began;
  const seen = (): Seen => ({ rows, posted, logins: people.logins, busyUntil });

  const pull = async (): Promise<void> => {
    for (;;) {
      const more = await reader.rowsAfter(rows.at(-1)?.seq ?? 0, 500);
      rows.push(...more);
      if (more.length < 500) return;
    }
  };
  const utter = async (deed: Deed): Promise<void> => {
    const it = random.chance(0.04) ? twisted(deed, people.everybody, random) : deed;
    const forger = random.chance(0.02) ? random.pick(people.everybody) : undefined;
    const envelope = people.sealed(it, forger);
    const again = random.chance(0.08);
    const sent: (typeof posted)[number] = { statement: envelope.statement, at: Date.now() };
    posted.push(sent);
    sent.status = await people.post(envelope);
    if (again) await people.post(envelope);
  };
  /** Whether a case is still one to log in for, with the pair that it began with. */
  const isStillOpen = async ({ case: id, opening }: DeclaredCase, hasSession: boolean): Promise<boolean> => {
    await pull();
    const { account: state, cases } = states();
    const isIn = cases.some(({ case: each, phase }) => each === id && isForLogins(phase));
    const isAlone = cases.every(({ case: each, phase }) => each === id || finalPhases.includes(phase));
    // Another case that ends takes every session with it.
    if (!isIn || (hasSession && !isAlone)) return false;
    return state.rotation === null && isDeepStrictEqual(state.pair, opening.pair);
  };
  const strangers = new Set<CaseId>();
  const logIns = async (): Promise<void> => {
    for (const it of open().filter(isDeclared)) {
      if (!isForLogins(it.phase)) continue;
      const entered = await people.enter(it);
      const when = `login of ${it.case}`;
      const opens = waysIn.some((each) => each.when === when)
        ? null
        : await openedBy(entered, () => isStillOpen(it, entered !== null));
      if (opens !== null) {
        const named = namedIn(rows);
        waysIn.push({
          ...{ when, opens },
          named: { password: named.password.length, mfa: named.mfa.length },
        });
      }
      if (entered === null) continue;
      if (it.phase === 'released') await utter(entered.claim);
      const nth = states()
        .cases.filter(isDeclared)
        .findIndex((each) => each.case === it.case);
      if (nth % casesOfAStranger !== firstOfAStranger || strangers.has(it.case)) continue;
      if (await people.intrude(it)) strangers.add(it.case);
    }
  };
  /** What everybody would do now; an override would let cases overlap, which is tried in memory. */
  const deeds = async (): Promise<Deed[]> => {
    const all = random.shuffled([...deedsFor(situation(), people.players, isAsking())]);
    const [request] = all.filter(({ members }) => members['type'] === 'request');
    const rest = all.filter(({ members: { type } }) => type !== 'request' && type !== 'override');
    const chosen = [...(request === undefined ? [] : [request]), ...rest];
    return Promise.all(
      chosen.map(async (deed) => {
        const it = states().cases.find((each) => each.case === deed.to);
        return deed.members['type'] === 'refusals' && it !== undefined
          ? { ...deed, members: { ...deed.members, ...(await people.tried(it)) } }
          : deed;
      }),
    );
  };
  /** Everybody does once what they may; what is down just then is tried again in the next round. */
  const round = async (): Promise<void> => {
    try {
      await pull();
      await logIns();
      await Promise.all((await deeds()).map(utter));
    } catch (error) {
      said.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };
  const said: string[] = [];

  /** Waits until what was hit went on; not for long while nothing is asked of it. */
  const goesOn = async (it: Broken): Promise<void> => {
    const peace = it.up + mostRecovery((it.up - it.began) / 1000) * 1000;
    while (Date.now() < it.up + goOnWithin * 1000 && isBusy()) {
      const recovery = recoveryOf(it, [], seen());
      if (typeof recovery === 'number') break;
      if (recovery === 'nothing to go on with' && Date.now() > peace) break;
      await sleep(breath);
    }
    say(
      `${asText(it.fault)}: ${((it.up - it.began) / 1000).toFixed(1)} s until up, ${asWords(recoveryOf(it, [], seen()))}`,
    );
  };
  const breakThings = async (): Promise<void> => {
    for (const [n, fault] of run.plan.entries()) {
      // Spread over the cases: the last ones are hit as the first ones are.
      const before = Number.isFinite(run.cases) ? Math.floor((n * (run.cases - 1)) / run.plan.length) : 0;
      while (asked() < before && isAsking()) await sleep(100);
      const from = Date.now() + fault.after * 1000;
      while (Date.now() < from && isAsking()) await sleep(100);
      if (!isAsking()) return;
      dead.push(...(await machines.dead()));
      const start = Date.now();
      await machines.inflict(
        fault,
        open().map((each) => each.case),
      );
      const it = { fault, began: start, up: Date.now() };
      broken.push(it);
      await goesOn(it);
    }
  };

  const outbox = createOutbox(pool);
  /** What is still to come before everything is over. */
  const waitedFor = async (): Promise<string[]> => {
    const { account: state } = states();
    // By the rows: an account forgets what was seen long ago.
    const sighted = new Set(
      rows.flatMap(({ metadata }) =>
        (metadata.events ?? []).flatMap(({ event }) =>
          event.type === 'session-sighted' ? [event.sighting.id] : [],
        ),
      ),
    );
    const logins = await loginsIn(stack, account, state.identity);
    return [
      ...open().map((each) => `${each.case} is ${each.phase}, ${stillOwed(each)}`),
      ...(state.rotation === null ? [] : [`${state.rotation.id} runs`]),
      ...(nextAccountDeadline(state) === null ? [] : ['a login may still be claimed']),
      ...(await outbox.pending(100, new Date().toISOString())).map(
        ({ message, channel }) => `${message.id} was not taken by ${channel}`,
      ),
      ...logins.filter((each) => !sighted.has(each.sighting)).map((each) => `${each.sighting} was not seen`),
    ];
  };

  try {
    const trouble = { isOver: false };
    const breaks = breakThings().finally(() => (trouble.isOver = true));
    // Looked at below; until then it must not end the process.
    breaks.catch(() => undefined);
    let [rest, ended] = [0, 0];
    let waits: string[] = [];
    while (rest < 2) {
      if (isBusy()) busyUntil = Date.now();
      await round();
      await sleep(breath);
      if (isAsking() || !trouble.isOver) continue;
      ended ||= Date.now();
      waits = await waitedFor().catch((error: unknown) => [String(error)]);
      rest = waits.length === 0 ? rest + 1 : 0;
      if (Date.now() - ended > settleWithin * 1000) break;
    }
    await breaks;
    dead.push(...(await machines.dead()));
    await pull();
    const { account: state, cases } = states();
    const messages = await messagesIn(pool);
    const ids = cases.map((each) => each.case);
    const copies = await copiesOf(stack, account, ids, async (found) => {
      await pull();
      return effectsWithoutRow({ account, rows, copies: found }).wrong.length === 0;
    });
    const logins = await loginsIn(stack, account, state.identity);
    const security = { chat: 'incident-slack', topic: 'security-topic' };
    const taken = await takenBy(stack, security, rows, messages);
    const secrets = Object.values(await openEverySeal(stack, account));
    const named = await tryNamed(stack, account);
    const count = { password: named.password.length, mfa: named.mfa.length };
    waysIn.push({ when: 'at the end', named: count, opens: named.opens.length === 1 });
    const evidence: Evidence = {
      ...{ account, rows, messages, taken, logins, waysIn, secrets, copies, isSettled: rest >= 2 },
      ...{ configs: people.configs, config: people.config, current: people.current },
      said: [...said, ...(await machines.said())],
    };
    const had = recoveriesOf(broken, seen());
    return { evidence, waits, cases: asked(), had, dead, seconds: elapsed() };
  } finally {
    await pool.end();
  }
};
