import { askKratosReady, KratosError } from '../../../adapters/kratos/index.ts';
import { amiss, well, type Check } from '../../../core/contracts/checks.ts';
import type { Context } from '../context.ts';
import type { Profile } from '../home.ts';
import { kratosAddress } from '../kratosAddress.ts';

const LIMIT_MS = 5_000;

/** Whether this machine reaches the Kratos that it would log in at. */
export const lookAtKratos = async (context: Context, profile: Profile): Promise<Check> => {
  const of = { id: 'kratos/login', by: 'machine' } as const;
  const url = kratosAddress(context, profile, undefined);
  if (url === null)
    return amiss(of, 'unknown', {
      says: 'no address of Kratos is named here; only open --login and end need one',
      remedy: 'breakglass init --force with --kratos URL',
    });
  try {
    await askKratosReady({ url, timeoutMs: LIMIT_MS });
    return well(of, `Kratos at ${url} is ready to log people in`);
  } catch (error) {
    if (!(error instanceof KratosError)) throw error;
    return amiss(of, 'broken', {
      says: `Kratos at ${url} is not ready: ${error.reason}`,
      still: 'request, approve, release, end; open shows the credential, but nobody can log in with it',
      remedy: 'ask on-call to start Kratos; check this machine’s network',
    });
  }
};
