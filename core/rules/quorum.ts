import type { Account, Config, Role } from '../contracts/config.ts';
import type { PersonId } from '../contracts/ids.ts';

/** An approval that still stands or has lapsed; `expiresAt` decides. */
export interface Approval {
  readonly by: PersonId;
  readonly expiresAt: string;
}

/** The people whose signature counts: they hold the role and are not the requester. */
export const eligible = (config: Config, role: Role, requester: PersonId): PersonId[] =>
  (Object.keys(config.people) as PersonId[]).filter(
    (person) => person !== requester && (config.people[person]?.roles.includes(role) ?? false),
  );

/** How many must agree: the stricter of the config a case is pinned to and the one in force. */
export const needed = (pinned: number, inForce: Account | null): number =>
  Math.max(pinned, inForce?.quorum.need ?? pinned);

/**
 * Who counts toward a quorum at `now`: distinct people (whatever keys they
 * hold), never the requester, whose approval has not lapsed and who hold the
 * role in the config the case is pinned to and in the current one.
 */
export const standing = (
  approvals: readonly Approval[],
  rule: { readonly role: Role; readonly approvers: readonly PersonId[]; readonly requester: PersonId },
  current: Config,
  now: string,
): PersonId[] => {
  const still = eligible(current, rule.role, rule.requester);
  return [...new Set(approvals.filter((each) => each.expiresAt > now).map((each) => each.by))].filter(
    (person) => rule.approvers.includes(person) && still.includes(person),
  );
};
