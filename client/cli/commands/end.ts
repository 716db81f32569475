import { caseView, type CaseView } from '../../../core/contracts/http.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import { subjectOf } from '../aboutCase.ts';
import { casePath, isIn } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { CliError, exits, notFound, usage } from '../exits.ts';
import { createVault } from '../held.ts';
import { kratosAddress } from '../kratosAddress.ts';
import { onCase, type Machine } from '../machine.ts';
import { tryOld, type Tried } from '../tryOld.ts';
import type { VerifiedRequest } from '../verifyDossier.ts';
import { readSeconds, waitUntil } from '../waiting.ts';

interface Options extends DryRunOption {
  readonly reason?: string;
  /** False for `--no-wait`. */
  readonly wait: boolean;
  readonly timeout: string;
  readonly resume?: boolean;
  readonly kratos?: string;
}

/** `breakglass end`: gives the account back, and proves that what was opened is dead. */
export const addEnd: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('end')
      .description(
        'end the session; wait for the rotation, then try the old credential and sign what Kratos said',
      )
      .argument('<case>')
      .option('--reason <text>', 'what was achieved (not with --resume)')
      .option('--wait', 'wait for the rotation and try the old credential', true)
      .option('--no-wait', 'only end; try the old credential later with --resume')
      .option('--timeout <seconds>', 'how long to wait', '600')
      .option('--resume', 'the case has ended: only wait and try the old credential')
      .option('--kratos <url>', 'Kratos’s public address (or BREAKGLASS_KRATOS_PUBLIC_URL, or the profile)'),
  ).action(async (named: string, options: Options) => {
    if (options.resume === true && options.dryRun === true)
      throw usage('--resume tries the old credential, which is no dry run: give one of the two');
    if (options.resume !== true && options.reason === undefined)
      throw usage('give --reason TEXT (or --resume, if the case has ended already)');
    const phases =
      options.resume === true ? (['ended', 'settling'] as const) : (['released', 'in-session'] as const);
    await onCase(context, { named, doing: 'end', phases, dryRun: options.dryRun }, (machine, id) =>
      end(context, machine, id, options),
    );
  });
  withExamples(
    command,
    'end acme-eu --reason "deploy stopped, checked with the incident lead"',
    'end acme-eu --resume --kratos https://login.acme.example',
  );
};

const end = async (context: Context, machine: Machine, id: CaseId, options: Options): Promise<void> => {
  const { me } = machine;
  const { out } = context;
  const { about, request } = await subjectOf(context, machine, id);
  if (options.reason !== undefined && options.resume !== true) {
    await machine.decide({ type: 'end', ...about, reason: options.reason });
    out.say(`${id} has ended; its sessions are being ended and its credential rotated`);
  }
  const resume = `breakglass end ${id} --resume`;
  if (!options.wait) {
    out.data({ case: id, rotation: null, tried: null }, id);
    out.next(resume);
    return;
  }
  const view = await waitUntil(
    context,
    { seconds: readSeconds(options), what: `the rotation after ${id}`, next: resume },
    () => lookForRotation(context, machine, id),
  );
  out.say(`rotated: ${view.rotation ?? ''}`);
  const isRequester = request !== null && me === request.statement.by;
  const tried = isRequester ? await prove(context, machine, request, view, options) : null;
  out.data({ case: id, rotation: view.rotation, tried }, id);
  if (me === view.by) out.next(`breakglass write-up ${id} --document session-log`);
  else out.next(`breakglass status ${id}`);
};

const lookForRotation = async ({ out }: Context, { api }: Machine, id: CaseId): Promise<CaseView | null> => {
  const view = await api.get(casePath(id), caseView);
  if (isIn(view, ['settling', 'closed'])) return view;
  if (
    isIn(view, [
      'denied',
      'withdrawn',
      'expired',
      'released',
      'in-session',
      'requested',
      'authorised',
      'unanswered',
    ])
  )
    throw new CliError(
      exits.refused,
      'wrong-phase',
      `${id} is ${view.phase}, not ended`,
      `breakglass status ${id}`,
    );
  out.progress(`${id} is ${view.phase}: waiting for the rotation`);
  return null;
};

/** Tries what this machine holds, signs what it saw, and forgets it. Null where there is nothing to try. */
const prove = async (
  context: Context,
  machine: Machine,
  request: VerifiedRequest,
  view: CaseView,
  options: Options,
): Promise<Tried | null> => {
  const { out } = context;
  const vault = createVault(context.home, machine.profile);
  const held = await vault.read(request.digest);
  if (held?.old == null) {
    if (options.resume === true)
      throw notFound(
        `this machine holds no opened credential of ${view.case}`,
        `breakglass status ${view.case}`,
      );
    if (held !== null) await vault.forget(request.digest);
    out.say('nothing was opened on this machine, so there is nothing to try');
    return null;
  }
  const url = kratosAddress(context, machine.profile, options.kratos);
  if (url === null) {
    out.warn('the old credential is not tried yet: this machine does not know where Kratos is');
    out.next(`breakglass end ${view.case} --resume --kratos URL`);
    return null;
  }
  const tried = await tryOld(held.old, url);
  const about = { case: view.case, account: held.account, request: request.digest };
  await machine.decide({ type: 'refusals', ...about, ...tried, triedAt: context.now() });
  if (!tried.password.refused || tried.session?.refused === false) {
    // Kept: after the next rotation this machine alone can try it again.
    out.warn('the old credential still works: signed, security is told, and another rotation begins');
    out.next(`breakglass end ${view.case} --resume`);
    return tried;
  }
  await vault.forget(request.digest);
  const session = tried.session === null ? '' : `, the old session (${tried.session.status})`;
  out.say(`Kratos refused the old password (${tried.password.status})${session}: signed, and forgotten here`);
  return tried;
};
