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

/** The newest copy kept of a part; null when there is none. */
export const newestCopy = async (
  home: Home,
  account: AccountId,
  part: Part,
): Promise<{ readonly name: string; readonly generation: number } | null> => {
  const generation = Math.max(
    0,
    ...(await kept(home, account, part)).map((end) => Number(/^(\d+)\.json$/.exec(end)?.[1] ?? 0)),
  );
  return generation === 0 ? null : { name: `custody/${nameOf(account, part, generation)}`, generation };
};

/** What follows the account and the part in the names of files kept. */
const kept = async (home: Home, account: AccountId, part: Part): Promise<string[]> => {
  const prefix = `${account}-${part}-`;
  return (await home.list('custody'))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
};

/**
 * Refuses a seal older than one this machine attested, moved away since or not: what is offered again may be a
 * rolled-back server's.
 *
 * @throws MachineRefusal `wrong-generation`
 */
export const assertNotStale = async (
  home: Home,
  account: AccountId,
  { sealed: { part, generation } }: StoredSeal,
): Promise<void> => {
  const generations = (await kept(home, account, part))
    .map((end) => Number.parseInt(end, 10))
    .filter(Number.isSafeInteger);
  const newest = Math.max(0, ...generations);
  if (generation < newest)
    throw new MachineRefusal(
      'wrong-generation',
      `generation ${generation} of the ${part} is shown; this machine has attested generation ${newest}`,
    );
};
