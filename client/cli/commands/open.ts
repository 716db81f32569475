import { caseView, dossier as dossierSchema } from '../../../core/contracts/http.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import { secondsLeft, totpCode } from '../../../core/custody/secrets.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';
import { createVault, type Held } from '../held.ts';
import { kratosAddress } from '../kratosAddress.ts';
import { logIn } from '../logIn.ts';
import { onCase, type Machine } from '../machine.ts';
import { openCredential, type Credential } from '../openShares.ts';
import { verifyRequest, verifyView } from '../verifyDossier.ts';
import { asSigned } from '../verifyEnvelope.ts';
import { verifySeals } from '../verifySeals.ts';
import { readSeconds, waitForNextPhase, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions {
  readonly login?: boolean;
  readonly kratos?: string;
}

/** `breakglass open`: combines the released shares on the requester's machine. */
export const addOpen: AddCommand = (program, context) => {
  const { out } = context;
  const command = program
    .command('open')
    .description('combine the released shares here; log in with them, or show them once')
    .argument('<case>')
    .option('--login', 'log in to Kratos, claim the session, and keep the secret off the screen')
    .option('--kratos <url>', 'Kratos’s public address (or BREAKGLASS_KRATOS_PUBLIC_URL, or the profile)');
  waitOptions(command, 'wait until enough shares are there').action(
    async (named: string, options: Options) => {
      if (options.login !== true && !out.isJson && !out.isStdoutTerminal)
        throw usage('a secret is shown on a terminal only: give --login, or --json to take it yourself');
      const seconds = readSeconds(options);
      const before = options.wait === true ? (['requested', 'authorised'] as const) : [];
      const phases = [...before, 'released', 'in-session'] as const;
      await onCase(context, { named, doing: 'open', phases }, async (machine, id) => {
        // Before anything is decrypted: a mistyped address must not cost a minute of an emergency later.
        const url = kratosAddress(context, machine.profile, options.kratos);
        if (options.login === true && url === null)
          throw usage('where is Kratos? give --kratos URL or set BREAKGLASS_KRATOS_PUBLIC_URL');
        if (options.wait === true) await waitForNextPhase(context, machine.api, id, before, seconds);
        const { held, credential } = await open(context, machine, id);
        if (options.login === true && url !== null)
          await logIn({ context, machine, id, held, credential, url });
        else show(context, id, held, credential);
      });
    },
  );
  withExamples(
    command,
    'open acme-eu --login --kratos https://login.acme.example',
    'open acme-eu --login --wait --timeout 1800',
    'open acme-eu',
  );
};

/** Verifies, decrypts and keeps the credential for its trial after the rotation. */
const open = async (
  context: Context,
  machine: Machine,
  id: CaseId,
): Promise<{ readonly held: Held; readonly credential: Credential }> => {
  const { api, trust, me, profile, account } = machine;
  const now = context.now();
  const view = await api.get(casePath(id), caseView);
  const dossier = await api.get(casePath(id, '/dossier'), dossierSchema);
  const request = verifyRequest(dossier, id, trust, asSigned(dossier.request, now));
  verifyView(view, id, request);
  if (request.statement.by !== me)
    throw new CliError(
      exits.refused,
      'not-the-requester',
      `only ${request.statement.by}, who asked, opens ${id}`,
    );
  if (view.phase !== 'released' && view.phase !== 'in-session')
    throw new CliError(exits.refused, 'wrong-phase', `${id} is ${view.phase}`, `breakglass status ${id}`);
  const vault = createVault(context.home, profile);
  const before = await vault.read(request.digest);
  if (before === null)
    throw new CliError(
      exits.notFound,
      'no-key',
      `the one-time key of ${id} is not on this machine: open it where it was asked for, or ask again`,
      `breakglass withdraw ${id} --reason "key lost"`,
    );
  const seals = verifySeals(dossier.seals, request.statement.account, view.pair, trust);
  const { oneTimeIdentity } = before;
  const credential = await openCredential(
    { machine, id, request, seals, oneTimeIdentity, now, warn: context.out.warn },
    dossier,
  );
  const { generation } = seals.password.sealed;
  const session = before.old?.session ?? null;
  const old = { identifier: account.address, password: credential.password, generation, session };
  const held = { ...before, case: id, old };
  await vault.write(held);
  return { held, credential };
};

const show = (context: Context, id: CaseId, held: Held, { password, mfa: seed }: Credential): void => {
  const { out, surroundings } = context;
  const at = surroundings.now();
  const totp = { code: totpCode({ seed, at }), secondsLeft: secondsLeft(at), seed };
  const identifier = held.old?.identifier ?? '';
  out.data(
    { case: id, account: held.account, identifier, password, totp },
    [
      `login     ${identifier}`,
      `password  ${password}`,
      `code      ${totp.code} (for ${totp.secondsLeft} s more)`,
      `seed      ${seed}`,
    ].join('\n'),
  );
  out.say('clear this screen when you have logged in');
  out.next(`breakglass claim ${id}`);
};
