import { createTransport, expectStatus, type Call } from './transport.ts';

/**
 * Asks whether Kratos is ready: it answers, and reaches its own database. Public and admin api both say so. The
 * generated client lacks this address.
 *
 * @param settings.timeoutMs - for the one request, in milliseconds
 * @throws KratosError when it is not
 */
export const askKratosReady = async (settings: { url: string; timeoutMs: number }): Promise<void> => {
  const { url, timeoutMs } = settings;
  const { ask } = createTransport({ url, timeoutMs, userAgent: 'breakglass' });
  const call: Call = {
    operation: 'ready',
    send: async ({ signal }) => {
      const answer = await fetch(`${url.replace(/\/+$/, '')}/health/ready`, { signal, redirect: 'error' });
      await answer.body?.cancel();
      return { status: answer.status, data: null, headers: null };
    },
  };
  expectStatus(call, await ask(call));
};
