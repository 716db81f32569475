import { part, type Part } from '../../core/contracts/ids.ts';
import { usage } from './exits.ts';

/** The part named by `--part`; null for none. @throws CliError `usage` */
export const readPart = (text: string | undefined): Part | null => {
  if (text === undefined) return null;
  const parsed = part.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--part ${text}: password or mfa`);
};
