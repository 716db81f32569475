import { accountOf } from '../../../core/contracts/ids.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { sayLink } from '../link.ts';
import { onCase } from '../machine.ts';
import { readSeconds, waitForNextPhase, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions, DryRunOption {
  readonly reason: string;
}

/** `breakglass stop`: ends a use at once, whoever's it is. */
export const addStop: AddCommand = (program, context) => {
  const command = program
    .command('stop')
    .description(
      'end a use at once: the answer to an undeclared one, or the end of somebody else’s session (approvers, admins, on-call, security)',
    )
    .argument('<case>')
    .requiredOption('--reason <text>', 'why');
  dryRunOption(waitOptions(command, 'wait for the rotation')).action(
    async (named: string, options: Options) => {
      const { reason, dryRun } = options;
      const seconds = readSeconds(options);
      const phases = ['unanswered', 'released', 'in-session'] as const;
      await onCase(context, { named, doing: 'stop', phases, dryRun }, async (machine, id) => {
        const accepted = await machine.decide({ type: 'stop', case: id, account: accountOf(id), reason });
        context.out.say(`${id} is stopped: its sessions are being ended, its credential will be rotated`);
        if (options.wait === true)
          await waitForNextPhase(context, machine.api, id, [...phases, 'ended'], seconds);
        context.out.data(accepted, id);
        context.out.next(`breakglass status ${id}`);
        sayLink(context, machine, id);
      });
    },
  );
  withExamples(
    command,
    'stop acme-eu/2026-11-21-02 --reason "nobody on call signed in"',
    'stop acme-eu --reason "the incident is over" --wait --timeout 120',
  );
};
