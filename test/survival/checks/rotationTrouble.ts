/** Kratos stopped around a rotation, and a foreign login while the account has no second factor, on real servers. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createKratosLogin } from '../../../adapters/kratos/index.ts';
import { createLedgerReader } from '../../../adapters/postgres/index.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { kratosBinary } from '../../../dev/fetch/kratos.ts';
import { startKratos, type Kratos } from '../../../dev/servers/kratos.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { chatMessages } from '../../whole/checks/alarm.ts';
import { withPool } from '../../whole/checks/database.ts';
import type { Whole } from '../../whole/stack.ts';
import { within, type Gate, type Point } from './gate.ts';
import { beginRotation, untilProven } from './killMatrix.ts';
import { accountIn, logInWithLive, tryNamed, type Named } from './namedOpens.ts';

/** Nobody claims what these checks log in with, and how that rings later is tried elsewhere. */
export const noClaims = (yaml: string): string => `${yaml}\ndeadlines:\n  claim: 86400\n`;

const lastRow = (stack: Stack, step: string): Promise<Row> =>
  withPool(stack, async (pool) => {
    const rows = await createLedgerReader(pool).rowsAfter(0, 10_000);
    const found = rows.findLast(
      ({ action, metadata }) => action === 'break_glass_rotation' && metadata['step'] === step,
    );
    if (found === undefined) throw new Error(`the ledger has no step ${step}`);
    return found;
  });

/** What became of a login that no rotation made, between the old second factor and the new one. */
export interface Foreign {
  readonly session: string;
  /** What Kratos said of its token: at once, with the password alone, and after the rotation. */
  readonly whileOpen: number;
  readonly afterwards: number;
  /** The sessions that the rotation ended, by its own row. */
  readonly ended: readonly string[];
  /** Whose the account takes it to be; undefined when it never heard of it. */
  readonly claimedFor: string | null | undefined;
  /** Messages about it in the chat. */
  readonly rang: number;
}

/** Somebody logs in with the new password while TOTP is deleted and not yet confirmed anew. */
export const foreignInTheGap = async ({ stack, account, cast }: Whole, gate: Gate): Promise<Foreign> => {
  const login = createKratosLogin({ publicUrl: stack.servers.kratos.publicUrl, timeoutMs: 10_000 });
  const said = async (token: string): Promise<number> => {
    const who = await login.whoami(token);
    return who.refused ? who.status : 200;
  };
  const trap = gate.set({ call: 'confirm totp', when: 'before' });
  await beginRotation(stack, account, cast.owners[0]);
  await within(60_000, 'the new second factor to be confirmed', trap.sprung);
  const foreign = await logInWithLive(stack, account);
  const whileOpen = await said(foreign.sessionToken);
  trap.release();
  await untilProven(stack, account);
  const { metadata } = await lastRow(stack, 'sessions-ended');
  const seen = async () =>
    (await accountIn(stack, account)).seen.find((each) => each.sighting.session === foreign.sessionId);
  for (let tries = 0; tries < 40 && (await seen()) === undefined; tries += 1) await sleep(250);
  const found = await seen();
  const alarm = `alarm/${found?.sighting.id ?? 'never seen'}`;
  return {
    session: foreign.sessionId,
    whileOpen,
    afterwards: await said(foreign.sessionToken),
    ended: z.array(z.string()).parse(metadata['sessions']),
    claimedFor: found?.claimedFor,
    rang: (await chatMessages(stack)).filter(({ whole }) => whole.includes(alarm)).length,
  };
};

/** When Kratos is stopped: before the rotation begins, as it makes a call, or as its last row is written. */
export const outages: readonly (readonly [when: string, at: Point | null])[] = [
  ['before', null],
  ['during', { call: 'delete totp', when: 'before' }],
  ['after', { call: 'row proven', when: 'after' }],
];

const startAgain = async ({ stateFolder, ports, servers }: Stack): Promise<Kratos> =>
  startKratos({
    binary: await kratosBinary(() => undefined),
    stateFolder,
    databaseUrl: servers.kratosDatabase.url('kratos'),
    configFile: join(stateFolder, 'kratos', 'kratos.yml'),
    publicPort: ports.kratosPublic,
    adminPort: ports.kratosAdmin,
  });

/**
 * Stops Kratos once around a rotation, and starts it again a few seconds later.
 *
 * @param running - the Kratos that runs
 * @returns what opens the account once the rotation is proven, and the Kratos that runs now
 */
export const withoutKratos = async (
  { stack, account, cast }: Whole,
  gate: Gate,
  at: Point | null,
  running: Pick<Kratos, 'stop'>,
): Promise<{ readonly named: Named; readonly kratos: Kratos; readonly generations: number }> => {
  const before = (await accountIn(stack, account)).pair?.password.generation ?? 0;
  const trap = at === null ? null : gate.set(at);
  if (trap === null) await running.stop();
  await beginRotation(stack, account, cast.owners[0]);
  if (trap !== null) {
    await within(60_000, 'the call at which Kratos is stopped', trap.sprung);
    await running.stop();
    trap.release();
  }
  await sleep(3_000);
  const kratos = await startAgain(stack);
  await untilProven(stack, account);
  const after = (await accountIn(stack, account)).pair?.password.generation ?? 0;
  return { named: await tryNamed(stack, account), kratos, generations: after - before };
};
