import {
  leastRead,
  leastSecrets,
  searched,
  searchForCanaries,
} from '../../../test/survival/checks/canary.ts';
import type { Proof } from '../../figure.ts';

/** No secret in the clear: every password and seed of a rotation that crashed, in every place. */
export const proveCanary = async ({ report, say }: Proof): Promise<void> => {
  const { secrets, crashedAfter, read, found, plantedFoundIn } = await searchForCanaries(say);
  report({
    ...{ figure: 'the worker crashed in a rotation, after', value: crashedAfter, unit: 'step', bare: null },
    ...{ floor: null, ok: true },
  });
  report({
    ...{ figure: 'passwords and seeds searched for', value: secrets, unit: 'secrets', bare: null },
    ...{ floor: `${leastSecrets}`, ok: secrets >= leastSecrets },
  });
  for (const [kind, least] of Object.entries(leastRead)) {
    const { contents, bytes } = read.get(kind) ?? { contents: 0, bytes: 0 };
    report({
      ...{ figure: `  read: ${kind}, ${contents} of them`, value: bytes, unit: 'bytes', bare: null },
      ...{ floor: `${least.bytes} in ${least.contents}` },
      ok: contents >= least.contents && bytes >= least.bytes,
    });
  }
  report({
    ...{ figure: `canaries found, of ${secrets} in ${searched.length} places`, value: found.length },
    ...{ unit: 'leaks', bare: null, floor: '0', ok: found.length === 0 },
  });
  report({
    ...{ figure: 'places whose planted leak was found', value: plantedFoundIn.length, unit: 'places' },
    ...{ bare: null, floor: `all ${searched.length}`, ok: plantedFoundIn.length === searched.length },
  });
};
