import { eligible } from '../../../core/rules/quorum.ts';
import { checkReason } from '../../../core/rules/scenarios.ts';
import { newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import type { AccountId } from '../../../core/contracts/ids.ts';
import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';
import { createVault } from '../held.ts';
import { onAccount, type Machine } from '../machine.ts';

interface Options {
  readonly scenario: string;
  readonly condition: readonly string[];
  readonly reason: string;
  readonly symptom: string;
  readonly incidentChannel: string;
  readonly expectedMinutes: string;
  readonly drill?: boolean;
  readonly dryRun?: boolean;
}

/** `breakglass request`: ask for an account. */
export const addRequest: AddCommand = (program, context) => {
  const command = program
    .command('request')
    .description('ask for a break-glass account; senior people approve, custodians release')
    .argument('<account>')
    .requiredOption('--scenario <name>', 'a scenario the account is opened for')
    .option('--condition <name...>', 'a condition of the scenario that holds; state them all', [])
    .requiredOption('--reason <text>', 'why nothing less will do')
    .requiredOption('--symptom <text>', 'what is seen to be wrong')
    .requiredOption('--incident-channel <text>', 'where the incident is handled')
    .requiredOption('--expected-minutes <n>', 'how long you will need it')
    .option('--drill', 'a rehearsal: the same steps, marked as one')
    .option('--dry-run', 'say what would be asked of whom, and ask nobody')
    .action(async (name: string, options: Options) => {
      const account = readAccount(name);
      await onAccount(context, { account, doing: 'request' }, async (machine) => {
        const refusal = preview(machine, account, options, context.out.say);
        if (options.dryRun === true) {
          context.out.data(
            { refusal },
            refusal === null ? 'the rules would admit it' : 'the rules would refuse it',
          );
          if (refusal !== null) throw new CliError(exits.refused, refusal.code, refusal.why);
          return;
        }
        await ask(machine, account, options);
      });
    });
  withExamples(
    command,
    'request acme-eu --scenario sso-down --condition sso-fully-down --condition sev-0 \\\n' +
      '      --reason "nobody can log in to stop the bad deploy" --symptom "502 from every region" \\\n' +
      '      --incident-channel "#inc-4711" --expected-minutes 20',
  );

  async function ask(machine: Machine, account: AccountId, options: Options): Promise<void> {
    const { scenario, condition, reason, symptom, incidentChannel } = options;
    const identity = await newAgeIdentity();
    const signed = await machine.sign(
      {
        ...{ type: 'request', kind: options.drill === true ? 'drill' : 'emergency', account, scenario },
        conditions: [...new Set(condition)],
        ...{ reason, symptom, incidentChannel, expectedMinutes: readMinutes(options.expectedMinutes) },
        recipient: await recipientOf(identity),
      },
      goodUntil(machine, context.now()),
    );
    const vault = createVault(context.home, machine.profile);
    const held = {
      v: 1 as const,
      request: signed.digest,
      account,
      case: null,
      oneTimeIdentity: identity,
      old: null,
    };
    // Before the request leaves: shares released to a key that was lost would open nothing.
    await vault.write(held);
    try {
      const accepted = await machine.hand(signed);
      await vault.write({ ...held, case: accepted.case });
      context.out.data({ ...accepted, request: signed.digest }, accepted.case ?? 'accepted');
      context.out.next(`approvers: breakglass approve ${accepted.case ?? account}`);
      context.out.next(`breakglass status ${accepted.case ?? account}`);
    } catch (error) {
      if (error instanceof CliError && error.exit === exits.refused) await vault.forget(signed.digest);
      throw error;
    }
  }
};

const readMinutes = (text: string): number => {
  const minutes = Number(text);
  if (Number.isSafeInteger(minutes) && minutes > 0) return minutes;
  throw usage(`--expected-minutes ${text}: a whole number of minutes`);
};

/** A request is good while it may still be approved, released and first used. */
const goodUntil = ({ trust }: Machine, now: string): string => {
  const { request, release, session } = trust.current.config.deadlines;
  return new Date(Date.parse(now) + (request + release + session) * 1000).toISOString();
};

/** Says what will be asked of whom. The rules refuse on the server, so that a refusal is in the ledger. */
const preview = (
  { trust: { current }, account: terms, me }: Machine,
  account: AccountId,
  options: Options,
  say: (line: string) => void,
) => {
  const { scenario, condition: conditions, reason, symptom } = options;
  const { need, role } = terms.quorum;
  const approvers = eligible(current.config, role, me);
  const longest = current.config.scenarios[scenario]?.longestSessionMinutes;
  say(`${account}: ${terms.says}`);
  say(`needs ${need} of ${approvers.length} (${approvers.join(', ')}), not you`);
  for (const [part, { threshold, custodians }] of Object.entries(terms.custody))
    say(`then ${threshold} of ${custodians.length} custodians of the ${part} (${custodians.join(', ')})`);
  if (longest !== undefined)
    say(`the longest session is ${longest} minutes; the credential is rotated afterwards`);
  const refusal = checkReason(current.config, account, { scenario, conditions, texts: [reason, symptom] });
  if (refusal !== null) say(`the rules will refuse this: ${refusal.why}`);
  return refusal;
};
