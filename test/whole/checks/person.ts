/** Acting as one of the organisation's people without the command line: their keys, anybody's tools. */
import { readFile } from 'node:fs/promises';
import { requirePinned } from '../../../client/cli/configPin.ts';
import { createHome, type Home, type Profile } from '../../../client/cli/home.ts';
import { completeStatement, signStatement, type Draft, type Signed } from '../../../client/cli/sign.ts';
import { realSurroundings } from '../../../client/cli/surroundings.ts';
import { readAgeIdentity } from '../../../client/cli/ageKey.ts';
import { homeOf } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';

/** The home folder of a person, as their own command line opens it. */
export const openHome = async (
  { stateFolder }: Stack,
  person: string,
): Promise<{ readonly home: Home; readonly profile: Profile }> => {
  const home = createHome({ BREAKGLASS_HOME: homeOf(stateFolder, person) });
  return { home, profile: await home.profile() };
};

/** A statement that a person signs with their own key under the config they have pinned. */
export const signAs = async (stack: Stack, person: string, draft: Draft): Promise<Signed> => {
  const { home, profile } = await openHome(stack, person);
  const { current } = await requirePinned(home);
  const about = { by: profile.person, config: current.digest, surroundings: realSurroundings() };
  return signStatement(completeStatement(draft, about), profile.sshKey);
};

/** A custodian's age identity: a secret. */
export const ageIdentityOf = async (stack: Stack, person: string): Promise<string> =>
  readAgeIdentity((await openHome(stack, person)).profile);

/** How many lines a person's machine has written into its log of refusals. */
export const machineLogLines = async (stack: Stack, person: string): Promise<number> => {
  const { home } = await openHome(stack, person);
  const text = await readFile(home.path('log.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').length;
};
