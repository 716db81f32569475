import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../dev/build.ts';
import { filled } from './filled.ts';
import { blocksOf, codeIn, documents, proseOf, root, type Block } from './markdown.ts';
import { leaves, logicalLines, parse, words } from './program.ts';
import { typed } from './typed.ts';
import { notHere, rowOf, rowsOf, runElsewhere } from './whereRun.ts';

const shells = [
  'sh',
  'sh run',
  'bash',
  'shell',
  'text',
  'console',
  'mermaid',
  'sql',
  'yaml',
  'json',
  'toml',
  '',
];

interface Written {
  readonly where: string;
  readonly args: readonly string[];
  /** Whether a test runs the very line. */
  readonly isRun: boolean;
}

const blocks: readonly Block[] = documents.flatMap(blocksOf);
const written: readonly Written[] = blocks.flatMap(({ document, line, info, lines }) =>
  logicalLines(lines)
    .map((each) => each.replace(/^\$ /, ''))
    // `breakglass worker: …` is what a process says of itself.
    .filter((each) => /^breakglass [^ :]+( |$)/.test(each))
    .map((each) => ({ where: `${document}:${line}`, args: words(each).slice(1), isRun: info === 'sh run' })),
);

describe('the commands in the documents', () => {
  it('stand in blocks of known kinds, and there are many', () => {
    expect(blocks.filter(({ info }) => !shells.includes(info))).toEqual([]);
    expect(written.length).toBeGreaterThan(30);
  });

  it.each(written)('$where: breakglass $args is one the program knows', ({ args }) => {
    expect([...leaves.keys()]).toContain(parse(args));
  });

  it('are refused with an unknown name, an unknown option, and without what they need', () => {
    for (const args of [
      ['aprove', 'acme-eu'],
      ['approve', 'acme-eu', '--sure'],
      ['approve'],
      ['deny', 'acme-eu'],
    ])
      expect(() => parse(args)).toThrow();
  });

  it.each(documents)('%s: what its sentences name exists, options too', (document) => {
    const named = codeIn(proseOf(document)).filter((code) => /^breakglass [a-z]/.test(code));
    const unknown = named.filter((code) => {
      const said = code.split(/\s+/).slice(1);
      const name = [...leaves.keys()].find((each) => `${said.join(' ')} `.startsWith(`${each} `));
      if (name === undefined) return ![...leaves.keys()].some((each) => each.split(' ')[0] === said[0]);
      const options = leaves.get(name)?.options.map(({ long }) => long) ?? [];
      return said.some((each) => each.startsWith('--') && !['--json', '--help', ...options].includes(each));
    });
    expect(unknown).toEqual([]);
  });

  /** Where commands are run for real: on the whole stack, or on the api in process. */
  const elsewhere = [
    'dev/stack/play.ts',
    ...['test/whole', 'test/client/cli'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    ),
  ]
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');

  it('are each run somewhere: those that are only parsed here run elsewhere', () => {
    const names = (isRun: boolean): string[] => [
      ...new Set(written.filter((each) => each.isRun === isRun).map(({ args }) => parse(args))),
    ];
    const onlyParsed = names(false).filter((name) => !names(true).includes(name));
    expect(names(true).toSorted()).toEqual(['config check', 'config pin', 'config sign', 'init', 'keygen']);
    const unrun = onlyParsed.filter(
      (name) =>
        !elsewhere.includes(
          name
            .split(' ')
            .map((word) => `'${word}'`)
            .join(', '),
        ),
    );
    expect(unrun).toEqual([]);
  });
});

describe('the table of who runs which command', () => {
  const rows = [...rowsOf(runElsewhere), ...rowsOf(notHere)];

  it('has no row that no document has any more, and no command twice', () => {
    const isTyped = (row: (typeof rows)[number]): boolean =>
      typed.some((each) => each.document === row.document && each.text === row.text);
    expect(rows.filter((row) => !isTyped(row))).toEqual([]);
    expect(
      rowsOf(notHere).filter(({ document, text }) => rowOf(runElsewhere, document, text) !== undefined),
    ).toEqual([]);
    expect(isTyped({ document: 'README.md', text: 'npm run nothing' })).toBe(false);
  });

  it('leads to a section of the proofs, or to a file', () => {
    const led = rowsOf(runElsewhere).map(({ document, text }) => rowOf(runElsewhere, document, text) ?? '');
    const files = led.map((where) =>
      /^(?:usable|survival)\/\w+$/.test(where) ? `bench/topics/${where}.ts` : where,
    );
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

const scratch = mkdtempSync(join(tmpdir(), 'breakglass-docs-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

let program: string;
beforeAll(async () => {
  const [built] = await build({ only: ['breakglass'] });
  if (built === undefined) throw new Error('the command line was not built');
  program = built.path;
}, 60_000);

/** Runs the program itself in the scratch folder, as one person. */
const run = async (person: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [program, ...args], {
    cwd: scratch,
    env: { PATH: process.env['PATH'], BREAKGLASS_HOME: join(scratch, 'homes', person), NO_COLOR: '1' },
  });

describe('the commands that need no server, run as they stand', () => {
  it('prints help and exit codes', { timeout: 60_000 }, async () => {
    const { stdout } = await run('anybody', ['--help']);
    expect(stdout).toContain('Exit codes:');
    for (const name of leaves.keys()) expect(stdout).toContain(name.split(' ')[0]);
  });

  it('docs/operator.md: the first ceremony, from keys to a pinned config', { timeout: 60_000 }, async () => {
    const said: string[] = [];
    const [makingKeys, signing] = blocksOf('docs/operator.md').filter(({ info }) => info === 'sh run');
    for (const block of [makingKeys, signing]) {
      let person = 'nobody';
      for (const line of logicalLines(block?.lines ?? [])) {
        const machine = /^# on (\w+)'s machine$/.exec(line)?.[1];
        if (machine === undefined) {
          expect(line).toMatch(/^breakglass /);
          const { stdout, stderr } = await run(person, words(line).slice(1));
          said.push(stdout + stderr);
        } else person = machine;
      }
      if (block === makingKeys)
        await writeFile(
          join(scratch, 'organisation.yaml'),
          await filled('examples/acme/config.yaml', scratch),
        );
    }
    expect(said).toHaveLength(8);
    expect(said.join('\n')).toContain('accepted by 2 of 2 admins: omar, sofia');
    expect(said.at(-1)).toMatch(/^[0-9a-f]{64}\n/);
  });

  it.each(['examples/acme/config.yaml', 'docs/examples/aws-root.yaml'])(
    'docs/config.md: %s, with keys in it, is a config without errors',
    { timeout: 60_000 },
    async (example) => {
      await writeFile(join(scratch, 'organisation.yaml'), await filled(example, scratch));
      const [block] = blocksOf('docs/config.md').filter(({ info }) => info === 'sh run');
      const [line = ''] = logicalLines(block?.lines ?? []);
      const { stdout } = await run('anybody', [...words(line).slice(1), '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [] });
    },
  );
});
