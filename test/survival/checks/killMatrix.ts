/** The worker killed at the steps of a rotation and between them, on real servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountId } from '../../../core/contracts/ids.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import type { Whole } from '../../whole/stack.ts';
import { within, type Gate, type Point } from './gate.ts';
import { accountIn, logInWithLive, tryNamed, tryOld, type Named } from './namedOpens.ts';

/** A step, and at which moment of it the worker is killed. */
export interface Kill extends Point {
  readonly step: string;
  readonly at: 'before the effect' | 'after the effect, before the row' | 'after the row';
}

/** What changes the world in each step, by the name of its call; null where the row itself is all there is. */
const effects: readonly (readonly [step: string, effect: Pick<Point, 'call' | 'nth'> | null])[] = [
  ['narrowed', null],
  ['password-sealed', { call: 'seal' }],
  ['password-set', { call: 'put identity' }],
  ['password-logged-in', { call: 'log in' }],
  ['totp-deleted', { call: 'delete totp' }],
  ['mfa-sealed', { call: 'seal', nth: 2 }],
  ['mfa-confirmed', { call: 'confirm totp' }],
  ['second-factor-logged-in', { call: 'log in', nth: 2 }],
  ['shape-restored', { call: 'second factor' }],
  ['sessions-ended', { call: 'end session' }],
  ['proven', null],
];

/** Every step × kill, in the order in which a rotation meets them. */
export const everyKill: readonly Kill[] = effects.flatMap(([step, effect]): Kill[] => {
  const row = `row ${step}`;
  const [before, after]: [Point, Point] =
    effect === null
      ? [
          { call: row, when: 'before' },
          { call: row, when: 'after' },
        ]
      : [
          { ...effect, when: 'before' },
          { ...effect, when: 'after' },
        ];
  if (effect === null)
    return [
      { step, at: 'before the effect', ...before },
      { step, at: 'after the row', ...after },
    ];
  return [
    { step, at: 'before the effect', ...before },
    { step, at: 'after the effect, before the row', ...after },
    { step, at: 'after the row', call: row, when: 'after' },
  ];
});

/** What the ledger named while the worker was dead, and which of it opened the account. */
export interface Killed extends Named {
  readonly kill: Kill;
}

/** One rotation that was begun by an owner and killed some times. */
export interface Survived {
  readonly kills: readonly Killed[];
  /** After the last restart, once it is proven. */
  readonly end: Named & {
    readonly newest: { readonly password: number; readonly mfa: number };
    /** Statuses with which Kratos answered the old password and a session of before. */
    readonly old: { readonly password: number; readonly session: number };
  };
}

const kill = async ({ running }: Stack): Promise<void> => {
  const worker = running.get('worker');
  if (worker === undefined) throw new Error('no worker runs');
  process.kill(worker.pid, 'SIGKILL');
  await worker.exited;
};

/** An owner has the account rotated; nobody waits for it. */
export const beginRotation = (stack: Stack, account: AccountId, owner: string): Promise<string> =>
  mustRun(stack.cli, owner, 'rotate', account, '--reason', 'its survival is tried');

/** Waits until the rotation that runs is proven. */
export const untilProven = async (stack: Stack, account: AccountId): Promise<void> => {
  for (let tries = 0; tries < 180; tries += 1) {
    if ((await accountIn(stack, account)).rotation === null) return;
    await sleep(500);
  }
  throw new Error(`the rotation of ${account} was not proven within 90 s`);
};

const survive = async (
  { stack, account, cast }: Whole,
  gate: Gate,
  kills: readonly Kill[],
  say: Progress,
): Promise<Survived> => {
  const old = await logInWithLive(stack, account);
  const killed: Killed[] = [];
  for (const [n, each] of kills.entries()) {
    const where = `${each.step}, ${each.at}`;
    const { sprung } = gate.set(each);
    if (n === 0) await beginRotation(stack, account, cast.owners[0]);
    else await stack.restart('worker');
    await within(60_000, where, sprung);
    await kill(stack);
    const named = await tryNamed(stack, account);
    say(`killed at ${where}: ${named.opens.join(' and ') || 'nothing'} opens`);
    killed.push({ kill: each, ...named });
  }
  await stack.restart('worker');
  await untilProven(stack, account);
  const { pair } = await accountIn(stack, account);
  if (pair === null) throw new Error(`${account} has no pair after its rotation`);
  return {
    kills: killed,
    end: {
      ...(await tryNamed(stack, account)),
      newest: { password: pair.password.generation, mfa: pair.mfa.generation },
      old: await tryOld(stack, account, old),
    },
  };
};

/**
 * Rotates the account again and again, each time killing the worker with SIGKILL at some points.
 *
 * @param gate - where the worker's traffic is stopped
 * @param rotations - the kills of each rotation, in order; those of one fall into attempts that follow each other
 */
export const killMatrix = async (
  whole: Whole,
  gate: Gate,
  rotations: readonly (readonly Kill[])[],
  say: Progress,
): Promise<Survived[]> => {
  const survived: Survived[] = [];
  for (const kills of rotations) survived.push(await survive(whole, gate, kills, say));
  return survived;
};

/** What falls short of the promise, in words; empty when it holds. */
export const shortfalls = (survived: readonly Survived[]): string[] =>
  survived.flatMap(({ kills, end }) => [
    ...kills.flatMap(({ kill: { step, at }, password, mfa, opens }) => [
      ...(password.length > 2 || mfa.length > 2 ? [`${step}, ${at}: more than two are named`] : []),
      ...(opens.length === 1 ? [] : [`${step}, ${at}: ${opens.length} of what is named open`]),
    ]),
    ...(end.opens.join() === `password ${end.newest.password} + mfa ${end.newest.mfa}`
      ? []
      : [`at the end ${end.opens.join(' and ') || 'nothing'} opens`]),
    ...(end.old.password === 400 ? [] : [`the old password is answered with ${end.old.password}`]),
    ...(end.old.session === 401 ? [] : [`the old session is answered with ${end.old.session}`]),
  ]);
