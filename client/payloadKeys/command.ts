import { Client, Connection } from '@temporalio/client';
import { loadSettings } from '../../adapters/settings/load.ts';
import { addKey, removeKey, useKey } from '../../adapters/temporal/keyFile.ts';
import { loadKeyRing, type KeyRing } from '../../adapters/temporal/keyRing.ts';
import { renew } from '../../core/contracts/temporal.ts';
import { findUses, type Use, type Uses } from './scan.ts';

const help = `payload-keys: the keys that encrypt what Temporal holds (BREAKGLASS_SETTINGS names the settings)

  payload-keys list        every key of the file, and how many histories need it
  payload-keys add ID      a new key that decrypts; give the file to every process and restart it
  payload-keys use ID      that key encrypts from now on; give the file to every process and restart it
  payload-keys renew       have every open workflow that needs another key go on in a new run, under the one that encrypts
  payload-keys retire ID   remove a key that no history needs any more; refused as long as one does

Exit codes: 0 done, 1 unexpected, 2 wrong arguments, 3 refused`;

/** How many histories are named when a key is still needed. */
const NAMED = 5;

const howMany = (uses: readonly Use[]): string =>
  `${uses.length} histories (${uses.filter(({ isOpen }) => isOpen).length} open)`;

/** Those that run first: they are what keeps the key from ageing out. */
const someOf = (uses: readonly Use[]): string =>
  uses
    .toSorted((one, other) => Number(other.isOpen) - Number(one.isOpen))
    .slice(0, NAMED)
    .map(({ workflowId, runId }) => `${workflowId} ${runId}`)
    .join(', ');

const list = ({ current, keys }: KeyRing, uses: Uses, say: (text: string) => void): void => {
  for (const key of new Set([...keys.keys(), ...uses.keys()])) {
    const state = key === current ? 'encrypts' : keys.has(key) ? 'decrypts' : 'MISSING from the file';
    say(`${key}\t${state}\t${howMany(uses.get(key) ?? [])}`);
  }
};

/** Open accounts and cases that another key than the current one is needed for. */
const renewable = ({ current }: KeyRing, uses: Uses): string[] => {
  const others = [...uses].flatMap(([key, found]) => (key === current ? [] : found));
  const open = others.filter(({ isOpen, workflowId }) => isOpen && /^(account|case)\//.test(workflowId));
  return [...new Set(open.map(({ workflowId }) => workflowId))];
};

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
  if (rest.length > 0 || takesId === (id === '') || !(takesId || ['list', 'renew'].includes(command))) {
    complain(help);
    return 2;
  }
  const { payloadKeyFile, temporal } = loadSettings(env, 'payload-keys');
  if (command === 'add') addKey(payloadKeyFile, id);
  if (command === 'use') useKey(payloadKeyFile, id);
  if (command === 'add' || command === 'use') {
    say(`${command === 'add' ? 'added' : 'encrypting with'} ${id}`);
    say('next: give the file to worker, sentinel and api, and restart each');
    return 0;
  }
  const { namespace, ...place } = temporal;
  const connection = await Connection.connect(place);
  try {
    const uses = await findUses(connection, namespace);
    const ring = loadKeyRing(payloadKeyFile);
    if (command === 'list') list(ring, uses, say);
    if (command === 'renew') {
      const { workflow } = new Client({ connection, namespace });
      for (const id of renewable(ring, uses)) {
        await workflow.getHandle(id).signal(renew);
        say(`asked ${id} for a new run`);
      }
      say('next: payload-keys list; a rotation that runs is over by itself');
    }
    if (command !== 'retire') return 0;
    const needed = uses.get(id) ?? [];
    if (needed.length > 0) {
      complain(`${id} is still needed by ${howMany(needed)}, such as ${someOf(needed)}`);
      complain(
        'next: payload-keys renew moves the open ones; closed ones end with the namespace’s retention',
      );
      return 3;
    }
    removeKey(payloadKeyFile, id);
    say(`retired ${id}; next: give the file to worker, sentinel and api`);
    return 0;
  } finally {
    await connection.close();
  }
};
