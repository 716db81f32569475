import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadClientConfigFromToml } from '@temporalio/envconfig';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { exits } from '../../client/cli/exits.ts';
import { config } from '../../core/contracts/config.ts';
import { action, row } from '../../core/contracts/ledger.ts';
import { settingFacts } from '../../core/contracts/settingFacts.ts';
import { settings } from '../../core/contracts/settings.ts';
import { searchAttributeTypes } from '../../core/contracts/temporal.ts';
import { blocksOf, codeIn, root, tableRows, textOf } from './markdown.ts';
import { leaves } from './program.ts';

/** What stands for the name of an entry, by where it stands. */
const entryNames: Readonly<Record<string, string>> = {
  people: 'person',
  channels: 'channel',
  witnesses: 'witness',
  scenarios: 'scenario',
  conditions: 'condition',
  refused: 'reason',
  accounts: 'account',
};

type Schema = z.core.JSONSchema.BaseSchema;

/** Every field of a schema with its default: JSON, `required`, or `none`. */
const fieldsOf = (it: Schema, path = '', fallback = 'required'): [string, string][] => {
  const { properties, oneOf, additionalProperties } = it;
  if (oneOf !== undefined) return oneOf.flatMap((each) => fieldsOf(each, path, fallback));
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([name, member]) => {
      const below = it.required?.includes(name) === true ? 'required' : 'none';
      return typeof member === 'boolean'
        ? []
        : fieldsOf(
            member,
            path === '' ? name : `${path}.${path.endsWith('.custody') ? '<part>' : name}`,
            below,
          );
    });
  if (typeof additionalProperties === 'object') {
    const entry = entryNames[path.split('.').at(-1) ?? ''] ?? 'name';
    return fieldsOf(additionalProperties, `${path}.<${entry}>`, fallback);
  }
  return [[path, it.default === undefined ? fallback : JSON.stringify(it.default)]];
};

const fieldsOfContract = (contract: z.ZodType): Record<string, string> =>
  Object.fromEntries(fieldsOf(z.toJSONSchema(contract, { io: 'input' })));

const fieldsOfDocument = (document: string, heading: string): Record<string, string> =>
  Object.fromEntries(
    tableRows(document, heading).map(([name = '', , fallback = '']) => [
      codeIn(name)[0] ?? name,
      codeIn(fallback)[0] ?? fallback,
    ]),
  );

describe('the table of the config', () => {
  it('names every field of the schema and no other, with its default', () => {
    expect(fieldsOfDocument('docs/config.md', 'field')).toEqual(fieldsOfContract(config));
  });
});

describe('the table of the settings', () => {
  const file = 'docs/settings.md';
  const [begin, end] = ['<!-- made from the schema: npm test -- test/docs -u -->', '<!-- end -->'];

  it('is what the schema says of each: key, meaning, default, and who reads it', async () => {
    const [before = '', after = ''] = [textOf(file).split(begin)[0], textOf(file).split(end)[1]];
    const rows = settingFacts().map(({ name, description, fallback, readers }) => {
      const shown = ['required', 'none'].includes(fallback) ? fallback : `\`${fallback}\``;
      return `| \`${name}\` | ${description} | ${shown} | ${readers.join(', ')} |`;
    });
    const table = ['| setting | what | default | read by |', '| --- | --- | --- | --- |', ...rows].join('\n');
    const style = await resolveConfig(join(root, file));
    const text = await format(`${before}${begin}\n\n${table}\n\n${end}${after}`, {
      ...style,
      filepath: join(root, file),
    });
    await expect(text).toMatchFileSnapshot(join(root, file));
  });

  it('has every setting of the schema and no other, with its default', () => {
    expect(fieldsOfDocument(file, 'setting')).toEqual(fieldsOfContract(settings));
  });

  it('says of each what it is, and who reads it', () => {
    for (const { name, description, readers } of settingFacts())
      expect({ name, description, readers: readers.length }).toEqual({
        name,
        description: expect.stringMatching(/.{5}/) as unknown,
        readers: readers.length || 'nobody',
      });
  });

  it('stands beside examples that are settings', () => {
    const [worker, api] = blocksOf(file).filter(({ info }) => info === 'json');
    expect(settings.safeParse(JSON.parse(worker?.lines.join('\n') ?? '')).error).toBeUndefined();
    const section = settings.shape.api.safeParse(JSON.parse(api?.lines.join('\n') ?? ''));
    expect(section.error).toBeUndefined();
    for (const { lines } of blocksOf(file).filter(({ info }) => info === 'toml'))
      expect(loadClientConfigFromToml(Buffer.from(lines.join('\n')), { strict: true })).toMatchObject({
        profiles: { production: { address: expect.stringMatching(/:7233$/) as unknown } },
      });
  });
});

describe('the search attributes', () => {
  it('are made, each of its type, by the command in docs/operating.md', () => {
    const flags = [...textOf('docs/operating.md').matchAll(/--name (Breakglass\w+) --type (\w+)/g)];
    expect(Object.fromEntries(flags.map(([, name = '', type]) => [name, type]))).toEqual(
      searchAttributeTypes,
    );
  });
});

describe('the tables of the ledger', () => {
  it('names every column and no other', () => {
    const named = tableRows('docs/auditor.md', 'column').flatMap(([name = '']) => codeIn(name));
    expect(named.toSorted()).toEqual(Object.keys(row.shape).toSorted());
  });

  it('names every action and no other', () => {
    const named = tableRows('docs/auditor.md', 'action').flatMap(([name = '']) => codeIn(name));
    expect(named.toSorted()).toEqual([...action.options].toSorted());
  });
});

/** Where the source of a command lies: `config check` in `configCheck.ts`. */
const sourceOf = (name: string): string => {
  const file = name.replaceAll(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase());
  return readFileSync(
    join(root, `client/cli/commands/${file === 'ledgerVerify' ? 'ledger' : file}.ts`),
    'utf8',
  );
};

describe('the command line’s exit codes', () => {
  const rows = tableRows('docs/cli.md', 'command');
  const listed = new Map(
    rows.map(([name = '', , codes = '']) => [
      (codeIn(name)[0] ?? name).replace('breakglass ', ''),
      codeIn(codes).map(Number),
    ]),
  );

  it('are all explained, and no other', () => {
    const explained = tableRows('docs/cli.md', 'exit code').flatMap(([code = '']) =>
      codeIn(code).map(Number),
    );
    expect(explained.toSorted()).toEqual(Object.values(exits).toSorted());
  });

  it('are listed for every command and no other', () => {
    expect([...listed.keys()].toSorted()).toEqual([...leaves.keys()].toSorted());
  });

  it.each([...leaves])(
    '%s: can be out of reach, or time out, only if it asks the api, or waits',
    (name, leaf) => {
      const codes = listed.get(name) ?? [];
      const asksApi = /\b(?:connect|onCase|onAccount)\b/.test(sourceOf(name));
      const waits = leaf.options.some((option) => option.long === '--timeout');
      expect(codes.includes(exits.unreachable)).toBe(asksApi);
      expect(codes.includes(exits.timedOut)).toBe(waits);
      expect(codes.every((code) => Object.values<number>(exits).includes(code))).toBe(true);
    },
  );
});

const marker = '<!-- from here on made from the program: npm test -- test/docs -u -->';

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const optionLine = ({ flags, description, mandatory, defaultValue }: Command['options'][number]): string => {
  const fallback = typeof defaultValue === 'string' ? `\`${defaultValue}\`` : '';
  return `| \`${flags.replaceAll('|', '\\|')}\` | ${description} | ${mandatory ? 'required' : fallback} |`;
};

const sectionOf = (name: string, command: Command): string => {
  const args = command.registeredArguments.map((each) =>
    each.required ? `<${each.name()}${each.variadic ? '...' : ''}>` : `[${each.name()}]`,
  );
  const options = command.options.map(optionLine);
  return [
    `### \`${['breakglass', name, ...args].join(' ')}\``,
    sentence(command.description()),
    ...(options.length === 0
      ? []
      : [['| option | what | default |', '| --- | --- | --- |', ...options].join('\n')]),
  ].join('\n\n');
};

describe('the reference of the command line', () => {
  it('is what the program says of itself', async () => {
    const [head = ''] = textOf('docs/cli.md').split(marker);
    const sections = [...leaves].map(([name, command]) => sectionOf(name, command));
    const whole = [head.trimEnd(), marker, '## Reference', ...sections].join('\n\n');
    const file = join(root, 'docs/cli.md');
    const style = await resolveConfig(file);
    const text = await format(whole, { ...style, filepath: file });
    await expect(text).toMatchFileSnapshot(file);
  });
});
