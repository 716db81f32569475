/** Something that a rotation takes away from the account's identity, left on the real Kratos. */
import { Configuration, IdentityApi } from '@ory/client';
import type { AccountId } from '../../../core/contracts/ids.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { accountIn } from './namedOpens.ts';

/** Whoever reaches Kratos's admin api gives the identity another address, and a way in by somebody else's sign-on. */
export const plant = async (stack: Stack, account: AccountId): Promise<void> => {
  const { identity } = await accountIn(stack, account);
  if (identity === null) throw new Error(`${account} has no identity`);
  const basePath = stack.servers.kratos.adminUrl;
  const raw = new IdentityApi(new Configuration({ basePath, baseOptions: { proxy: false } }));
  await raw.updateIdentity({
    id: identity,
    updateIdentityBody: {
      ...{ schema_id: 'default', state: 'active' },
      traits: { email: 'planted@evil.example', role: 'admin' },
      credentials: { oidc: { config: { providers: [{ provider: 'evil', subject: 'me' }] } } },
    },
  });
};
