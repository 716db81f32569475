import type { Config, Role } from '../contracts/config.ts';
import type { PersonId } from '../contracts/ids.ts';

/** People who hold one of the roles, in the config's order. */
export const holders = (config: Config, ...roles: readonly Role[]): PersonId[] =>
  (Object.keys(config.people) as PersonId[]).filter(
    (id) => config.people[id]?.roles.some((role) => roles.includes(role)) ?? false,
  );

/** People whom a login that nobody declared concerns: admins, on-call, security. */
export const alarmed = (config: Config): PersonId[] => holders(config, 'admin', 'oncall', 'security');
