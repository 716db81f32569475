import { nearest } from '../../../core/rules/nearest.ts';
import { checkReason } from '../../../core/rules/scenarios.ts';
import { newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import type { AccountId, CaseId } from '../../../core/contracts/ids.ts';
import type { Refusal } from '../../../core/contracts/failures.ts';
import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { CliError, exits, usage } from '../exits.ts';
import { createVault } from '../held.ts';
import { sayLink } from '../link.ts';
import { onAccount, type Machine } from '../machine.ts';
import { describePolicy } from '../preview.ts';
import { readSeconds, waitForNextPhase, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions, DryRunOption {
  readonly scenario: string;
  readonly condition: readonly string[];
  readonly reason: string;
  readonly symptom: string;
  readonly incidentChannel: string;
  readonly expectedMinutes: string;
  readonly drill?: boolean;
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
    .option('--drill', 'a rehearsal: the same steps, marked as one');
  dryRunOption(waitOptions(command, 'wait until enough have approved, or one has denied')).action(
    async (name: string, options: Options) => {
      const account = readAccount(name);
      const seconds = readSeconds(options);
      const minutes = readMinutes(options.expectedMinutes);
      await onAccount(context, { account, doing: 'request', dryRun: options.dryRun }, async (machine) => {
        assertNoSlip(machine, options);
        for (const line of await describePolicy(machine, account, options.scenario, context.now()))
          context.out.say(line);
        foretell(context, options, refusalOf(machine, account, options));
        const id = await ask(machine, account, options, minutes);
        if (id === null) return;
        if (options.wait === true) {
          await waitForNextPhase(context, machine.api, id, ['requested'], seconds);
          context.out.next(`breakglass open ${id} --login --wait`);
        } else context.out.next(`breakglass status ${id} --watch`);
        sayLink(context, machine, id);
      });
    },
  );
  withExamples(
    command,
    'request acme-eu --scenario sso-down --condition sso-fully-down --condition sev-0 \\\n' +
      '      --reason "nobody can log in to stop the bad deploy" --symptom "502 from every region" \\\n' +
      '      --incident-channel "#inc-4711" --expected-minutes 20',
    'request acme-eu --dry-run --scenario sso-down --condition sso-fully-down sev-0 \\\n' +
      '      --reason "nobody can log in" --symptom "502" --incident-channel "#inc-4711" --expected-minutes 20',
  );

  async function ask(
    machine: Machine,
    account: AccountId,
    options: Options,
    expectedMinutes: number,
  ): Promise<CaseId | null> {
    const { scenario, condition, reason, symptom, incidentChannel } = options;
    const identity = await newAgeIdentity();
    const signed = await machine.sign(
      {
        ...{ type: 'request', kind: options.drill === true ? 'drill' : 'emergency', account, scenario },
        conditions: [...new Set(condition)],
        ...{ reason, symptom, incidentChannel, expectedMinutes },
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
      return accepted.case;
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

/** A slip of the keys is not worth a refusal in the ledger; any other name goes to the rules. */
const assertNoSlip = ({ trust: { current }, account: terms }: Machine, options: Options): void => {
  const { scenarios, refused } = current.config;
  const { scenario, condition } = options;
  const meant = (flag: string, typed: string, known: readonly string[]): void => {
    const name = known.includes(typed) ? null : nearest(typed, known);
    if (name !== null) throw usage(`${flag} ${typed}: there is none of that name; did you mean ${name}?`);
  };
  if (!Object.hasOwn(refused, scenario)) meant('--scenario', scenario, terms.scenarios);
  const conditions = Object.keys(scenarios[scenario]?.conditions ?? {});
  for (const each of condition) meant('--condition', each, conditions);
};

/** A request is good while it may still be approved, released and first used. */
const goodUntil = ({ trust }: Machine, now: string): string => {
  const { request, release, session } = trust.current.config.deadlines;
  return new Date(Date.parse(now) + (request + release + session) * 1000).toISOString();
};

/** The rules refuse on the server, so that a refusal is in the ledger; the person hears of it here already. */
const refusalOf = (
  { trust: { current }, account: terms, me }: Machine,
  account: AccountId,
  { scenario, condition: conditions, reason, symptom }: Options,
): Refusal | null =>
  terms.principals.includes(me)
    ? checkReason(current.config, account, { scenario, conditions, texts: [reason, symptom] })
    : { code: 'not-a-principal', why: `${me} may not use ${account}; ${terms.principals.join(', ')} may` };
