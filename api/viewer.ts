/** Who is reading, and what they are to what they read. */
import type { Holding, View } from '../core/contracts/access.ts';
import { mayRead } from '../core/contracts/access.ts';
import type { Account, Config } from '../core/contracts/config.ts';
import { parts, type AccountId, type PersonId } from '../core/contracts/ids.ts';
import type { AccountState } from '../core/rules/account/state.ts';
import { isDeclared, type CaseState } from '../core/rules/case/state.ts';
import { problemOf } from './problems.ts';

/** A signed-in person, as the config in force has them. */
export interface Viewer {
  readonly person: PersonId;
  readonly config: Config;
  readonly holdings: ReadonlySet<Holding>;
}

export const viewerOf = (config: Config, person: PersonId): Viewer => ({
  person,
  config,
  holdings: new Set<Holding>(['person', ...(config.people[person]?.roles ?? [])]),
});

/** @throws ApiProblem 403 */
export const requireRead = (view: View, holdings: ReadonlySet<Holding>): void => {
  if (!mayRead(view, holdings)) throw problemOf('forbidden', `your roles do not let you read ${view}`);
};

/** The account in the config in force. @throws ApiProblem 404 */
export const accountOfConfig = ({ config }: Viewer, id: AccountId): Account => {
  const account = Object.hasOwn(config.accounts, id) ? config.accounts[id] : undefined;
  if (account === undefined) throw problemOf('not-found', `the config in force has no account ${id}`);
  return account;
};

const standing = ({ person, config }: Viewer, id: AccountId): Holding[] => {
  const account = Object.hasOwn(config.accounts, id) ? config.accounts[id] : undefined;
  if (account === undefined) return [];
  const holdings: Holding[] = [];
  if (account.principals.includes(person)) holdings.push('principal');
  if (account.owners.includes(person)) holdings.push('owner');
  if (parts.some((part) => account.custody[part].custodians.includes(person))) holdings.push('custodian');
  if (config.people[person]?.roles.includes(account.quorum.role) === true) holdings.push('approver');
  return holdings;
};

/** What the viewer is to an account: by the config, by the pair now sealed, by its open case. */
export const holdingsInAccount = (viewer: Viewer, id: AccountId, state: AccountState): Set<Holding> => {
  const holdings = new Set<Holding>([...viewer.holdings, ...standing(viewer, id)]);
  if (parts.some((part) => state.pair?.[part].custodians.includes(viewer.person) === true))
    holdings.add('custodian');
  if (state.openCase?.by === viewer.person) holdings.add('requester');
  return holdings;
};

/**
 * What the viewer is to a case: a custodian of its seals, an approver by its terms who still holds the role. Who may
 * stop an undeclared use, by the config in force, may look at it first.
 */
export const holdingsInCase = (viewer: Viewer, state: CaseState): Set<Holding> => {
  const { person, config } = viewer;
  const { opening, newPair } = state;
  const holdings = new Set<Holding>([...viewer.holdings, ...standing(viewer, opening.account)]);
  if (isDeclared(state)) {
    const { by, terms } = state.opening;
    const isApprover =
      person !== by &&
      terms.approvers.includes(person) &&
      config.people[person]?.roles.includes(terms.role) === true;
    if (isApprover) holdings.add('approver');
    else holdings.delete('approver');
  }
  if (person === state.responsible) holdings.add('requester');
  const isCustodian = parts.some(
    (part) =>
      opening.pair[part].custodians.includes(person) || newPair?.[part].custodians.includes(person) === true,
  );
  if (isCustodian) holdings.add('custodian');
  return holdings;
};

/** What the viewer is to an account of whose case nothing is known. */
export const holdingsByConfig = (viewer: Viewer, id: AccountId): Set<Holding> =>
  new Set<Holding>([...viewer.holdings, ...standing(viewer, id)]);
