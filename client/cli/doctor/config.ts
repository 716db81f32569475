/** The config this machine has pinned, and whether it is the one in force. */
import { amiss, well, type Check } from '../../../core/contracts/checks.ts';
import type { SignedConfig } from '../../../core/contracts/http.ts';
import { verifyConfigChain } from '../../../core/trust/configChain.ts';
import { requirePinned, type Pinned } from '../configPin.ts';
import type { Home } from '../home.ts';
import { faultOf } from './machine.ts';

const by = 'machine';

/** Verifies what is pinned, with no server. */
export const lookAtPin = async (
  home: Home,
): Promise<{ readonly pinned: Pinned | null; readonly check: Check }> => {
  const of = { id: 'config/pinned', by } as const;
  try {
    const pinned = await requirePinned(home);
    return { pinned, check: well(of, `config ${short(pinned)} is pinned, and its signatures hold`) };
  } catch (error) {
    const still = 'reading; this machine signs nothing that it cannot hold against a config';
    const remedy = 'breakglass config pin BUNDLE...';
    return { pinned: null, check: amiss(of, 'broken', { still, remedy, ...faultOf(error) }) };
  }
};

/** Holds the chain that the api shows against the pin; pins nothing. */
export const lookAtForce = (pinned: Pinned, chain: readonly SignedConfig[]): Check => {
  const of = { id: 'config/in-force', by } as const;
  const verified = verifyConfigChain(chain, pinned.current.digest);
  if (!verified.ok)
    return amiss(of, 'broken', {
      says: `the config that the api shows does not lead on from the one pinned here (${short(pinned)}): ${verified.why}`,
      still: 'nothing is signed here for this api, and nothing should be',
      remedy: 'compare digests with a colleague over another channel; one of you is shown a wrong config',
    });
  if (verified.current.digest === pinned.current.digest)
    return well(of, `the config in force is the pinned one (${short(pinned)})`);
  return amiss(of, 'warning', {
    says: `a newer config is in force (${short(verified)}), rightly signed; ${short(pinned)} is pinned here`,
    still: 'everything: the next command that signs pins it',
    remedy: 'compare its digest with a colleague',
  });
};

const short = ({ current }: Pick<Pinned, 'current'>): string => current.digest.slice(0, 12);
