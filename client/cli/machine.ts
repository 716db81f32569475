/** A person's machine at work on one account: what it trusts, what it signs, what it refuses. */
import type { AccountId, CaseId, PersonId } from '../../core/contracts/ids.ts';
import type { Account, Config } from '../../core/contracts/config.ts';
import type { Phase } from '../../core/rules/case/state.ts';
import type { Accepted, Api } from './api.ts';
import { accountNamed, resolveCase } from './caseName.ts';
import { followConfig, requirePinned, type Trust } from './configPin.ts';
import type { Context } from './context.ts';
import { CliError, exits, MachineRefusal } from './exits.ts';
import type { Profile } from './home.ts';
import { appendToLog, refusalDraft } from './machineLog.ts';
import { completeStatement, longestLife, signStatement, type Draft, type Signed } from './sign.ts';
import { randomHex } from './surroundings.ts';

export interface Machine {
  readonly me: PersonId;
  readonly profile: Profile;
  readonly api: Api;
  readonly trust: Trust;
  /** The account as the config in force has it. */
  readonly account: Account;
  readonly sign: (draft: Draft, until?: string) => Promise<Signed>;
  /** Signs and hands in; the answer says what followed. */
  readonly decide: (draft: Draft, until?: string) => Promise<Accepted>;
  readonly hand: (signed: Signed) => Promise<Accepted>;
  /** Puts a refusal into this machine's log and, where somebody takes it, into the ledger. */
  readonly record: (refusal: MachineRefusal) => Promise<void>;
}

/** What a command is about: a refusal names it. */
export interface About {
  readonly account: AccountId;
  /** The command's name. */
  readonly doing: string;
}

/**
 * Runs a command's work on a machine that has pinned the config in force. A refusal by the machine's own
 * checks is recorded before it ends the run.
 *
 * @throws CliError
 */
export const onAccount = <T>(
  context: Context,
  about: About,
  work: (machine: Machine) => Promise<T>,
): Promise<T> => run(context, about, (machine) => work(machine));

/**
 * The same for a case.
 *
 * @param named - as the person typed it, see `resolveCase`
 * @param phases - what the command acts on
 */
export const onCase = <T>(
  context: Context,
  about: { readonly named: string; readonly doing: string; readonly phases: readonly Phase[] },
  work: (machine: Machine, id: CaseId) => Promise<T>,
): Promise<T> => {
  const account = accountNamed(about.named);
  return run(context, { account, doing: about.doing }, async (machine, concern) => {
    const id = await resolveCase(about.named, machine.api, about.phases);
    concern(id);
    return work(machine, id);
  });
};

const run = async <T>(
  context: Context,
  about: About,
  work: (machine: Machine, concern: (id: CaseId) => void) => Promise<T>,
): Promise<T> => {
  const { profile, api } = await context.connect();
  let concerned: CaseId | null = null;
  const record = (refusal: MachineRefusal): Promise<void> =>
    recordRefusal(context, { profile, api }, refusalDraft(refusal, { ...about, case: concerned }));
  try {
    const trust = await followConfig(context.home, api);
    const sign = (draft: Draft, until?: string): Promise<Signed> =>
      signStatement(
        completeStatement(draft, {
          by: profile.person,
          config: trust.current.digest,
          surroundings: context.surroundings,
          ...(until === undefined ? {} : { until }),
        }),
        profile.sshKey,
      );
    const hand = ({ envelope }: Signed): Promise<Accepted> =>
      api.submit(envelope, randomHex(context.surroundings, 16));
    const account = accountOfConfig(trust.current.config, about.account);
    const decide: Machine['decide'] = async (draft, until) => hand(await sign(draft, until));
    const machine = { me: profile.person, profile, api, trust, account, sign, hand, decide, record };
    return await work(machine, (id) => {
      concerned = id;
    });
  } catch (error) {
    if (error instanceof MachineRefusal) await record(error);
    throw error;
  }
};

const accountOfConfig = (config: Config, id: AccountId): Account => {
  const account = config.accounts[id];
  if (account !== undefined) return account;
  const known = Object.keys(config.accounts).join(', ');
  throw new CliError(
    exits.notFound,
    'unknown-account',
    `the config in force has no account ${id}; it has: ${known}`,
  );
};

/** Into this machine's log, and into the ledger where an honest server takes it. */
const recordRefusal = async (
  context: Context,
  { profile, api }: { readonly profile: Profile; readonly api: Api },
  draft: Draft,
): Promise<void> => {
  const { home, out, surroundings } = context;
  try {
    const { current } = await requirePinned(home);
    const statement = completeStatement(draft, {
      by: profile.person,
      config: current.digest,
      until: longestLife(surroundings),
      surroundings,
    });
    const { envelope } = await signStatement(statement, profile.sshKey);
    await appendToLog(home, envelope);
    const isTaken = await api.reportRefusal(envelope);
    out.say(
      isTaken
        ? 'written to this machine’s log and to the ledger'
        : 'written to this machine’s log; the ledger did not take it: tell security (breakglass log)',
    );
  } catch (error) {
    // The refusal itself stands, and is what the run ends with.
    out.warn(`the refusal could not be logged: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
};
