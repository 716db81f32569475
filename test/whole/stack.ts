/** One whole stack for a run of checks: real servers, our processes, the example organisation, one account provisioned. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSshKey } from '../../adapters/ssh/sign.ts';
import { profile as profileSchema } from '../../client/cli/home.ts';
import { accountId, type AccountId } from '../../core/contracts/ids.ts';
import type { Progress } from '../../dev/cache.ts';
import { homeOf } from '../../dev/stack/cli.ts';
import { startStack, type Stack } from '../../dev/stack/index.ts';
import type { AmendSettings, NodeArguments } from '../../dev/stack/processes.ts';
import type { Amend } from '../../dev/stack/organisation.ts';
import { cast, provision, type Cast } from '../../dev/stack/play.ts';

/** A running stack with an account that can be asked for. */
export interface Whole {
  readonly stack: Stack;
  readonly account: AccountId;
  readonly cast: Cast;
  /** Stops every process and removes everything; may be called after a failure. */
  remove(): Promise<void>;
}

/** The home folder in which Ana uses her second key. */
export const anaWithHerSecondKey = 'ana-second';

const replaced = (text: string, what: string, by: string): string => {
  if (!text.includes(what)) throw new Error(`the example organisation no longer says: ${what}`);
  return text.replace(what, by);
};

/**
 * The example organisation, with two people as the refusals need them: Jonas,
 * who may ask, is a senior too; Ana has two SSH keys.
 */
const amended =
  (anasSecondKey: string): Amend =>
  (yaml) => {
    const jonas = 'name: Jonas Lindqvist\n    roles: [engineer, oncall';
    const ana = 'sshKeys: [<ssh key of ana>';
    return replaced(
      replaced(yaml, jonas, `${jonas}, senior`),
      ana,
      `${ana}, ${JSON.stringify(anasSecondKey)}`,
    );
  };

/** A second machine of Ana's: the same person and pinned config, another SSH key. */
const makeSecondMachine = async (stateFolder: string, sshKey: string): Promise<void> => {
  const home = homeOf(stateFolder, anaWithHerSecondKey);
  await cp(homeOf(stateFolder, 'ana'), home, { recursive: true });
  const file = join(home, 'profile.json');
  const profile = profileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  await writeFile(file, JSON.stringify({ ...profile, sshKey }), { mode: 0o600 });
};

/**
 * Starts the stack in a fresh folder and provisions `acme-eu`.
 *
 * @param options.hookVia - see `StackOptions`
 */
export const startWhole = async (options: {
  readonly progress: Progress;
  readonly hookVia?: (sentinel: string) => string;
  readonly watchdogSeconds?: number;
  readonly amendSettings?: AmendSettings;
  readonly nodeArguments?: NodeArguments;
  /** Leaves the account as nobody has provisioned it. */
  readonly isBare?: true;
  /** A change to the example's text, besides the people that the refusals need. */
  readonly amend?: Amend;
}): Promise<Whole> => {
  const { progress, isBare = false, amend = (yaml: string): string => yaml, ...more } = options;
  const stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-whole-'));
  let stack: Stack | null = null;
  const remove = async (): Promise<void> => {
    try {
      await stack?.stop();
      await Promise.all([stack?.servers.ours.destroy(), stack?.servers.kratosDatabase.destroy()]);
    } finally {
      await rm(stateFolder, { recursive: true, force: true });
    }
  };
  try {
    const secondKey = join(stateFolder, 'ana_second_ed25519');
    const { publicKey } = await createSshKey({ file: secondKey, comment: 'ana-second@breakglass' });
    stack = await startStack({
      ...more,
      stateFolder,
      durable: false,
      progress,
      amend: (yaml) => amend(amended(publicKey)(yaml)),
    });
    await makeSecondMachine(stateFolder, secondKey);
    const account = accountId.parse('acme-eu');
    if (!isBare) await provision(stack.cli, account, cast, progress);
    return { stack, account, cast, remove };
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
};
