/** A fault of shape in plain words: what stands there, what to write instead, and what was probably meant. */
import type { z } from 'zod';
import type { ConfigJsonSchema } from '../contracts/configSchema.ts';
import { nearest } from '../rules/nearest.ts';
import type { ConfigText, Path } from './configText.ts';

export interface Said {
  readonly path: Path;
  readonly message: string;
  readonly instead: string;
  /** Reads on as if what was probably meant stood there; absent where that cannot be guessed. */
  readonly mend?: (text: ConfigText) => void;
}

/** What stands at an issue's path, and what the contract says of that place. */
export interface Standing {
  readonly value: unknown;
  readonly schema: ConfigJsonSchema;
}

const kinds: Readonly<Record<string, string>> = {
  ...{ string: 'text', number: 'a number', int: 'a whole number', integer: 'a whole number' },
  ...{ boolean: 'yes or no', array: 'a list', object: 'a mapping', record: 'a mapping' },
};

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  return kinds[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
};

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as it is written, cut where it is long. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};

/** What belongs there: its kind or its choices, and what it is for. */
const wanted = ({ type, enum: options, const: only, properties, description }: ConfigJsonSchema): string => {
  const names = Object.keys(properties ?? {}).join(', ');
  const kind =
    options === undefined ? (kinds[String(type)] ?? 'what belongs there') : `one of ${options.join(', ')}`;
  const what = only === undefined ? `${kind}${names === '' ? '' : ` of ${names}`}` : shown(only);
  return description === undefined ? what : `${what}, ${description}`;
};

/** The nearest name that the contract takes: `Ana` is written `ana`. */
const asName = (written: string): string | null => {
  const name = written
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return name === '' ? null : name;
};

const nameRule = 'lower-case letters, digits and hyphens, 40 at most, the first a letter';
const isNamePattern = (pattern: string | undefined): boolean => pattern === '/^[a-z][a-z0-9-]{0,39}$/';

const sayName = (path: Path, written: string, mend: (text: ConfigText, name: string) => void): Said => {
  const name = asName(written);
  return {
    ...{ path, message: `${shown(written)} is not a name` },
    instead: name === null ? `write ${nameRule}` : `write ${name}: ${nameRule}`,
    ...(name === null ? {} : { mend: (text: ConfigText) => mend(text, name) }),
  };
};

const sayUnknown = (path: Path, keys: readonly string[], { value, schema }: Standing): Said[] => {
  const known = Object.keys(schema.properties ?? {});
  const written = new Set(isMapping(value) ? Object.keys(value) : []);
  return keys.map((key) => {
    const meant = nearest(key, known);
    const at = [...path, key];
    const message = `unknown setting ${JSON.stringify(key)}`;
    if (meant === null)
      return { path: at, message, instead: `leave it out; there are ${known.join(', ') || 'none'}` };
    if (written.has(meant))
      return { path: at, message, instead: `leave it out: ${meant} is written already` };
    written.add(meant);
    return {
      ...{ path: at, message, instead: `did you mean ${meant}?` },
      mend: (text) => text.rename(at, meant),
    };
  });
};

const sayChoice = (path: Path, value: unknown, options: readonly unknown[]): Said => {
  const meant = typeof value === 'string' ? nearest(value, options.map(String)) : null;
  const instead = `write ${options.length > 1 ? 'one of ' : ''}${options.map(String).join(', ')}`;
  const message = value === undefined ? 'is missing' : `${shown(value)} is not known here`;
  if (meant === null) return { path, message, instead };
  return {
    ...{ path, message, instead: `did you mean ${meant}?` },
    mend: (text) => text.replace(path, meant),
  };
};

const formats: Readonly<Record<string, readonly [string, string]>> = {
  email: ['no email address', 'write one that belongs to no person, such as breakglass@acme.example'],
  url: ['no address', 'write it with its scheme, such as https://breakglass.acme.example'],
};

const sayFormat = (issue: z.core.$ZodIssueInvalidStringFormat, { value, schema }: Standing): Said => {
  const { path, format } = issue;
  if (isNamePattern(issue.pattern))
    return sayName(path, String(value), (text, name) => text.replace(path, name));
  const [message, instead] = formats[format] ?? [null, `write ${wanted(schema)}`];
  return { path, message: `${shown(value)} is ${message ?? 'not what belongs here'}`, instead };
};

const count = (value: unknown): string => {
  if (Array.isArray(value)) return `names ${value.length}`;
  if (typeof value !== 'string') return `${shown(value)} is`;
  return value === '' ? 'is empty' : `has ${value.length} characters`;
};

const sayLimit = (
  path: Path,
  { value, schema }: Standing,
  limit: { readonly is: 'least' | 'most'; readonly of: number | bigint },
): Said => {
  const bound = `${limit.of} or ${limit.is === 'least' ? 'more' : 'fewer'}`;
  if (typeof value === 'number')
    return {
      path,
      message: `${value} is too ${limit.is === 'least' ? 'small' : 'large'}`,
      instead: `write ${limit.of} or ${limit.is === 'least' ? 'more' : 'less'}`,
    };
  if (Array.isArray(value)) return { path, message: count(value), instead: `name ${bound}` };
  return {
    path,
    message: count(value),
    instead: `write ${wanted(schema)}${value === '' ? '' : `: ${bound} characters`}`,
  };
};

const isPlaceholder = (value: unknown): boolean => typeof value === 'string' && /^<[^<>]+>$/.test(value);

/**
 * One issue of the contract, in words.
 *
 * @param standing - what stands at the issue's path
 * @returns a fault; several where an issue names several settings
 */
export const sayIssue = (issue: z.core.$ZodIssue, standing: Standing): Said[] => {
  const { path } = issue;
  const { value, schema } = standing;
  if (isPlaceholder(value))
    return [
      { path, message: `still holds the placeholder ${String(value)}`, instead: `write ${wanted(schema)}` },
    ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return sayUnknown(path, issue.keys, standing);
    case 'invalid_key': {
      const key = String(path.at(-1));
      return [sayName(path, key, (text, name) => text.rename(path, name))];
    }
    case 'invalid_value':
      return [sayChoice(path, value, issue.values)];
    case 'invalid_union':
      return [sayChoice(path, value, 'options' in issue ? (issue.options ?? []) : [])];
    case 'invalid_format':
      return [sayFormat(issue, standing)];
    case 'too_small':
      return [sayLimit(path, standing, { is: 'least', of: issue.minimum })];
    case 'too_big':
      return [sayLimit(path, standing, { is: 'most', of: issue.maximum })];
    case 'invalid_type':
      if (value === undefined && path.length > 0)
        return [{ path, message: 'is missing', instead: `add ${String(path.at(-1))}: ${wanted(schema)}` }];
      return [
        {
          ...{
            path,
            message: `is ${kindOf(value)} and has to be ${kinds[issue.expected] ?? issue.expected}`,
          },
          instead: `write ${wanted(schema)}`,
        },
      ];
    case 'custom':
    case 'invalid_element':
    case 'not_multiple_of':
      return [{ path, message: issue.message, instead: `write ${wanted(schema)}` }];
  }
};
