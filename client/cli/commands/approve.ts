import { caseView, dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, foretell, type DryRunOption } from '../dryRun.ts';
import { CliError, exits } from '../exits.ts';
import { sayLink } from '../link.ts';
import { onCase } from '../machine.ts';
import { showRequest } from '../showRequest.ts';
import { cannotDecide, quorumOf, verifyRequest, verifyView } from '../verifyDossier.ts';
import { readSeconds, waitForNextPhase, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions, DryRunOption {
  readonly yes?: boolean;
}

/** `breakglass approve`: sees the request as it was signed, and signs for it. */
export const addApprove: AddCommand = (program, context) => {
  const { out } = context;
  const command = program
    .command('approve')
    .description('show the signed request in full, and sign for it')
    .argument('<case>')
    .option('--yes', 'sign without being asked');
  dryRunOption(waitOptions(command, 'wait until enough have approved, or one has denied')).action(
    async (named: string, options: Options) => {
      const about = { named, doing: 'approve', phases: ['requested'] as const, dryRun: options.dryRun };
      const seconds = readSeconds(options);
      await onCase(context, about, async (machine, id) => {
        const { api, trust } = machine;
        const view = await api.get(casePath(id), caseView);
        const dossier = await api.get(casePath(id, '/dossier'), dossierSchema);
        const request = verifyRequest(dossier, id, trust, context.now());
        verifyView(view, id, request);
        out.say(showRequest(request, trust.current.config));
        const { need, role } = quorumOf(request, trust, view.need);
        out.say(`\n${view.approvedBy.length} of ${need} have approved${said(view.approvedBy)}`);
        if (view.raised !== null)
          out.say(`the config has ${view.raised.from}; overdue: ${view.raised.overdue.join(', ')}`);
        foretell(context, options, cannotDecide(request, machine.trust, machine.me));
        if (
          options.dryRun !== true &&
          options.yes !== true &&
          !isYes(await out.ask('sign as approved? [y/N]', '--yes'))
        )
          throw new CliError(
            exits.refused,
            'not-signed',
            'nothing was signed',
            `breakglass deny ${id} --reason TEXT`,
          );
        const { account } = request.statement;
        // As long as the request it is for: the quorum must still stand when custodians release.
        const accepted = await machine.decide(
          { type: 'approval', case: id, account, request: request.digest, role },
          request.statement.expiresAt,
        );
        const isWaiting = options.wait === true && !accepted.events.includes('authorised');
        const { phase } = isWaiting
          ? await waitForNextPhase(context, api, id, ['requested'], seconds)
          : { phase: accepted.events.includes('authorised') ? 'authorised' : 'requested' };
        out.data({ ...accepted, phase }, id);
        const isAuthorised = phase !== 'requested';
        out.say(isAuthorised ? `${id} is authorised` : `${id} waits for more approvals`);
        out.next(
          `${isAuthorised ? 'custodians: breakglass release' : 'approvers: breakglass approve'} ${id}`,
        );
        sayLink(context, machine, id);
      });
    },
  );
  withExamples(
    command,
    'approve acme-eu --dry-run',
    'approve acme-eu',
    'approve acme-eu/2026-11-21-01 --yes --wait --timeout 900 --json',
  );
};

const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer);

const said = (people: readonly string[]): string => (people.length === 0 ? '' : `: ${people.join(', ')}`);
