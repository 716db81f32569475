/** An account's address given to another identity, on a real Kratos: what becomes of the rotation, and afterwards. */
import { IdentityApi, Configuration } from '@ory/client';
import { createKratosAdmin, createKratosLogin } from '../../../adapters/kratos/index.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import { chatMessages } from '../../whole/checks/alarm.ts';
import { openLookout } from '../../whole/checks/lookout.ts';
import { openFromShares } from '../../whole/checks/outside.ts';
import type { Whole } from '../../whole/stack.ts';
import { plantKey, usable } from './doors.ts';
import { until } from './watchdog.ts';

export interface TakenAddress {
  /** Kratos's word on the old password at the identity's new address, before and after the rotation failed. */
  readonly oldBefore: number;
  readonly oldAfter: number;
  /** Sessions of the identity that are alive after it failed, and its credentials then. */
  readonly alive: number;
  readonly left: readonly string[];
  /** What rang in the chat, naming the identity that has the address. */
  readonly rang: string;
  /** Kratos's word on the sealed password at the account's address, once the other was deleted and it was rotated again. */
  readonly newAtLast: number;
}

/** Moves the account's identity to another address, gives it a key, gives the old address away, rotates, cleans up and rotates again. */
export const takeAddress = async ({ stack, account, cast }: Whole, say: Progress): Promise<TakenAddress> => {
  const { adminUrl, publicUrl } = stack.servers.kratos;
  const admin = createKratosAdmin({ adminUrl, timeoutMs: 10_000 });
  const login = createKratosLogin({ publicUrl, timeoutMs: 10_000 });
  const raw = new IdentityApi(new Configuration({ basePath: adminUrl, baseOptions: { proxy: false } }));
  const lookout = await openLookout(stack);
  const said = async (identifier: string, password: string): Promise<number> => {
    const tried = await login.login({ identifier, password });
    return tried.refused ? tried.status : 200;
  };
  const rotate = (reason: string): Promise<string> =>
    mustRun(stack.cli, cast.owners[0], 'rotate', account, '--reason', reason);
  try {
    const { identity } = await lookout.accountState(account);
    if (identity === null) throw new Error(`${account} has no identity`);
    const { traits } = await admin.getIdentityShape(identity);
    const address = String(traits['email']);
    const elsewhere = 'moved@evil.example';
    const { password } = await openFromShares(stack, account);
    const as = { schema_id: 'default', state: 'active' } as const;
    await raw.updateIdentity({
      id: identity,
      updateIdentityBody: { ...as, traits: { ...traits, email: elsewhere } },
    });
    const { data: other } = await raw.createIdentity({
      createIdentityBody: { ...as, traits: { email: address, role: 'admin' } },
    });
    await plantKey(stack, identity, 'webauthn');
    const oldBefore = await said(elsewhere, password);
    await rotate('an address was taken');
    await until('the rotation to fail', async () => {
      const { rotationFailure } = await lookout.accountState(account);
      return rotationFailure?.includes(other.id) ?? false;
    });
    say(`${account} has lost its address: the rotation failed, and says to whom`);
    const oldAfter = await said(elsewhere, password);
    const alive = (await admin.listSessions(identity, { active: true })).length;
    const left = usable(await admin.getIdentityShape(identity)).toSorted();
    const heard = async (): Promise<string | undefined> =>
      (await chatMessages(stack)).find(({ whole }) => whole.includes(other.id))?.whole;
    await until('it to ring', async () => (await heard()) !== undefined);
    const rang = (await heard()) ?? '';
    const { pair: before } = await lookout.accountState(account);
    await raw.deleteIdentity({ id: other.id });
    await rotate('the other identity is deleted');
    await until('the next rotation to be proven', async () => {
      const { pair } = await lookout.accountState(account);
      return pair?.password.generation !== before?.password.generation;
    });
    const newAtLast = await said(address, (await openFromShares(stack, account)).password);
    return { oldBefore, oldAfter, alive, left, rang, newAtLast };
  } finally {
    await lookout.close();
  }
};
