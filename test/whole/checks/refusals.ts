/** Every attempt that must come to nothing, on a real stack: at the door, past the api, by a lying server. */
import { join } from 'node:path';
import { z } from 'zod';
import { createSshKey, signWithSshKeygen } from '../../../adapters/ssh/sign.ts';
import { canonicalize, parseCanonical, type Json } from '../../../core/contracts/canonical.ts';
import { dossier as dossierSchema } from '../../../core/contracts/http.ts';
import { caseId, type CaseId } from '../../../core/contracts/ids.ts';
import { envelope as envelopeSchema, namespaces, type Envelope } from '../../../core/contracts/statements.ts';
import { ageEncrypt, newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import { ask, cast, requestCommand } from '../../../dev/stack/play.ts';
import { anaWithHerSecondKey, type Whole } from '../stack.ts';
import { attempt, command, post, type Scene, type Tried } from './attempt.ts';
import { withServerBetween, type Between } from './between.ts';
import { openLookout } from './lookout.ts';
import { machineLogLines, signAs } from './person.ts';
import { reachTemporal, refusalOf } from './temporal.ts';
import { declared } from '../../support/declared.ts';

/** Jonas asks here: he may, and as a senior he could approve others. */
const asker = 'jonas';
const [first, second] = cast.approvers;
const [custodian = ''] = cast.custodians.mfa;

const nowhere = { ip: null, userAgent: null };

/** Requests that the rules do not admit. */
export const tryReasons = async (scene: Scene): Promise<Tried[]> => {
  const { stack, account } = scene;
  const asking = (what: string, asked: Parameters<typeof requestCommand>[1]): Promise<Tried> =>
    attempt(scene, what, 'command', () => command(stack, 'maya', ...requestCommand(account, asked)));
  return [
    await asking('an unknown scenario', { scenario: 'coffee-machine-down' }),
    await asking('a reason refused by name', { scenario: 'trying-the-login' }),
    await asking('a reason refused by its words', { reason: 'I only want to test the login quickly' }),
  ];
};

/** Signatures that are none, or by a key that the config does not name for the signer; put there on the way. */
export const trySignatures = async (scene: Scene, id: CaseId, between: Between): Promise<Tried[]> => {
  const { stack } = scene;
  const keyFile = join(stack.stateFolder, 'strange_ed25519');
  await createSshKey({ file: keyFile, comment: first });
  const approving = async (what: string, forge: (message: string) => Promise<string>): Promise<Tried> => {
    between.meddle({
      sent: async (path, body) => {
        if (path !== '/v1/statements') return undefined;
        const { statement } = envelopeSchema.parse(body);
        return { statement, signature: await forge(statement) };
      },
    });
    const tried = await attempt(scene, what, 'command', () => command(stack, first, 'approve', id, '--yes'));
    between.meddle(null);
    return tried;
  };
  return [
    await approving('a malformed signature', () =>
      Promise.resolve('-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'),
    ),
    await approving('a wrong key', (message) =>
      signWithSshKeygen({ message, namespace: namespaces.decision, keyFile }),
    ),
  ];
};

const approvalOf = async ({ account, lookout }: Scene, id: CaseId) => {
  const { request } = declared(await lookout.caseState(id)).opening;
  return { type: 'approval', case: id, account, request, role: 'senior' } as const;
};

/** Approvals that do not count, and the one between them that does: what is looked at does change by that one. */
export const tryApprovals = async (
  scene: Scene,
  id: CaseId,
): Promise<{ readonly tried: readonly Tried[]; readonly good: Tried }> => {
  const { stack, lookout } = scene;
  const approving = (what: string, person: string): Promise<Tried> =>
    attempt(scene, what, 'command', () => command(stack, person, 'approve', id, '--yes'));
  const self = await approving('a self-approval', asker);
  const good = await approving('a good approval', first);
  const accepted = good.rows[0]?.metadata.envelope;
  if (accepted === undefined) {
    const { exit, line, rows } = good;
    const left = rows.map((row) => row.action).join(', ');
    throw new Error(`${first}'s approval (exit ${exit}: ${line}) left no row with an envelope, but: ${left}`);
  }
  await lookout.quiet();
  const again = await approving('the same person with a second key', anaWithHerSecondKey);
  const replay = await attempt(scene, 'a replayed approval', 'http', () => post(stack, accepted));
  return { tried: [self, again, replay], good };
};

/** What an update past the api left in the case's history, besides the ledger. */
export interface TriedUpdate extends Tried {
  /** Kinds of events that the history gained. */
  readonly history: readonly string[];
}

/** Updates sent straight to Temporal. */
export const tryUpdates = async (scene: Scene, id: CaseId): Promise<TriedUpdate[]> => {
  const { stack } = scene;
  const temporal = await reachTemporal(stack);
  const genuine = (await signAs(stack, second, await approvalOf(scene, id))).envelope;
  const sent = async (what: string, update: () => Promise<unknown>): Promise<TriedUpdate> => {
    const before = await temporal.history(id);
    const tried = await attempt(scene, what, 'temporal', async () => ({
      exit: 1,
      line: await refusalOf(update()),
    }));
    return { ...tried, history: (await temporal.history(id)).slice(before.length) };
  };
  try {
    return [
      await sent('a raw update without proof', () =>
        temporal.keyed.submitToCase(
          id,
          { envelope: { ...genuine, signature: '' }, origin: nowhere },
          'raw-update-without-proof',
        ),
      ),
      await sent('a raw update in plaintext', () =>
        temporal.plain(id, { envelope: genuine, origin: nowhere }),
      ),
    ];
  } finally {
    await temporal.close();
  }
};

/** What a refusal on a person's own machine left there. */
export interface TriedOnMachine extends Tried {
  /** Lines that the machine's own log gained. */
  readonly logged: number;
}

const withRecipient = (envelope: Envelope, recipient: string): Envelope => {
  const members = z.record(z.string(), z.json()).parse(parseCanonical(envelope.statement)) as Record<
    string,
    Json
  >;
  return { ...envelope, statement: canonicalize({ ...members, recipient }) };
};

/** A server that shows a custodian another one-time recipient than the requester signed. */
export const trySwapByServer = async (
  scene: Scene,
  id: CaseId,
  between: Between,
): Promise<TriedOnMachine> => {
  const { stack } = scene;
  const thief = await recipientOf(await newAgeIdentity());
  const swapped = (path: string, body: unknown): unknown => {
    if (!path.endsWith('/dossier')) return undefined;
    const dossier = dossierSchema.parse(body);
    return { ...dossier, request: withRecipient(dossier.request, thief) };
  };
  const before = await machineLogLines(stack, custodian);
  between.meddle({ answered: swapped });
  try {
    const tried = await attempt(scene, 'a recipient swapped by the server', 'command', () =>
      command(stack, custodian, 'release', id),
    );
    return { ...tried, logged: (await machineLogLines(stack, custodian)) - before };
  } finally {
    between.meddle(null);
  }
};

/** A custodian who releases to somebody else than the requester. */
export const trySwapByCustodian = async (scene: Scene, id: CaseId): Promise<Tried> => {
  const { stack, account, lookout } = scene;
  const { opening: request } = declared(await lookout.caseState(id));
  const { generation, seal } = request.pair.mfa;
  const recipient = await recipientOf(await newAgeIdentity());
  const { envelope } = await signAs(stack, custodian, {
    ...{ type: 'release', case: id, account, request: request.request, part: 'mfa', generation, seal },
    recipient,
    ciphertext: await ageEncrypt([recipient], 'what the custodian would have handed over'),
  });
  return attempt(scene, 'a recipient swapped by a custodian', 'http', () => post(stack, envelope));
};

export interface Refusals {
  readonly tried: readonly Tried[];
  readonly updates: readonly TriedUpdate[];
  readonly onMachine: TriedOnMachine;
  /** The control: an approval that counts. */
  readonly good: Tried;
}

/**
 * Tries everything that must be refused, around one case that Jonas asks for,
 * that two seniors approve meanwhile, and that he withdraws in the end.
 */
export const tryRefusals = async ({ stack, account }: Whole): Promise<Refusals> => {
  const lookout = await openLookout(stack);
  const scene = { stack, account, lookout };
  try {
    await lookout.quiet();
    const reasons = await tryReasons(scene);
    const id = caseId.parse(await ask(stack.cli, account, 'emergency', { requester: asker }));
    await lookout.quiet();
    try {
      const { signatures, approvals, good, updates, onMachine } = await withServerBetween(
        stack,
        async (between) => {
          const signatures = await trySignatures(scene, id, between);
          const { tried: approvals, good } = await tryApprovals(scene, id);
          const updates = await tryUpdates(scene, id);
          // Not demanded: had something above been let through, the case could be past it, and that is to be told.
          await command(stack, second, 'approve', id, '--yes');
          await lookout.quiet();
          return {
            signatures,
            approvals,
            good,
            updates,
            onMachine: await trySwapByServer(scene, id, between),
          };
        },
      );
      const byCustodian = await trySwapByCustodian(scene, id);
      const tried = [...reasons, ...signatures, ...approvals, ...updates, onMachine, byCustodian];
      return { tried, updates, onMachine, good };
    } finally {
      await command(stack, asker, 'withdraw', id, '--reason', 'single sign-on is back');
    }
  } finally {
    await lookout.close();
  }
};
