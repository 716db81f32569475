/** One look at everything: what this machine checks itself goes first and needs no server. */
import type { Check } from '../../../core/contracts/checks.ts';
import { personOf } from '../../../core/trust/signers.ts';
import type { Context } from '../context.ts';
import { askApi } from './api.ts';
import { lookAtForce, lookAtPin } from './config.ts';
import { lookAtCopies } from './copies.ts';
import { lookAtKratos } from './kratos.ts';
import { lookAtAgeIdentity, lookAtProfile, lookAtSshKey } from './machine.ts';

/** Everything that can be found out from here, in the order in which it was looked at. Changes nothing. */
export const examine = async (context: Context): Promise<Check[]> => {
  const { home } = context;
  const { profile, check: profileCheck } = await lookAtProfile(home);
  const { pinned, check: pinCheck } = await lookAtPin(home);
  if (profile === null) return [profileCheck, pinCheck];
  const me = pinned === null ? undefined : personOf(pinned.current.config, profile.person);
  // One after the other: each may ask for a passphrase or a touch.
  const key = await lookAtSshKey(profile, me);
  const shown = await askApi(context, profile, pinned);
  const [identity, kratos, copies] = await Promise.all([
    lookAtAgeIdentity(profile, me),
    lookAtKratos(context, profile),
    pinned === null ? [] : lookAtCopies(home, profile, pinned, shown.views),
  ]);
  const force = pinned === null || shown.chain === null ? [] : [lookAtForce(pinned, shown.chain)];
  return [profileCheck, pinCheck, ...force, key, identity, ...copies, kratos, ...shown.checks];
};
