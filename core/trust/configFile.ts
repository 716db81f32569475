/** The config as people write it: one YAML file, its digest, and what is wrong with it, by line. */
import { createHash } from 'node:crypto';
import { isWellFormed } from '../contracts/canonical.ts';
import { config as configSchema, type Config } from '../contracts/config.ts';
import { configDraft, type ConfigDraft } from '../contracts/configDraft.ts';
import { digest as digestSchema, type Digest } from '../contracts/ids.ts';
import { checkConfig } from '../rules/configCheck/index.ts';
import { unusableKeys } from './configKeys.ts';
import { shapeFaults } from './configShape.ts';
import { readText, type ConfigText, type Place, type TextFault } from './configText.ts';

/** What is wrong, where, and what to write instead. */
export interface ConfigProblem extends Place {
  readonly message: string;
  readonly instead: string;
}

/** A config and the digest of the exact text it was read from. */
export interface KnownConfig {
  readonly digest: Digest;
  readonly config: Config;
}

interface Told {
  /** Allowed, and worth a second look before signing; in the order of the lines. */
  readonly warnings: readonly ConfigProblem[];
}

export type ParsedConfig =
  | (KnownConfig & Told & { readonly ok: true })
  | (Told & { readonly ok: false; readonly problems: readonly ConfigProblem[] });

/** As in the contract `signedConfig`. */
const MAX_CHARACTERS = 262_144;

/** The digest of a config: SHA-256 over its text's bytes in UTF-8, lower-case hex. */
export function configDigest(yaml: string): Digest {
  return digestSchema.parse(createHash('sha256').update(yaml, 'utf8').digest('hex'));
}

/**
 * Reads a config for signing: well-formed, of the schema, and making sense (`checkConfig`).
 *
 * @param yaml - the file's text
 * @returns every problem found, of shape and of meaning together, in the order of the lines; never throws on
 *   hostile input
 */
export function parseConfigText(yaml: string): ParsedConfig {
  const text = textOf(yaml);
  if (!text.isReadable) return { ok: false, problems: inOrder(text.faults), warnings: [] };
  const ofShape = shapeFaults(text);
  const draft: ConfigDraft = configDraft.parse(text.plain()) ?? {};
  const findings = [...unusableKeys(draft), ...checkConfig(draft)];
  const placed = (severity: 'error' | 'warning'): ConfigProblem[] =>
    findings
      .filter((each) => each.severity === severity)
      .map(({ path, message, instead }) => ({ ...text.place(path), message, instead }));
  const warnings = inOrder(placed('warning'));
  const problems = inOrder([...text.faults, ...ofShape, ...placed('error')]);
  const parsed = configSchema.safeParse(text.plain());
  if (problems.length > 0 || !parsed.success) return { ok: false, problems, warnings };
  return { ok: true, config: withoutPrototypes(parsed.data), digest: configDigest(yaml), warnings };
}

/**
 * Reads a config by its schema alone. For configs that are signed already: one that was in force must stay
 * readable when later versions check more.
 */
export function readConfigText(
  yaml: string,
):
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] } {
  const text = textOf(yaml);
  if (text.faults.length > 0) return { ok: false, problems: inOrder(text.faults) };
  const parsed = configSchema.safeParse(text.plain());
  if (!parsed.success) return { ok: false, problems: inOrder(shapeFaults(text)) };
  return { ok: true, config: withoutPrototypes(parsed.data) };
}

function textOf(yaml: string): ConfigText {
  if (yaml.length > MAX_CHARACTERS)
    return unreadable(`config is longer than ${MAX_CHARACTERS} characters`, 'write less');
  if (!isWellFormed(yaml)) return unreadable('config is not well-formed Unicode', 'save it as UTF-8');
  return readText(yaml);
}

const unreadable = (message: string, instead: string): ConfigText => {
  const fault: TextFault = { line: 1, column: 1, path: '', message, instead };
  return { ...readText(''), faults: [fault], isReadable: false };
};

/** One line a fault: what several aliases of one place have in common is told once. */
function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ line, column, message }) => {
      const key = `${line}:${column} ${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Names come from statements too: `people['constructor']` must be nobody. */
function withoutPrototypes(config: Config): Config {
  const { people, channels, scenarios, refused, accounts } = config;
  const records = [people, channels, scenarios, refused, accounts];
  for (const record of [...records, ...Object.values(scenarios).map(({ conditions }) => conditions)]) {
    Object.setPrototypeOf(record, null);
  }
  return config;
}
