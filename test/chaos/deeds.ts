/** What simulated people may do, as the ledger's states have it: the same in memory and on real servers. */
import type { Json } from '../../core/contracts/canonical.ts';
import { parts, type CaseId } from '../../core/contracts/ids.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import {
  finalPhases,
  isDeclared,
  requestDigestOf,
  type CaseState,
  type DeclaredCase,
} from '../../core/rules/case/state.ts';
import type { Random } from './random.ts';

/** A statement before it is signed; the members every statement has are added by whoever signs. */
export interface Deed {
  readonly to: 'account' | CaseId;
  readonly by: string;
  readonly members: Readonly<Record<string, Json>>;
}

/** Who may do what toward the account. */
export interface Players {
  readonly requesters: readonly string[];
  readonly approvers: readonly string[];
  readonly owners: readonly string[];
  readonly role: string;
  /** What a request says, besides its kind. */
  readonly request: Readonly<Record<string, Json>>;
}

/** The account and those of its cases that are not over. */
export interface Situation {
  readonly account: AccountState;
  readonly cases: readonly CaseState[];
  readonly now: string;
}

const filled = (document: keyof typeof writeUpHeadings): string =>
  writeUpHeadings[document].map((heading) => `## ${heading}\nas it was\n`).join('\n');

const forCase = (state: CaseState, { approvers, role }: Players, now: string): Deed[] => {
  const { pair } = state.opening;
  const request = requestDigestOf(state);
  const requester = state.responsible;
  const deed = (by: string, members: Readonly<Record<string, Json>>): Deed => ({
    to: state.case,
    by,
    members: { case: state.case, request, ...members },
  });
  switch (state.phase) {
    case 'requested':
      return approvers.map((by) => deed(by, { type: 'approval', role }));
    case 'authorised':
      return parts.flatMap((part) =>
        pair[part].custodians.map((by) => {
          const { generation, seal } = pair[part];
          const recipient = isDeclared(state) ? state.opening.recipient : '';
          return deed(by, { type: 'release', part, generation, seal, recipient, ciphertext: 'sealed' });
        }),
      );
    case 'unanswered':
      return state.opening.type === 'requested'
        ? []
        : state.opening.terms.answerers.map((by) => ({
            ...{ to: state.case, by },
            members: { type: 'stop', case: state.case, reason: 'nobody knows who it is' },
          }));
    case 'in-session':
      return requester === null ? [] : [deed(requester, { type: 'end', reason: 'done' })];
    case 'ended':
    case 'settling':
      return state.obligations
        .filter((each) => each.ended === null)
        .flatMap((each): Deed[] => {
          switch (each.kind) {
            case 'session-log':
            case 'post-mortem':
              return [deed(each.owner, { type: 'write-up', document: each.kind, text: filled(each.kind) })];
            case 'refusals': {
              const password = { generation: pair.password.generation, refused: true, status: 400 };
              return [deed(each.owner, { type: 'refusals', password, session: null, triedAt: now })];
            }
            case 'attestation': {
              const part = parts.find((one) => each.id.startsWith(`attestation/${one}/`));
              if (part === undefined || state.newPair === null) return [];
              const { generation, seal } = state.newPair[part];
              const about = { rotation: state.rotation, part, generation, seal, keptAt: 'a safe' };
              return [
                {
                  to: state.case,
                  by: each.owner,
                  members: { type: 'attestation', case: state.case, ...about },
                },
              ];
            }
            default:
              return [];
          }
        });
    default:
      return [];
  }
};

/** The account's own sealing, after a rotation that was no case's. */
const attestationsOf = ({ pair, lastRotation, attested }: AccountState): Deed[] =>
  parts.flatMap((part) => {
    if (pair === null || lastRotation === null) return [];
    const { generation, seal, custodians } = pair[part];
    const about = { type: 'attestation', case: null, rotation: lastRotation.id, keptAt: 'a safe' };
    return custodians
      .filter((by) => !attested.includes(`${part}/${by}`))
      .map((by): Deed => ({ to: 'account', by, members: { ...about, part, generation, seal } }));
  });

/** What would bring the account and its cases further, by whoever may. @param asks - whether a case may be asked for */
export const deedsFor = (
  { account, cases, now }: Situation,
  players: Players,
  asks: boolean,
): readonly Deed[] => {
  const { pair, rotation, openCase } = account;
  const toAccount = (by: string, members: Deed['members']): Deed => ({ to: 'account', by, members });
  const isBlocked = pair !== null && blockedBy(account) !== null;
  const isBroken = account.rotationFailure !== null || account.distrusted !== null;
  const owners = (members: Deed['members']): Deed[] => players.owners.map((by) => toAccount(by, members));
  return [
    ...(pair === null && rotation === null ? owners({ type: 'provision' }) : []),
    ...(isBlocked && rotation === null && isBroken ? owners({ type: 'rotate', reason: 'it failed' }) : []),
    ...(isBlocked && asks ? owners({ type: 'override', reason: 'it cannot wait' }) : []),
    ...(isBlocked && rotation === null ? attestationsOf(account) : []),
    ...(asks && pair !== null && openCase === null
      ? players.requesters.map((by) => toAccount(by, { ...players.request, type: 'request' }))
      : []),
    ...cases
      .filter((each) => !finalPhases.includes(each.phase))
      .flatMap((each) => forCase(each, players, now)),
  ];
};

/** "This session is mine", by the requester of the open case. */
export const claimOf = ({ case: id, opening: { by, request } }: DeclaredCase, session: string): Deed => ({
  to: 'account',
  by,
  members: { type: 'claim', case: id, request, session },
});

const twists: readonly ((deed: Deed, everybody: readonly string[], random: Random) => Deed)[] = [
  (deed, everybody, random) => ({ ...deed, by: random.pick(everybody) ?? deed.by }),
  (deed) => ({ ...deed, members: { ...deed.members, request: 'f'.repeat(64) } }),
  (deed) => ({ ...deed, members: { ...deed.members, seal: 'e'.repeat(64) } }),
  (deed) => ({ ...deed, members: { ...deed.members, generation: 99 } }),
  (deed) => ({ ...deed, members: { ...deed.members, recipient: `age1${'q'.repeat(58)}` } }),
  (deed) => ({ ...deed, members: { ...deed.members, role: 'admin' } }),
  (deed) => ({ ...deed, members: { ...deed.members, surprise: true } }),
];

/** The same with something wrong in it, more often than not. */
export const twisted = (deed: Deed, everybody: readonly string[], random: Random): Deed =>
  random.pick(twists)?.(deed, everybody, random) ?? deed;
