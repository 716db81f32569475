/** What a request will ask of whom, said before it is signed. */
import type { Role } from '../../core/contracts/config.ts';
import { accountView, type AccountView } from '../../core/contracts/http.ts';
import { parts, type AccountId } from '../../core/contracts/ids.ts';
import { eligible } from '../../core/rules/quorum.ts';
import { whoIsAwake } from './awake.ts';
import { CliError } from './exits.ts';
import type { Machine } from './machine.ts';

const people = {
  senior: 'seniors',
  admin: 'admins',
  oncall: 'people on call',
  security: 'people of security',
  compliance: 'people of compliance',
  auditor: 'auditors',
  engineer: 'engineers',
} as const satisfies Record<Role, string>;

/**
 * The policy for a request, a sentence each, from the signed config. What the api adds (overdue paperwork, a
 * block) is only told, and left out when it does not answer: an emergency does not wait for a preview.
 *
 * @param now - UTC
 */
export const describePolicy = async (
  machine: Machine,
  account: AccountId,
  scenario: string,
  now: string,
): Promise<string[]> => {
  const { config } = machine.trust.current;
  const { account: terms, me } = machine;
  const { need, role } = terms.quorum;
  const approvers = eligible(config, role, me);
  const longest = config.scenarios[scenario]?.longestSessionMinutes;
  return [
    `${account}: ${terms.says}`,
    `needs ${need} of ${approvers.length} ${people[role]} (${approvers.join(', ')}), not you`,
    `  ${whoIsAwake(config, approvers, now)}`,
    ...(await standing(machine, account)),
    ...parts.flatMap((part) => {
      const { threshold, custodians } = terms.custody[part];
      return [
        `then ${threshold} of ${custodians.length} custodians of the ${part} (${custodians.join(', ')})`,
        `  ${whoIsAwake(config, custodians, now)}`,
      ];
    }),
    ...(longest === undefined
      ? []
      : [`the longest session is ${longest} minutes; the credential is rotated afterwards`]),
  ];
};

const standing = async ({ api }: Machine, account: AccountId): Promise<string[]> => {
  const view = await viewOf(api, account);
  if (view === null) return [];
  return [
    ...(view.overdue.length === 0
      ? []
      : [`one signature more is needed: ${view.overdue.join(', ')} overdue`]),
    ...(view.blocked === null || view.overriddenUntil !== null
      ? []
      : [`the account is blocked: ${view.blocked}`]),
    ...(view.openCase === null ? [] : [`a case is open already: ${view.openCase}`]),
  ];
};

const viewOf = async (api: Machine['api'], account: AccountId): Promise<AccountView | null> => {
  try {
    return await api.get(`/v1/accounts/${account}`, accountView);
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
};
