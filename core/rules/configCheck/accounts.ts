import type { ConfigDraft, DraftAccount } from '../../contracts/configDraft.ts';
import { checkCustody } from './custody.ts';
import { error, hasHoles, oneOf, readable, repeated, unknownIn, warning } from './finding.ts';
import type { ConfigFinding, Path } from './finding.ts';
import { mayHold } from './people.ts';

const checkQuorum = (draft: ConfigDraft, id: string, account: DraftAccount): ConfigFinding[] => {
  const { people } = draft;
  const { need, role } = account.quorum ?? {};
  if (people === undefined || need === undefined || role === undefined) return [];
  const holders = mayHold(people, role);
  // Nobody approves their own; the fewest are left when a principal asks who could have approved.
  const asking = readable(account.principals)
    .filter((each) => Object.hasOwn(people, each))
    .map((principal) => ({ principal, others: holders.filter((each) => each !== principal).length }));
  const others = Math.min(...asking.map((each) => each.others));
  if (others > need || asking.length === 0) return [];
  const askers = asking.filter((each) => each.others === others).map(({ principal }) => principal);
  const path = ['accounts', id, 'quorum'];
  const count = `when ${oneOf([...new Set(askers)])} asks, ${need} of role ${role} are needed and there are ${others}`;
  const more = need - others + (others === need ? 1 : 0);
  const give = `give ${more} more ${more === 1 ? 'person' : 'people'} the role ${role}`;
  const least = others === need ? need - 1 : others;
  const instead = least < 2 ? give : `${give}, or write need: ${least}`;
  if (others === need) return [warning(path, `${count}: with one away the quorum cannot be met`, instead)];
  const isAccepted = new Set(account.principals).size === 1 && account.singlePrincipalRisk !== undefined;
  return [(isAccepted ? warning : error)(path, count, instead)];
};

const checkPrincipals = (id: string, { principals, singlePrincipalRisk: risk }: DraftAccount) => {
  if (hasHoles(principals) || new Set(principals).size !== 1) return [];
  const path = ['accounts', id, 'principals'];
  const [accepted, instead] =
    risk === undefined
      ? [
          'name the accepted risk in singlePrincipalRisk',
          'name a second principal, or write singlePrincipalRisk: and the reference of the risk',
        ]
      : [`accepted risk: ${risk}`, 'name a second principal as soon as there is one'];
  return [warning(path, `one principal only; ${accepted}`, instead)];
};

const commentOf = (line: string): string => line.trim().split(/\s+/).slice(2).join(' ').toLowerCase();

const checkAddress = (draft: ConfigDraft, id: string, account: DraftAccount): ConfigFinding[] => {
  if (account.address === undefined) return [];
  const path = ['accounts', id, 'address'];
  const address = account.address.toLowerCase();
  const [mailbox = '', domain = ''] = address.split('@');
  // People have no address here; their name and the comments of their keys give it away.
  const owner = Object.entries(draft.people ?? {}).find(
    ([person, it]) =>
      person === mailbox ||
      readable(it?.sshKeys).some((line) => commentOf(line).split(' ').includes(address)),
  )?.[0];
  const twin = Object.entries(draft.accounts ?? {}).find(
    ([other, it]) => other < id && it?.address?.toLowerCase() === address,
  )?.[0];
  const instead = `write one of its own, such as breakglass-${id}@${domain}`;
  return [
    ...(owner === undefined
      ? []
      : [error(path, `the address is ${owner}'s: it must belong to no person`, instead)]),
    ...(twin === undefined ? [] : [error(path, `${twin} has the same address`, instead)]),
  ];
};

/** Names that exist, a quorum that can be met, parts apart, an address of nobody: for each account. */
export const checkAccounts = (draft: ConfigDraft): ConfigFinding[] =>
  Object.entries(draft.accounts ?? {}).flatMap(([id, account]) => {
    if (account === undefined) return [];
    const at = (name: string): Path => ['accounts', id, name];
    return [
      ...(['principals', 'owners'] as const).flatMap((name) => [
        ...unknownIn(draft.people, 'person', at(name), account[name]),
        ...repeated(at(name), account[name]),
      ]),
      ...unknownIn(draft.scenarios, 'scenario', at('scenarios'), account.scenarios),
      ...checkPrincipals(id, account),
      ...checkQuorum(draft, id, account),
      ...checkCustody(draft, id, account),
      ...checkAddress(draft, id, account),
    ];
  });
