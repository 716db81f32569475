/** A person's machine at work on one account: what it trusts, what it signs, what it refuses. */
import type { AccountId, CaseId, PersonId } from '../../core/contracts/ids.ts';
import type { Account, Config } from '../../core/contracts/config.ts';
import type { Refusal } from '../../core/contracts/failures.ts';
import type { Statement } from '../../core/contracts/statements.ts';
import type { Phase } from '../../core/rules/case/state.ts';
import { didYouMean } from '../../core/rules/nearest.ts';
import type { Accepted, Api } from './api.ts';
import { accountNamed, resolveCase } from './caseName.ts';
import { followConfig, requirePinned, type Trust } from './configPin.ts';
import type { Context } from './context.ts';
import { DryRun, showDryRun } from './dryRun.ts';
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
  /** In a dry run this is where the command ends, here and in what follows. */
  readonly sign: (draft: Draft, until?: string) => Promise<Signed>;
  /** Signs and hands in; the answer says what followed. */
  readonly decide: (draft: Draft, until?: string) => Promise<Accepted>;
  /** The same with several, one after the other. */
  readonly decideAll: (drafts: readonly Draft[]) => Promise<Accepted[]>;
  readonly hand: (signed: Signed) => Promise<Accepted>;
  /** Puts a refusal into this machine's log and, where somebody takes it, into the ledger. */
  readonly record: (refusal: MachineRefusal) => Promise<void>;
}

/** What a command is about: a refusal names it. */
export interface About {
  readonly account: AccountId;
  /** The command's name. */
  readonly doing: string;
  /** Whether the command ends before it signs. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Runs a command's work on a machine that has pinned the config in force. A refusal by the machine's own
 * checks is recorded before it ends the run.
 *
 * @throws CliError
 */
export const onAccount = (
  context: Context,
  about: About,
  work: (machine: Machine) => Promise<void>,
): Promise<void> => run(context, about, (machine) => work(machine));

/**
 * The same for a case.
 *
 * @param named - as the person typed it, see `resolveCase`
 * @param phases - what the command acts on
 */
export const onCase = (
  context: Context,
  about: Omit<About, 'account'> & { readonly named: string; readonly phases: readonly Phase[] },
  work: (machine: Machine, id: CaseId) => Promise<void>,
): Promise<void> => {
  const { named, phases, ...rest } = about;
  return run(context, { ...rest, account: accountNamed(named) }, async (machine, concern) => {
    const id = await resolveCase(named, machine.api, phases);
    concern(id);
    return work(machine, id);
  });
};

const run = async (
  context: Context,
  { dryRun = false, ...about }: About,
  work: (machine: Machine, concern: (id: CaseId) => void) => Promise<void>,
): Promise<void> => {
  const { profile, api } = await context.connect();
  let concerned: CaseId | null = null;
  const record = async (refusal: MachineRefusal): Promise<void> => {
    if (dryRun) context.out.say('dry run: this refusal is not written to any log');
    else await recordRefusal(context, { profile, api }, refusalDraft(refusal, { ...about, case: concerned }));
  };
  try {
    const trust = await followConfig(context.home, api);
    const complete = (draft: Draft, until?: string): Statement =>
      completeStatement(draft, {
        by: profile.person,
        config: trust.current.digest,
        surroundings: context.surroundings,
        ...(until === undefined ? {} : { until }),
      });
    const sign: Machine['sign'] = async (draft, until) => {
      const statement = complete(draft, until);
      if (dryRun) throw new DryRun([statement]);
      return signStatement(statement, profile.sshKey);
    };
    const hand = ({ envelope }: Signed): Promise<Accepted> =>
      api.submit(envelope, randomHex(context.surroundings, 16));
    const account = accountOfConfig(trust.current.config, about.account);
    const decide: Machine['decide'] = async (draft, until) => hand(await sign(draft, until));
    const decideAll: Machine['decideAll'] = async (drafts) => {
      const statements = drafts.map((draft) => complete(draft));
      if (dryRun) throw new DryRun(statements);
      const accepted: Accepted[] = [];
      for (const statement of statements)
        accepted.push(await hand(await signStatement(statement, profile.sshKey)));
      return accepted;
    };
    await work(
      { me: profile.person, profile, api, trust, account, sign, hand, decide, decideAll, record },
      (id) => {
        concerned = id;
      },
    );
  } catch (error) {
    if (error instanceof DryRun) {
      showDryRun(context, error, profile);
      return;
    }
    if (error instanceof MachineRefusal) await record(error);
    throw error;
  }
};

/** Why an owner's signature of this person will not count; null when it will. */
export const notAnOwner = ({ account, me }: Machine): Refusal | null =>
  account.owners.includes(me)
    ? null
    : { code: 'not-an-owner', why: `${me} is not among its owners: ${account.owners.join(', ')}` };

const accountOfConfig = (config: Config, id: AccountId): Account => {
  const account = config.accounts[id];
  if (account !== undefined) return account;
  throw new CliError(
    exits.notFound,
    'unknown-account',
    `the config in force has no account ${id}; ${didYouMean(id, Object.keys(config.accounts))}`,
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
