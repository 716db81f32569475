/** Copies of sealed parts that a custodian keeps: ciphertext, and the memory of what is newest. */
import type { StoredSeal } from '../../core/contracts/http.ts';
import type { AccountId, Part } from '../../core/contracts/ids.ts';
import { MachineRefusal } from './exits.ts';
import type { Home } from './home.ts';

const nameOf = (account: AccountId, part: Part, generation: number): string =>
  `${account}-${part}-${generation}.json`;

/** @returns the file it lies in */
export const keepCopy = async (home: Home, account: AccountId, seal: StoredSeal): Promise<string> => {
  const name = `custody/${nameOf(account, seal.sealed.part, seal.sealed.generation)}`;
  await home.write(name, `${JSON.stringify(seal, null, 2)}\n`);
  return home.path(name);
};

/**
 * Refuses a seal older than one this machine attested: what is offered again may be a rolled-back server's.
 *
 * @throws MachineRefusal `wrong-generation`
 */
export const assertNotStale = async (
  home: Home,
  account: AccountId,
  { sealed: { part, generation } }: StoredSeal,
): Promise<void> => {
  const prefix = `${account}-${part}-`;
  const kept = (await home.list('custody'))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length), 10))
    .filter(Number.isSafeInteger);
  const newest = Math.max(0, ...kept);
  if (generation < newest)
    throw new MachineRefusal(
      'wrong-generation',
      `generation ${generation} of the ${part} is shown; this machine has attested generation ${newest}`,
    );
};
