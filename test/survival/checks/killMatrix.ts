/** The worker killed at the steps of a rotation and between them, on real servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountId } from '../../../core/contracts/ids.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import type { Whole } from '../../whole/stack.ts';
import { addressOf } from '../../whole/checks/outside.ts';
import { within, type Gate } from './gate.ts';
import type { Kill } from './kills.ts';
import { accountIn, logInWithLive, tryNamed, tryOld, type Named } from './namedOpens.ts';
import { plant } from './planted.ts';

/** What the ledger named while the worker was dead, and which of it opened the account. */
export interface Killed extends Named {
  readonly kill: Kill;
}

/** One rotation that was begun by owners and killed some times. */
export interface Survived {
  readonly kills: readonly Killed[];
  /** The account's, by the config. */
  readonly address: string;
  /** After the last restart, once it is proven. */
  readonly end: Named & {
    readonly newest: { readonly password: number; readonly mfa: number };
    /** Statuses with which Kratos answered the old password and a session of before; null where there was none. */
    readonly old: { readonly password: number; readonly session: number } | null;
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

/** Lets an attempt begin, and resolves as the worker stands where it is to be killed. */
const standingAt = async (
  { stack, account }: Whole,
  gate: Gate,
  { plantedAt, ...each }: Kill,
  begin: () => Promise<unknown>,
): Promise<void> => {
  const where = `${each.step}, ${each.at}`;
  const first = gate.set(plantedAt ?? each);
  await begin();
  await within(60_000, where, first.sprung);
  if (plantedAt === undefined) return;
  await plant(stack, account);
  const { sprung } = gate.set(each);
  first.release();
  await within(60_000, where, sprung);
};

const survive = async (
  whole: Whole,
  gate: Gate,
  kills: readonly Kill[],
  say: Progress,
): Promise<Survived> => {
  const { stack, account, cast } = whole;
  const isFirst = (await accountIn(stack, account)).pair === null;
  const old = isFirst ? null : await logInWithLive(stack, account);
  const begin = async (): Promise<void> => {
    if (!isFirst) await beginRotation(stack, account, cast.owners[0]);
    else for (const owner of cast.owners) await mustRun(stack.cli, owner, 'provision', account);
  };
  const killed: Killed[] = [];
  for (const [n, each] of kills.entries()) {
    await standingAt(whole, gate, each, n === 0 ? begin : () => stack.restart('worker'));
    await kill(stack);
    const named = await tryNamed(stack, account);
    say(`killed at ${each.step}, ${each.at}: ${named.opens.join(' and ') || 'nothing'} opens`);
    killed.push({ kill: each, ...named });
  }
  await stack.restart('worker');
  await untilProven(stack, account);
  const { pair } = await accountIn(stack, account);
  if (pair === null) throw new Error(`${account} has no pair after its rotation`);
  return {
    kills: killed,
    address: await addressOf(stack, account, cast.requester),
    end: {
      ...(await tryNamed(stack, account)),
      newest: { password: pair.password.generation, mfa: pair.mfa.generation },
      old: old === null ? null : await tryOld(stack, account, old),
    },
  };
};

/**
 * Rotates the account again and again (one that is not provisioned yet, first by provisioning it), each time killing the worker with SIGKILL at some points.
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

/** Whether at a kill what is named is what it must be: two of each part at most, one combination of which opens. */
export const isHeld = ({ password, mfa, opens, identity }: Killed): boolean =>
  // Until there is an identity, there is nothing to open.
  password.length <= 2 && mfa.length <= 2 && opens.length === (identity === null ? 0 : 1);

/** What falls short of the promise, in words; empty when it holds. */
export const shortfalls = (survived: readonly Survived[]): string[] =>
  survived.flatMap(({ kills, address, end: { opens, newest, identity, old } }) => [
    ...kills
      .filter((each) => !isHeld(each))
      .map(
        ({ kill: { step, at }, password, mfa, ...each }) =>
          `${step}, ${at}: ${each.opens.length} of ${password.length} × ${mfa.length} that are named open`,
      ),
    ...(opens.join() === `password ${newest.password} + mfa ${newest.mfa}`
      ? []
      : [`at the end ${opens.join(' and ') || 'nothing'} opens`]),
    ...(identity?.address === address && identity.credentials.join() === 'password,totp'
      ? []
      : [`at the end the identity is at ${identity?.address}, with ${identity?.credentials.join(', ')}`]),
    ...((old?.password ?? 400) === 400 ? [] : [`the old password is answered with ${old?.password}`]),
    ...((old?.session ?? 401) === 401 ? [] : [`the old session is answered with ${old?.session}`]),
  ]);
