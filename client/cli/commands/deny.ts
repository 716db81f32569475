import { dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { onCase } from '../machine.ts';
import { cannotDecide, quorumOf, verifyRequest } from '../verifyDossier.ts';
import { asSigned } from '../verifyEnvelope.ts';

interface Options extends DryRunOption {
  readonly reason: string;
}

/** `breakglass deny`: one approver's no ends a case that has not been released. */
export const addDeny: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('deny')
      .description('refuse a request; one approver’s no is enough')
      .argument('<case>')
      .requiredOption('--reason <text>', 'why'),
  ).action(async (named: string, options: Options) => {
    const { reason, dryRun } = options;
    const phases = ['requested', 'authorised'] as const;
    await onCase(context, { named, doing: 'deny', phases, dryRun }, async (machine, id) => {
      const dossier = await machine.api.get(casePath(id, '/dossier'), dossierSchema);
      const request = verifyRequest(dossier, id, machine.trust, asSigned(dossier.request, context.now()));
      foretell(context, options, cannotDecide(request, machine.trust, machine.me));
      const { role } = quorumOf(request, machine.trust);
      const { account } = request.statement;
      const accepted = await machine.decide({
        ...{ type: 'denial', case: id, account, request: request.digest },
        ...{ role, reason },
      });
      context.out.data(accepted, id);
      context.out.next(`breakglass history ${id}`);
    });
  });
  withExamples(command, 'deny acme-eu --reason "the deploy can be stopped with the normal role"');
};
