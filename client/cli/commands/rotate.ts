import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { notAnOwner, onAccount } from '../machine.ts';
import { readSeconds, waitForRotation, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions, DryRunOption {
  readonly reason: string;
}

/** `breakglass rotate`: a new credential without a case, such as after a leak. */
export const addRotate: AddCommand = (program, context) => {
  const { out } = context;
  const command = dryRunOption(
    waitOptions(
      program
        .command('rotate')
        .description('replace and seal an account’s credential now; an owner signs')
        .argument('<account>')
        .requiredOption('--reason <text>', 'why now'),
    ),
  ).action(async (name: string, options: Options) => {
    const account = readAccount(name);
    const seconds = readSeconds(options);
    await onAccount(context, { account, doing: 'rotate', dryRun: options.dryRun }, async (machine) => {
      foretell(context, options, notAnOwner(machine));
      const accepted = await machine.decide({ type: 'rotate', account, reason: options.reason });
      if (options.wait === true && accepted.rotation !== null)
        await waitForRotation(context, machine.api, account, accepted.rotation, seconds);
      out.data(accepted, accepted.rotation ?? 'accepted');
      out.next(`custodians, once it is proven: breakglass attest ${account} --kept-at WHERE`);
    });
  });
  withExamples(command, 'rotate acme-eu --reason "share seen on a screen, INC-77" --wait');
};
