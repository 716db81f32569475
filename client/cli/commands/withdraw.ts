import { dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { onCase } from '../machine.ts';
import { verifyRequest } from '../verifyDossier.ts';
import { asSigned } from '../verifyEnvelope.ts';

interface Options extends DryRunOption {
  readonly reason: string;
}

/** `breakglass withdraw`: the requester no longer needs it. */
export const addWithdraw: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('withdraw')
      .description('take your request back')
      .argument('<case>')
      .requiredOption('--reason <text>', 'why'),
  ).action(async (named: string, options: Options) => {
    const { reason, dryRun } = options;
    const phases = ['requested', 'authorised'] as const;
    await onCase(context, { named, doing: 'withdraw', phases, dryRun }, async (machine, id) => {
      const dossier = await machine.api.get(casePath(id, '/dossier'), dossierSchema);
      const request = verifyRequest(dossier, id, machine.trust, asSigned(dossier.request, context.now()));
      const { account, by } = request.statement;
      if (by !== machine.me)
        foretell(context, options, { code: 'not-the-requester', why: `only ${by}, who asked, withdraws it` });
      const about = { case: id, account, request: request.digest };
      const accepted = await machine.decide({ type: 'withdrawal', ...about, reason });
      context.out.data(accepted, id);
      context.out.next(`breakglass history ${id}`);
    });
  });
  withExamples(command, 'withdraw acme-eu --reason "single sign-on is back"');
};
