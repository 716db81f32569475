import { readFileSync } from 'node:fs';
import { settingFacts } from '../../core/contracts/settingFacts.ts';
import { settings, type Settings, type SettingsReader } from '../../core/contracts/settings.ts';
import { faultsOf, lineOfSyntaxError, SettingsError, valueAt } from './faults.ts';
import { faultsOfPath } from './paths.ts';
import { temporalPlace, type TemporalPlace } from './temporal.ts';

/** Settings that were found good, with the section of the process they were read for. */
export type SettingsOf<R extends SettingsReader> = Omit<Settings, 'temporal'> & {
  readonly temporal: TemporalPlace;
} & { readonly [K in R & keyof Settings]-?: NonNullable<Settings[K]> };

const readText = (file: string): string => {
  const [fault] = faultsOfPath(file, 'file');
  if (fault !== undefined) throw new SettingsError(null, [`the settings file ${fault}`]);
  return readFileSync(file, 'utf8');
};

const parse = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingsError(null, [
      `${file}:${lineOfSyntaxError(text)}: this is where it stops being JSON; look for a comma, a quote or a bracket that is missing or too many, and for a comment`,
    ]);
  }
};

const hasSection = (reader: SettingsReader): reader is 'worker' | 'sentinel' | 'api' =>
  reader === 'worker' || reader === 'sentinel' || reader === 'api';

/** What is wrong on the disk: only with what this process reads. */
const faultsOnDisk = (raw: unknown, reader: SettingsReader): string[] =>
  settingFacts().flatMap(({ name, readers, leadsTo }) => {
    if (leadsTo === null || !readers.includes(reader)) return [];
    const path = valueAt(raw, name.split('.'));
    // The profile's own file is looked at where it is read.
    if (typeof path !== 'string' || path === '' || name === 'temporal.configFile') return [];
    return faultsOfPath(path, leadsTo).map((fault) => `${name}: ${fault}`);
  });

/**
 * Reads a process's settings from the file that `BREAKGLASS_SETTINGS` names, and looks at every file it points to
 * that this process reads.
 *
 * @param reader - the process that asks; its own section must be there
 * @throws {@link SettingsError} with everything that is wrong, what is missing and which file is open to others
 */
export const loadSettings = <R extends SettingsReader>(env: NodeJS.ProcessEnv, reader: R): SettingsOf<R> => {
  const file = env['BREAKGLASS_SETTINGS'];
  if (file === undefined || file === '')
    throw new SettingsError(null, ['no settings: name a settings file in BREAKGLASS_SETTINGS']);
  const raw = parse(file, readText(file));
  const parsed = settings.safeParse(raw);
  const faults = parsed.success ? [] : faultsOf(parsed.error.issues, raw);
  if (parsed.success && hasSection(reader) && parsed.data[reader] === undefined)
    faults.push(`${reader}: is missing: the ${reader} reads this section`);
  // Looked at by itself, so that a fault elsewhere does not hide one here.
  const own = settings.shape.temporal.safeParse(valueAt(raw, ['temporal']));
  const temporal = own.success ? temporalPlace(own.data, env) : { place: null, faults: [] };
  if (temporal.place === null) faults.push(...temporal.faults);
  faults.push(...faultsOnDisk(raw, reader));
  if (!parsed.success || temporal.place === null || faults.length > 0) throw new SettingsError(file, faults);
  // The section of this reader was found above.
  return { ...parsed.data, temporal: temporal.place } as SettingsOf<R>;
};
