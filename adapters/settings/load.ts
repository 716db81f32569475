import { readFileSync } from 'node:fs';
import { settings, type Settings } from '../../core/contracts/settings.ts';

/**
 * Reads a process's settings from the file that `BREAKGLASS_SETTINGS` names.
 *
 * @throws Error saying what is missing or wrong, and in which file
 */
export const loadSettings = (env: NodeJS.ProcessEnv): Settings => {
  const file = env['BREAKGLASS_SETTINGS'];
  if (file === undefined) throw new Error('no settings: name a settings file in BREAKGLASS_SETTINGS');
  const parsed = settings.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${file}: ${faults.join('; ')}`);
};

/** The part of the settings that only one process needs; an error names it when it is missing. */
export const sectionOf = <K extends 'worker' | 'sentinel' | 'api'>(
  all: Settings,
  name: K,
): NonNullable<Settings[K]> => {
  const section = all[name];
  if (section === undefined) throw new Error(`the settings lack the section “${name}”`);
  return section;
};
