import { searched, searchForCanaries } from '../../../test/survival/checks/canary.ts';
import type { Proof } from '../../figure.ts';

/** No secret in the clear: every password and seed of a rotation that crashed, in every place. */
export const proveCanary = async ({ report, say }: Proof): Promise<void> => {
  const { secrets, found, plantedFoundIn } = await searchForCanaries(say);
  report({
    ...{ figure: `canaries found, of ${secrets} in ${searched.length} places`, value: found.length },
    ...{ unit: 'leaks', bare: null, floor: '0', ok: found.length === 0 && secrets > 0 },
  });
  report({
    ...{ figure: 'places whose planted leak was found', value: plantedFoundIn.length, unit: 'places' },
    ...{
      bare: null,
      floor: `all ${searched.length}`,
      ok: plantedFoundIn.length === searched.length,
    },
  });
};
