import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { notAnOwner, onAccount } from '../machine.ts';
import { waitForRotation, waitOptions, readSeconds, type WaitOptions } from '../waiting.ts';

/** `breakglass provision`: two owners sign, the worker makes the identity and seals its first credential. */
export const addProvision: AddCommand = (program, context) => {
  const { out } = context;
  const command = dryRunOption(
    waitOptions(
      program
        .command('provision')
        .description('make a break-glass account’s identity and first sealed credential; two owners sign')
        .argument('<account>'),
    ),
  ).action(async (name: string, options: WaitOptions & DryRunOption) => {
    const account = readAccount(name);
    const seconds = readSeconds(options);
    await onAccount(context, { account, doing: 'provision', dryRun: options.dryRun }, async (machine) => {
      foretell(context, options, notAnOwner(machine));
      const accepted = await machine.decide({ type: 'provision', account });
      if (accepted.rotation === null) {
        out.data(accepted, 'signed');
        out.say('a second owner must sign');
        out.next(`another owner: breakglass provision ${account}`);
        return;
      }
      if (options.wait === true)
        await waitForRotation(context, machine.api, account, accepted.rotation, seconds);
      out.data(accepted, accepted.rotation);
      out.next(
        options.wait === true
          ? `custodians: breakglass attest ${account} --kept-at WHERE`
          : `breakglass status`,
      );
    });
  });
  withExamples(
    command,
    'provision acme-eu --dry-run',
    'provision acme-eu',
    'provision acme-eu --wait --timeout 120',
  );
};
