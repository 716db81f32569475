import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { notAnOwner, onAccount } from '../machine.ts';

interface Options extends DryRunOption {
  readonly reason: string;
}

/** `breakglass override`: lets one request pass what blocks an account; two owners sign, and everybody is told. */
export const addOverride: AddCommand = (program, context) => {
  const { out } = context;
  const command = dryRunOption(
    program
      .command('override')
      .description(
        'let the next request through although the account is blocked; two owners sign, and it rings',
      )
      .argument('<account>')
      .requiredOption('--reason <text>', 'why it cannot wait for the rotation or the attestations'),
  ).action(async (name: string, options: Options) => {
    const account = readAccount(name);
    await onAccount(context, { account, doing: 'override', dryRun: options.dryRun }, async (machine) => {
      foretell(context, options, notAnOwner(machine));
      const accepted = await machine.decide({ type: 'override', account, reason: options.reason });
      const isDone = accepted.events.includes('overridden');
      out.data(accepted, isDone ? 'overridden' : 'signed');
      out.say(
        isDone
          ? `${account} takes one request, blocked or not; owners, admins, on-call, security and compliance are told`
          : `${account} waits for a second owner`,
      );
      out.next(
        isDone
          ? `breakglass request ${account}`
          : `a second owner: breakglass override ${account} --reason WHY`,
      );
    });
  });
  withExamples(command, 'override acme-eu --reason "rotation hangs, production is down, INC-78"');
};
