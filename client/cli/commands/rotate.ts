import { readAccount } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { onAccount } from '../machine.ts';
import { readSeconds, waitForRotation, waitOptions, type WaitOptions } from '../waiting.ts';

/** `breakglass rotate`: a new credential without a case, such as after a leak. */
export const addRotate: AddCommand = (program, context) => {
  const { out } = context;
  const command = waitOptions(
    program
      .command('rotate')
      .description('replace and seal an account’s credential now; an owner signs')
      .argument('<account>')
      .requiredOption('--reason <text>', 'why now'),
  ).action(async (name: string, options: WaitOptions & { readonly reason: string }) => {
    const account = readAccount(name);
    await onAccount(context, { account, doing: 'rotate' }, async (machine) => {
      const accepted = await machine.decide({ type: 'rotate', account, reason: options.reason });
      if (options.wait === true && accepted.rotation !== null)
        await waitForRotation(context, machine.api, account, accepted.rotation, readSeconds(options));
      out.data(accepted, accepted.rotation ?? 'accepted');
      out.next(`custodians, once it is proven: breakglass attest ${account} --kept-at WHERE`);
    });
  });
  withExamples(command, 'rotate acme-eu --reason "share seen on a screen, INC-77" --wait');
};
