/** Every example under every command's help, told as the life of one account: run as printed, in order. */
import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leaves, logicalLines, words } from '../../docs/program.ts';
import { checkpointsAt } from '../../survival/checks/ledger.ts';
import { signedLines } from '../../survival/checks/ledgerCopy.ts';
import type { Name } from '../../support/org.ts';
import type { Ran, World } from './world.ts';

/** The example lines of a command, as its help prints them. */
const examplesOf = (name: string): string[] => {
  let printed = '';
  leaves
    .get(name)
    ?.configureOutput({ writeOut: (text) => (printed += text) })
    .outputHelp();
  const [, examples = ''] = printed.split('\nExamples:\n');
  return logicalLines(examples.split('\n')).map((line) => line.replace(/^\$ breakglass /, ''));
};
/** By command. */
export const examples = new Map([...leaves.keys()].map((name) => [name, examplesOf(name)]));
export const allExamples = [...examples.values()].flat();

const request = (flags: string): string =>
  allExamples.find((each) => each.startsWith(`request acme-eu ${flags}`)) ?? flags;

/** Run elsewhere, or not at all here; each with its reason. */
export const elsewhere: Readonly<Record<string, string>> = {
  'open acme-eu --login --kratos https://login.acme.example': 'logs in: requester.test.ts has a Kratos',
  'open acme-eu --login --wait --timeout 1800': 'logs in: requester.test.ts has a Kratos',
  'open acme-eu': 'shows a credential: requester.test.ts has one',
  'status --watch': 'goes on for ever: asAPerson.test.ts stops it',
  'cases --person maya --limit 20':
    'maya is of the example organisation: commands.test.ts filters by a person',
  'ledger verify --witness vault/checkpoints.jsonl bucket/2026-11-21/*.json --json': 'the shell expands it',
};

type Step = readonly [who: Name | 'ana' | (() => unknown), example?: string, exit?: number];

const must =
  (world: World, who: Name, ...args: string[]) =>
  (): Promise<Ran> =>
    world.must(who, ...args);

/** The life of one account and its cases, told in examples; exits other than 0 are said why. */
const stepsIn = (world: World): readonly Step[] => [
  ['ana', 'keygen --person ana', 2 /* no terminal: names --no-passphrase */],
  ['ana', 'keygen --person ana --no-passphrase --ssh-key ana.key --age-identity ana.age'],
  [
    async () => {
      await mkdir(world.home('ana'), { recursive: true });
      await copyFile('ana.key', join(world.home('ana'), 'id_ed25519'));
      await copyFile('ana.age', join(world.home('ana'), 'age-identity.txt'));
    },
  ],
  ['ana', 'init --person ana --api https://breakglass.acme.example'],
  ['ana', 'init --person ana --api https://breakglass.acme.example --ssh-key ana.key --age-identity ana.age'],
  ['bob', 'config check organisation.yaml'],
  ['bob', 'config sign organisation.yaml --out 0001.json'],
  ['ana', 'config pin 0001.json'],
  [() => appendFile('organisation.yaml', '# the next one\n')],
  ['bob', 'config sign organisation.yaml --previous 0001.json --out 0002.json'],
  ['ana', 'config pin 0001.json 0002.json --digest 9f86d081884c7d65', 4 /* another digest */],
  ['alice', 'completion bash'],
  ['alice', 'completion zsh'],
  ['alice', 'completion fish'],
  ['quinn', 'provision acme-eu --dry-run'],
  ['quinn', 'provision acme-eu'],
  ['rosa', 'provision acme-eu --wait --timeout 120', 7 /* no worker here */],
  [() => world.harness.provision(false)],
  ['erin', 'attest acme-eu --kept-at "safe 3, Berlin" --dry-run'],
  ['erin', 'attest acme-eu --kept-at "safe 3, Berlin"'],
  ['quinn', 'override acme-eu --reason "rotation hangs, production is down, INC-78"'],
  [
    async () => {
      for (const who of ['frank', 'grace', 'heidi'] as const)
        await world.must(who, 'attest', 'acme-eu', '--kept-at', 'a safe');
    },
  ],
  ['alice', request('--dry-run')],
  ['alice', request('--scenario')],
  ['bob', 'deny acme-eu --reason "the deploy can be stopped with the normal role"'],
  [async () => world.must('alice', ...words(request('--scenario')))],
  ['alice', 'withdraw acme-eu --reason "single sign-on is back"'],
  [async () => world.harness.advance(86_400)],
  [async () => world.must('alice', ...words(request('--scenario')))],
  ['bob', 'approve acme-eu --dry-run'],
  ['bob', 'approve acme-eu', 2 /* no terminal: names --yes */],
  [must(world, 'bob', 'approve', 'acme-eu', '--yes')],
  ['carol', 'approve acme-eu/2026-11-21-01 --yes --wait --timeout 900 --json'],
  ['erin', 'release acme-eu --dry-run'],
  ['erin', 'release acme-eu'],
  [must(world, 'frank', 'release', 'acme-eu')],
  [must(world, 'grace', 'release', 'acme-eu')],
  ['heidi', 'release acme-eu/2026-11-21-01 --part mfa --wait --timeout 900'],
  ['alice', 'claim acme-eu', 5 /* no login was seen */],
  ['alice', 'claim acme-eu --session 0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11'],
  ['alice', 'claim acme-eu/2026-11-21-02', 5 /* there is no such case */],
  ['bob', 'stop acme-eu --reason "the incident is over" --wait --timeout 120', 7 /* no worker here */],
  ['bob', 'stop acme-eu/2026-11-21-02 --reason "nobody on call signed in"', 3 /* there is no such case */],
  ['alice', 'end acme-eu --reason "deploy stopped, checked with the incident lead"', 3 /* stopped already */],
  ['alice', 'end acme-eu --resume --kratos https://login.acme.example', 7 /* no worker here */],
  ['alice', 'write-up acme-eu --document session-log', 2 /* no terminal: names --file */],
  ['alice', 'write-up acme-eu --document post-mortem --template > post-mortem.md'],
  ['alice', 'write-up acme-eu --document post-mortem --file post-mortem.md'],
  ['quinn', 'finding acme-eu admin-1f0c9a2b --explained --reason "Ines, hired on Monday, HR-311"', 3],
  [
    'quinn',
    'finding acme-eu/2026-11-21-01 credential-passkey --removed --reason "identity replaced, INC-77"',
    3 /* nothing was found */,
  ],
  ['erin', 'attest acme-eu/2026-11-21-01 --kept-at vault', 3 /* nothing new is sealed yet */],
  ['quinn', 'rotate acme-eu --reason "share seen on a screen, INC-77" --wait', 3 /* one runs already */],
  ['alice', 'log'],
  ['alice', 'log --json'],
  ['alice', 'status'],
  ['alice', 'status acme-eu'],
  ['alice', 'status acme-eu/2026-11-21-01 --json'],
  ['ivan', 'ledger verify'],
  [
    async () => {
      const { rows } = world.harness.ledger;
      const of = { origin: world.harness.org.data.origin, config: world.harness.org.digest };
      await writeFile(
        'checkpoints.jsonl',
        await signedLines(world, await checkpointsAt(rows, [rows.length], of)),
      );
    },
  ],
  ['ivan', 'ledger verify --witness checkpoints.jsonl'],
];

/** How one example ended. */
export interface Told {
  readonly example: string;
  readonly wanted: number;
  readonly ran: Ran;
}

/** Runs an example as printed, with `--json`. */
export const runExample = (world: World, who: string, example: string): Promise<Ran> => {
  const args = words(example);
  // Time passes in long steps: what is waited for here never comes.
  const meanwhile = async (): Promise<void> => {
    world.harness.advance(30);
  };
  return world.run(who, example.endsWith('--json') ? args : [...args, '--json'], { meanwhile });
};

/** Tells the story in an account of its own, in the folder of the world. */
export async function* tellExamples(world: World): AsyncGenerator<Told> {
  const before = process.cwd();
  process.chdir(world.folder);
  try {
    await writeFile('organisation.yaml', world.harness.org.yaml);
    // Cases of the day before leave the first number of the examples' own day free.
    world.harness.advance(-86_400);
    for (const [who, example = '', wanted = 0] of stepsIn(world)) {
      if (typeof who !== 'string') {
        await who();
        continue;
      }
      const ran = await runExample(world, who, example);
      if (ran.exit === 0 && example.includes('--template')) {
        const { template } = ran.json() as { template: string };
        await writeFile('post-mortem.md', template.replaceAll(/TODO.*/g, 'restarted the provider'));
      }
      yield { example, wanted, ran };
    }
  } finally {
    process.chdir(before);
  }
}

/** Whether data is one JSON document, or what went wrong one line of JSON. */
export const isJson = ({ exit, stdout, stderr }: Ran): boolean => {
  const text = exit === 0 ? stdout : (stderr.split('\n').find((line) => line.startsWith('{"error":')) ?? '');
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};
