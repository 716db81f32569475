import {
  accountView,
  casesPage,
  caseView,
  seals as sealsSchema,
  type StoredSeal,
} from '../../../core/contracts/http.ts';
import {
  accountOf,
  type AccountId,
  type CaseId,
  type Part,
  type RotationId,
} from '../../../core/contracts/ids.ts';
import type { Pair } from '../../../core/contracts/events.ts';
import { wipe } from '../../../core/custody/bytes.ts';
import type { Account } from '../../../core/contracts/config.ts';
import { accountNamed, casePath, isCaseName, resolveCase } from '../caseName.ts';
import type { Trust } from '../configPin.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { assertNotStale, keepCopy } from '../custodyCopies.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { CliError, exits, MachineRefusal } from '../exits.ts';
import { onAccount, type Machine } from '../machine.ts';
import { openOwnShare } from '../ownShare.ts';
import { readPart } from '../parts.ts';
import type { Draft } from '../sign.ts';
import { verifySeals } from '../verifySeals.ts';

interface Options extends DryRunOption {
  readonly keptAt: string;
  readonly part?: string;
}

/** The rotation one attests, and the case that waits for it. */
interface Owed {
  readonly rotation: RotationId;
  readonly case: CaseId | null;
  readonly pair: Pair;
}

/** `breakglass attest`: a custodian has the new share, can open it, and keeps a copy. */
export const addAttest: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('attest')
      .description('download the new seal, open your share, keep a copy, and sign where it lies')
      .argument('<case|account>')
      .requiredOption('--kept-at <text>', 'where your copy lies')
      .option('--part <part>', 'password or mfa (default: the part you hold)'),
  ).action(async (named: string, options: Options) => {
    const account = accountNamed(named);
    await onAccount(context, { account, doing: 'attest', dryRun: options.dryRun }, (machine) =>
      attest(context, machine, named, options),
    );
  });
  withExamples(
    command,
    'attest acme-eu --kept-at "safe 3, Berlin"',
    'attest acme-eu/2026-11-21-01 --kept-at vault',
  );
};

const attest = async (context: Context, machine: Machine, named: string, options: Options): Promise<void> => {
  const { api, trust, me, profile } = machine;
  const account = accountNamed(named);
  const owed = await findOwed(machine, account, named);
  const stored = await api.get(`/v1/accounts/${account}/seals`, sealsSchema);
  const seals = verifySeals(stored.seals, account, owed.pair, trust);
  const asked = readPart(options.part);
  const mine = (['password', 'mfa'] as const).filter(
    (part) =>
      (asked === null || asked === part) &&
      seals[part].sealed.shares.some(({ custodian }) => custodian === me),
  );
  if (mine.length === 0)
    throw new CliError(
      exits.refused,
      'not-a-custodian',
      `${me} holds no share of ${account}'s ${asked ?? 'credential'}`,
    );
  const drafts: Draft[] = [];
  for (const part of mine) {
    const seal = seals[part];
    await assertNotStale(context.home, account, seal);
    assertByConfig(seal, part, account, trust);
    wipe((await openOwnShare(seal, me, profile, trust)).bytes);
    const { generation } = seal.sealed;
    context.out.say(`the ${part}, generation ${generation}: your share opens`);
    if (options.dryRun !== true)
      context.out.say(`its ciphertext is in ${await keepCopy(context.home, account, seal)}`);
    drafts.push({
      ...{ type: 'attestation', account, rotation: owed.rotation, case: owed.case, part },
      ...{ generation, seal: seal.digest, keptAt: options.keptAt },
    });
  }
  const accepted = await machine.decideAll(drafts);
  context.out.data({ account, case: owed.case, attested: mine, accepted }, mine.join('\n'));
  context.out.next(`breakglass status ${owed.case ?? account}`);
};

const findOwed = async ({ api }: Machine, account: AccountId, named: string): Promise<Owed> => {
  if (isCaseName(named)) {
    const id = await resolveCase(named, api);
    const view = await api.get(casePath(id), caseView);
    if (view.newPair === null || view.rotation === null || accountOf(id) !== view.account)
      throw new CliError(exits.refused, 'wrong-phase', `${id} is ${view.phase}: nothing new is sealed yet`);
    return { rotation: view.rotation, case: id, pair: view.newPair };
  }
  const view = await api.get(`/v1/accounts/${account}`, accountView);
  if (view.pair === null || view.lastRotation === null)
    throw new CliError(
      exits.refused,
      'not-provisioned',
      `${account} is not sealed yet`,
      `breakglass provision ${account}`,
    );
  const rotation = view.lastRotation.id;
  // A rotation that settles a case is attested for that case, which waits for it.
  const { cases } = await api.get(`/v1/cases?account=${account}&phase=settling`, casesPage);
  const settled = cases.find((each) => each.rotation === rotation);
  return { rotation, case: settled?.case ?? null, pair: view.pair };
};

/** A worker that seals to other people than the config names has been taken over, or has the wrong config. */
const assertByConfig = ({ sealed }: StoredSeal, part: Part, id: AccountId, { configs }: Trust): void => {
  const isAsIn = (
    account: Account | undefined,
    recipientOf: (custodian: string) => string | undefined,
  ): boolean => {
    const custody = account?.custody[part];
    return (
      custody?.threshold === sealed.threshold &&
      custody.custodians.length === sealed.shares.length &&
      sealed.shares.every(
        ({ custodian, recipient }) =>
          custody.custodians.some((each) => each === custodian) && recipientOf(custodian) === recipient,
      )
    );
  };
  const isKnown = [...configs.values()].some(({ config }) =>
    isAsIn(
      config.accounts[id],
      (custodian) => Object.entries(config.people).find(([person]) => person === custodian)?.[1].ageRecipient,
    ),
  );
  if (!isKnown)
    throw new MachineRefusal(
      'wrong-seal',
      `the ${part} is sealed to other people or keys than any config here names`,
    );
};
