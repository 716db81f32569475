import { IdentityApi } from '@ory/client';
import { credentialOperations } from './credentials.ts';
import { identityOperations } from './identities.ts';
import { sessionOperations } from './sessions.ts';
import { createTransport } from './transport.ts';

/**
 * Kratos's admin api, as far as Breakglass needs it. Each function throws only `KratosError`.
 * @param adminUrl - the admin api's base address; it has no authentication of its own.
 * @param timeoutMs - for one request, in milliseconds.
 */
export function createKratosAdmin({ adminUrl, timeoutMs }: { adminUrl: string; timeoutMs: number }) {
  const { configuration, ask } = createTransport({ url: adminUrl, timeoutMs, userAgent: 'breakglass' });
  const api = new IdentityApi(configuration);
  const identities = identityOperations(api, ask);
  return {
    ...identities,
    ...credentialOperations(api, ask, identities.getIdentityShape),
    ...sessionOperations(api, ask),
  };
}

export type KratosAdmin = ReturnType<typeof createKratosAdmin>;
