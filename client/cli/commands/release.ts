import type { CaseView } from '../../../core/contracts/http.ts';
import { caseView, dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { parts, type CaseId, type Part } from '../../../core/contracts/ids.ts';
import { rewrapShare } from '../../../core/custody/open.ts';
import { wipe } from '../../../core/custody/bytes.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { assertNotStale } from '../custodyCopies.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { CliError, exits, MachineRefusal } from '../exits.ts';
import { sayLink } from '../link.ts';
import { onCase, type Machine } from '../machine.ts';
import { openOwnShare } from '../ownShare.ts';
import { readPart } from '../parts.ts';
import { verifyQuorum, verifyRequest, verifyView } from '../verifyDossier.ts';
import type { Draft } from '../sign.ts';
import { verifySeals } from '../verifySeals.ts';
import { readSeconds, waitForNextPhase, waitOptions, type WaitOptions } from '../waiting.ts';

interface Options extends WaitOptions, DryRunOption {
  readonly part?: string;
}

/** `breakglass release`: this machine believes signatures, not the api, and gives its share to the requester. */
export const addRelease: AddCommand = (program, context) => {
  const command = program
    .command('release')
    .description('check the case on this machine, and release your share to the requester')
    .argument('<case>')
    .option('--part <part>', 'password or mfa (default: the part you hold)');
  dryRunOption(waitOptions(command, 'wait until enough shares are there')).action(
    async (named: string, options: Options) => {
      const asked = readPart(options.part);
      const wait = options.wait === true ? readSeconds(options) : null;
      const about = { named, doing: 'release', phases: ['authorised'] as const, dryRun: options.dryRun };
      await onCase(context, about, (machine, id) => release(context, machine, id, asked, wait));
    },
  );
  withExamples(
    command,
    'release acme-eu --dry-run',
    'release acme-eu',
    'release acme-eu/2026-11-21-01 --part mfa --wait --timeout 900',
  );
};

/** @param wait - in seconds, for the others’ shares; null not to wait */
const release = async (
  context: Context,
  machine: Machine,
  id: CaseId,
  asked: Part | null,
  wait: number | null,
): Promise<void> => {
  const { api, trust, me, profile } = machine;
  const now = context.now();
  const view = await api.get(casePath(id), caseView);
  assertDue(view);
  const dossier = await api.get(casePath(id, '/dossier'), dossierSchema);
  const request = verifyRequest(dossier, id, trust, now);
  verifyView(view, id, request);
  const { approvers, faults } = verifyQuorum(dossier, id, request, trust, now, view.need);
  const { account, recipient, by } = request.statement;
  const seals = verifySeals(dossier.seals, account, view.pair, trust);
  const mine = ownParts(machine, asked);
  for (const part of mine) {
    await assertNotStale(context.home, account, seals[part]);
    if (!seals[part].sealed.shares.some(({ custodian }) => custodian === me))
      throw new MachineRefusal(
        'wrong-seal',
        `the seal of the ${part} shown leaves out ${me}, a custodian of it`,
      );
  }
  for (const fault of faults) context.out.warn(`not counted: ${fault}`);
  context.out.say(`${by} asked, ${approvers.join(', ')} approved: verified on this machine`);

  const drafts: Draft[] = [];
  for (const part of mine) {
    const { sealed, digest } = seals[part];
    const share = await openOwnShare(seals[part], me, profile, trust);
    try {
      // The recipient and the digest are the signed request's, never a view's.
      const ciphertext = await rewrapShare({ share, recipient, request: request.digest });
      const about = { case: id, account, request: request.digest, part, generation: sealed.generation };
      drafts.push({ type: 'release', ...about, seal: digest, recipient, ciphertext });
    } finally {
      wipe(share.bytes);
    }
  }
  const accepted = await machine.decideAll(drafts);
  const isLast = accepted.some(({ events }) => events.includes('released'));
  if (!isLast && wait !== null) await waitForNextPhase(context, api, id, ['authorised'], wait);
  context.out.data({ case: id, released: mine, accepted }, mine.join('\n'));
  const isComplete = isLast || wait !== null;
  context.out.next(isComplete ? `${by}: breakglass open ${id} --login` : `breakglass status ${id}`);
  sayLink(context, machine, id);
};

/** Too early or too late is no lie: nothing goes into the log. */
const assertDue = ({ phase, case: id, approvedBy, need }: CaseView): void => {
  if (phase === 'authorised') return;
  const why = phase === 'requested' ? `${approvedBy.length} of ${need} have approved` : `it is ${phase}`;
  throw new CliError(
    exits.refused,
    'wrong-phase',
    `${id} is not waiting for shares: ${why}`,
    `breakglass status ${id}`,
  );
};

/** The parts one is a custodian of, by the config in force. @throws CliError */
const ownParts = ({ account, me }: Machine, asked: Part | null): Part[] => {
  const held = parts.filter((part) => account.custody[part].custodians.includes(me));
  const mine = asked === null ? held : held.filter((part) => part === asked);
  if (mine.length > 0) return mine;
  throw new CliError(
    exits.refused,
    'not-a-custodian',
    `${me} is no custodian of its ${asked ?? 'password or mfa'}`,
  );
};
