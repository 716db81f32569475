import { Connection } from '@temporalio/client';
import { loadSettings } from '../../adapters/settings/load.ts';
import { addKey, removeKey, useKey } from '../../adapters/temporal/keyFile.ts';
import { loadKeyRing } from '../../adapters/temporal/keyRing.ts';
import { findUses } from './scan.ts';

const help = `payload-keys: the keys that encrypt what Temporal holds (BREAKGLASS_SETTINGS names the settings)

  payload-keys list        every key of the file, and how many histories need it
  payload-keys add ID      a new key that decrypts; give the file to every process and restart it
  payload-keys use ID      that key encrypts from now on; give the file to every process and restart it
  payload-keys retire ID   remove a key that no history needs any more; refused as long as one does

Exit codes: 0 done, 1 unexpected, 2 wrong arguments, 3 refused`;

/** How many histories are named when a key is still needed. */
const NAMED = 5;

/**
 * An operator's tool for the keys that encrypt what Temporal holds.
 *
 * @param say - data and progress; what was refused goes to `complain`
 * @returns the exit code
 * @throws Error when a file cannot be read or changed, or Temporal does not answer
 */
export const payloadKeys = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
  complain: (text: string) => void,
): Promise<number> => {
  const [command = '', id = '', ...rest] = args;
  const takesId = ['add', 'use', 'retire'].includes(command);
  if (rest.length > 0 || takesId === (id === '') || !(takesId || command === 'list')) {
    complain(help);
    return 2;
  }
  const { payloadKeyFile, temporal } = loadSettings(env);
  if (command === 'add') addKey(payloadKeyFile, id);
  if (command === 'use') useKey(payloadKeyFile, id);
  if (command === 'add' || command === 'use') {
    say(`${command === 'add' ? 'added' : 'encrypting with'} ${id}`);
    say('next: give the file to worker, sentinel and api, and restart each');
    return 0;
  }
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const uses = await findUses(connection, temporal.namespace);
    if (command === 'retire') {
      const needed = uses.get(id) ?? [];
      if (needed.length > 0) {
        const some = needed.slice(0, NAMED).join(', ');
        complain(`${id} is still needed by ${needed.length} histories, such as ${some}`);
        return 3;
      }
      removeKey(payloadKeyFile, id);
      say(`retired ${id}; next: give the file to worker, sentinel and api`);
      return 0;
    }
    const { current, keys } = loadKeyRing(payloadKeyFile);
    for (const key of new Set([...keys.keys(), ...uses.keys()])) {
      const state = key === current ? 'encrypts' : keys.has(key) ? 'decrypts' : 'MISSING from the file';
      say(`${key}\t${state}\t${uses.get(key)?.length ?? 0} histories`);
    }
    return 0;
  } finally {
    await connection.close();
  }
};
