import type { Profile } from './home.ts';
import { readAddress } from './address.ts';
import type { Context } from './context.ts';

/**
 * Where Kratos lets people log in: by flag, environment or profile. Never by the api, which could name a
 * place that collects the password.
 *
 * @throws CliError `usage` for an address that is not safe
 */
export const kratosAddress = (
  { surroundings }: Context,
  profile: Profile,
  flag: string | undefined,
): string | null => {
  const told = flag ?? surroundings.env['BREAKGLASS_KRATOS_PUBLIC_URL'] ?? profile.kratos;
  return told === undefined || told === '' ? null : readAddress('--kratos', told);
};
