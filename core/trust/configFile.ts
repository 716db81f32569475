/** The config as people write it: one YAML file, its digest, and what is wrong with it, by line. */
import { createHash } from 'node:crypto';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { isWellFormed } from '../contracts/canonical.ts';
import { config as configSchema, type Config } from '../contracts/config.ts';
import { digest as digestSchema, type Digest } from '../contracts/ids.ts';
import { ageRecipientSchema } from '../contracts/seal.ts';
import { checkConfig, type ConfigFinding } from '../rules/configCheck.ts';
import { parseSshPublicKey, SshKeyError } from './sshKeys.ts';

/** What is wrong, and where: line and column count from 1, `path` reads `accounts.acme-eu.custody`. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** A config and the digest of the exact text it was read from. */
export interface KnownConfig {
  readonly digest: Digest;
  readonly config: Config;
}

export type ParsedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly digest: Digest;
      /** Allowed, and worth a second look before signing. */
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** As in the contract `signedConfig`. */
const MAX_CHARACTERS = 262_144;

type Path = readonly PropertyKey[];

/** The digest of a config: SHA-256 over its text's bytes in UTF-8, lower-case hex. */
export function configDigest(yaml: string): Digest {
  return digestSchema.parse(createHash('sha256').update(yaml, 'utf8').digest('hex'));
}

/**
 * Reads a config for signing: well-formed, of the schema, and making sense (`checkConfig`).
 *
 * @param yaml - the file's text
 * @returns every problem found, in the order of the lines; never throws on hostile input
 */
export function parseConfigText(yaml: string): ParsedConfig {
  const read = readConfigText(yaml);
  if (!read.ok) return read;
  const { config, place } = read;
  const findings = [...unusableKeys(config), ...checkConfig(config)];
  const placed = (severity: ConfigFinding['severity']): ConfigProblem[] =>
    inOrder(
      findings.filter((each) => each.severity === severity).map(({ path, message }) => place(path, message)),
    );
  const problems = placed('error');
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config, digest: configDigest(yaml), warnings: placed('warning') };
}

/**
 * Reads a config by its schema alone. For configs that are signed already: one that was in force must stay
 * readable when later versions check more.
 */
export function readConfigText(yaml: string):
  | {
      readonly ok: true;
      readonly config: Config;
      readonly place: (path: Path, message: string) => ConfigProblem;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] } {
  const whole = (message: string) => ({
    ok: false as const,
    problems: [{ line: 1, column: 1, path: '', message }],
  });
  if (yaml.length > MAX_CHARACTERS) return whole(`config is longer than ${MAX_CHARACTERS} characters`);
  if (!isWellFormed(yaml)) return whole('config is not well-formed Unicode');
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, version: '1.2', prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      ok: false,
      problems: inOrder(faults.map(({ pos, message }) => ({ ...linePos(lines, pos[0]), path: '', message }))),
    };
  }
  const place = (path: Path, message: string): ConfigProblem => ({
    ...linePos(lines, offsetOf(document, path)),
    path: spell(path),
    message,
  });
  const parsed = configSchema.safeParse(toPlain(document));
  if (!parsed.success) {
    return {
      ok: false,
      problems: inOrder(parsed.error.issues.flatMap((issue) => issueProblems(issue, place))),
    };
  }
  return { ok: true, config: withoutPrototypes(parsed.data), place };
}

function toPlain(document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch {
    // Too many aliases: the schema then refuses what is no object.
    return null;
  }
}

function issueProblems(
  issue: z.core.$ZodIssue,
  place: (path: Path, message: string) => ConfigProblem,
): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => place([...issue.path, key], `unknown setting ${JSON.stringify(key)}`));
  if (issue.code === 'invalid_key')
    return [place(issue.path, `not a name: ${issue.issues.map(({ message }) => message).join('; ')}`)];
  return [place(issue.path, issue.message)];
}

/** Where a path stands in the text: its key, its place in a list, or the nearest thing around it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === step);
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else {
      node = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function linePos(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function spell(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`,
    '',
  );
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

function unusableKeys(config: Config): ConfigFinding[] {
  const people = Object.entries(config.people).flatMap(([id, person]) => [
    ...person.sshKeys.flatMap((line, index) => sshFault(line, ['people', id, 'sshKeys', index])),
    ...ageFault(person.ageRecipient, ['people', id, 'ageRecipient']),
  ]);
  return [...people, ...sshFault(config.worker.sshKey, ['worker', 'sshKey'])];
}

function sshFault(line: string, path: ConfigFinding['path']): ConfigFinding[] {
  try {
    parseSshPublicKey(line);
    return [];
  } catch (error) {
    if (error instanceof SshKeyError) return [{ path, message: error.message, severity: 'error' }];
    throw error;
  }
}

function ageFault(recipient: string, path: ConfigFinding['path']): ConfigFinding[] {
  if (ageRecipientSchema.safeParse(recipient).success) return [];
  return [{ path, message: 'not an age recipient: expected age1 and 58 characters', severity: 'error' }];
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
