import { accountOf } from '../../../core/contracts/ids.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { onCase } from '../machine.ts';

/** `breakglass stop`: ends a use at once, whoever's it is. */
export const addStop: AddCommand = (program, context) => {
  const command = program
    .command('stop')
    .description(
      'end a use at once: the answer to an undeclared one, or the end of somebody else’s session (approvers, admins, on-call, security)',
    )
    .argument('<case>')
    .requiredOption('--reason <text>', 'why')
    .action(async (named: string, { reason }: { readonly reason: string }) => {
      const phases = ['unanswered', 'released', 'in-session'] as const;
      await onCase(context, { named, doing: 'stop', phases }, async (machine, id) => {
        const accepted = await machine.decide({ type: 'stop', case: id, account: accountOf(id), reason });
        context.out.say(`${id} is stopped: its sessions are being ended, its credential will be rotated`);
        context.out.data(accepted, id);
        context.out.next(`breakglass status ${id}`);
      });
    });
  withExamples(command, 'stop acme-eu/2026-11-21-02 --reason "nobody on call signed in"');
};
