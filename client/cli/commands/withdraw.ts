import { dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { onCase } from '../machine.ts';
import { verifyRequest } from '../verifyDossier.ts';
import { asSigned } from '../verifyEnvelope.ts';

/** `breakglass withdraw`: the requester no longer needs it. */
export const addWithdraw: AddCommand = (program, context) => {
  const command = program
    .command('withdraw')
    .description('take your request back')
    .argument('<case>')
    .requiredOption('--reason <text>', 'why')
    .action(async (named: string, { reason }: { readonly reason: string }) => {
      const phases = ['requested', 'authorised'] as const;
      await onCase(context, { named, doing: 'withdraw', phases }, async (machine, id) => {
        const dossier = await machine.api.get(casePath(id, '/dossier'), dossierSchema);
        const request = verifyRequest(dossier, id, machine.trust, asSigned(dossier.request, context.now()));
        const { account } = request.statement;
        const about = { case: id, account, request: request.digest };
        const accepted = await machine.decide({ type: 'withdrawal', ...about, reason });
        context.out.data(accepted, id);
        context.out.next(`breakglass history ${id}`);
      });
    });
  withExamples(command, 'withdraw acme-eu --reason "single sign-on is back"');
};
