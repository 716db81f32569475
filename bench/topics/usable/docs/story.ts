/** The documents' commands as the life of one account on a running house, each typed by whom it is for. */
import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { mustRun } from '../../../../dev/stack/cli.ts';
import { row as rowSchema } from '../../../../core/contracts/ledger.ts';
import { runCommand } from '../../../../dev/command.ts';
import { filled } from '../../../../test/docs/filled.ts';
import { repository } from '../tries.ts';
import { writeSigned, type House } from './house.ts';
import type { Typing, Typist } from './typist.ts';

const theCase = 'acme-eu/2026-11-21-01';
const theUndeclared = 'acme-eu/2026-11-21-02';
const yes = [/\[y\/N\]/, 'y\n'] as const;

/** What one person types of one document. */
const typing =
  ({ type }: Typist, document: string, home: string) =>
  (starts: string, how: Omit<Typing, 'starts' | 'home'> = {}) =>
    type(document, { starts, home, ...how });

/** Which case the documents mean from here on. */
const mean = ({ means }: Typist, documented: string, id: string): void => {
  means.set(documented, id.replace('case/', ''));
};

/** New people on new machines: keys, profiles, a first config that two of them sign. */
const ceremony = async (typist: Typist): Promise<void> => {
  const home = (person: string): string => join(typist.desk, 'homes', person);
  const as = (person: string) => typing(typist, 'docs/operator.md', home(person));
  const [omar, sofia] = [as('omar'), as('sofia')];
  await omar('breakglass keygen --person omar');
  await omar('breakglass init --person omar');
  await sofia('breakglass keygen --person sofia');
  await sofia('breakglass init --person sofia');
  const yaml = join(typist.desk, 'organisation.yaml');
  await writeFile(yaml, await filled('examples/acme/config.yaml', typist.desk));
  await omar('breakglass config check');
  await omar('breakglass config sign organisation.yaml --out 0001.json');
  await sofia('breakglass config sign organisation.yaml --out 0001.json');
  const { output } = await sofia('breakglass config pin');
  typist.means.set(
    '9eddcec876ab7dac11a21e5f3f3820ca814a9064153fa55223c72628fa7f45fb',
    /^[0-9a-f]{64}$/m.exec(output)?.[0] ?? 'no digest was printed',
  );
  await appendFile(yaml, '# the next one\n');
  await omar('breakglass config sign organisation.yaml --previous');

  const config = typing(typist, 'docs/config.md', home('omar'));
  for (const starts of ['breakglass config check', 'breakglass config schema', 'breakglass config diff'])
    await config(starts);

  const maya = typing(typist, 'docs/requester.md', home('maya'));
  const passphrase = [
    [/passphrase/i, 'a passphrase\n'],
    [/same passphrase/i, 'a passphrase\n'],
  ] as const;
  await maya('breakglass keygen', { answers: passphrase });
  await maya('breakglass init');
  await maya('breakglass config pin');
};

/** What of a case everybody needs, up to the session log: asked twice for nothing, then used. */
const used = async (typist: Typist, house: House): Promise<void> => {
  const { home } = house;
  const maya = typing(typist, 'docs/requester.md', home('maya'));
  const [ana, ravi] = [home('ana'), home('ravi')].map((each) => typing(typist, 'docs/approver.md', each));
  const ines = typing(typist, 'docs/custodian.md', home('ines'));
  const id = z.object({ cases: z.array(z.object({ case: z.string() })) });

  await maya('breakglass request');
  const open = await mustRun(house.cli, 'maya', 'cases', '--account', 'acme-eu', '--json');
  mean(typist, theCase, id.parse(JSON.parse(open)).cases[0]?.case ?? '');
  await ana?.('breakglass approve', { answers: [yes] });
  await ravi?.('breakglass deny');
  await house.asked();
  await maya('breakglass withdraw');

  const first = await house.asked();
  mean(typist, theCase, first);
  await house.approved(first);
  await ines('breakglass release');
  await house.releasedBut(first, 'ines');
  await maya('breakglass open acme-eu --login');
  await maya('breakglass open acme-eu', { answers: [] });
  await house.loggedIn();
  await maya('breakglass claim', { answers: [yes] });
  await maya('breakglass end acme-eu --reason');
  await house.settling(first);
  await ines('breakglass attest acme-eu/');
  await house.attestedBut(first, 'ines');
  await house.closed(first, 'maya', 'session-log', 'post-mortem');
};

/** A use that its approver ended, whose requester tries the old credential and writes up. */
const ended = async (typist: Typist, house: House): Promise<void> => {
  const { home, cli } = house;
  const maya = typing(typist, 'docs/requester.md', home('maya'));
  const id = await house.asked();
  mean(typist, theCase, id);
  await house.approved(id);
  await house.releasedBut(id);
  await mustRun(cli, 'maya', 'open', id, '--login');
  await typing(typist, 'docs/approver.md', home('ana'))('breakglass end');
  await maya('breakglass end acme-eu --resume');
  const editor = "sed -i 's/TODO.*/restarted the provider/'";
  await maya('breakglass write-up acme-eu --document session-log', { answers: [], env: { EDITOR: editor } });
  await maya('breakglass write-up acme-eu --document post-mortem --template');
  const file = join(typist.desk, 'post-mortem.md');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/TODO.*/g, 'restarted the provider'));
  await maya('breakglass write-up acme-eu --document post-mortem --file');
  await maya('breakglass log');
};

/** What owners and on-call do: provision, rotate, and stop a stranger. */
const owned = (typist: Typist, house: House) => {
  const omar = typing(typist, 'docs/operator.md', house.home('omar'));
  return {
    provision: async (): Promise<void> => {
      await omar('breakglass provision acme-eu');
      await typing(typist, 'docs/operator.md', house.home('sofia'))('breakglass provision acme-eu --wait');
      await house.attestedBut('acme-eu');
    },
    rotate: async (): Promise<void> => {
      await omar('breakglass rotate');
      await omar('breakglass status');
      await typing(typist, 'docs/custodian.md', house.home('ines'))('breakglass attest acme-eu ');
      await house.attestedBut('acme-eu', 'ines');
      await omar('breakglass runbook');
    },
    stop: async (): Promise<void> => {
      await house.loggedIn();
      const use = await house.undeclared();
      mean(typist, theUndeclared, use);
      await omar('breakglass cases --kind undeclared');
      await omar('breakglass status acme-eu/');
      await omar('breakglass stop');
      await house.settling(use);
      await house.attestedBut(use);
      await house.closed(use, 'omar', 'post-mortem');
    },
  };
};

/** What an auditor looks at, with the witness's file, and one row for OpenSSH alone. */
const audited = async (typist: Typist, house: House): Promise<void> => {
  const { desk, means } = typist;
  const { cli, home, stack } = house;
  const tomas = typing(typist, 'docs/auditor.md', home('tomas'));
  const witness = join(stack.stateFolder, 'witness.jsonl');
  means.set('/mnt/vault/checkpoints.jsonl', witness);
  await copyFile(witness, join(desk, 'checkpoints.jsonl'));
  await mkdir(join(desk, 'witness'), { recursive: true });
  const lines = (await readFile(witness, 'utf8')).split('\n').filter((line) => line !== '');
  for (const [n, line] of lines.slice(-3).entries())
    await writeFile(join(desk, 'witness', `${n}.json`), line);
  for (const starts of ['--account', '--quarter', '--person'].map((each) => `breakglass cases ${each}`))
    await tomas(starts);
  for (const of of ['', ' --witness', ' --json', ' --temporal'])
    await tomas(`breakglass history ${theCase}${of}`);
  await tomas('breakglass ledger verify');

  const history = await mustRun(cli, 'tomas', 'history', means.get(theCase) ?? '', '--json');
  const { rows } = z.object({ rows: z.array(rowSchema) }).parse(JSON.parse(history));
  const envelope = rows.find(
    ({ actor_id: by, action }) => by === 'maya' && action === 'break_glass_requested',
  )?.metadata.envelope;
  if (envelope === undefined) throw new Error('no signed request of maya’s in the case’s history');
  const key = (await readFile(join(home('maya'), 'id_ed25519.pub'), 'utf8')).trim();
  await writeSigned(desk, { ...envelope, person: 'maya', key });
  await tomas('ssh-keygen -Y verify');
  await tomas('breakglass ledger verify --witness ./');
  await tomas('breakglass ledger verify --witness /mnt');
};

/** The namespace that a deployment was given; Temporal knows of it some seconds after it was made. */
const makeNamespace = async (temporal: string, address: string): Promise<void> => {
  const run = (...args: string[]): Promise<string> =>
    runCommand(temporal, ['operator', ...args, '--namespace', 'breakglass', '--address', address], {
      timeoutMs: 30_000,
    });
  await run('namespace', 'create');
  for (let tries = 0; tries < 30; tries += 1) {
    const isKnown = await run('search-attribute', 'list').then(
      () => true,
      () => false,
    );
    if (isKnown) return;
    await sleep(1_000);
  }
};

/** What Temporal itself is asked, and what the shell's completion is written to. */
const besides = async (typist: Typist, house: House, temporal: string): Promise<void> => {
  const env = { TEMPORAL_ADDRESS: house.stack.servers.temporal.address };
  const temporalDocument = typing(typist, 'docs/temporal.md', house.home('tomas'));
  for (let n = 0; n < 7; n += 1) await temporalDocument('temporal workflow list', { env });
  for (const what of ['metadata', 'describe']) await temporalDocument(`temporal workflow ${what}`, { env });
  await makeNamespace(temporal, env.TEMPORAL_ADDRESS);
  await typing(typist, 'docs/operating.md', house.home('omar'))('temporal operator', { env });

  const home = join(typist.desk, 'of maya');
  for (const folder of ['.local/share/bash-completion/completions', '.zfunc', '.config/fish/completions'])
    await mkdir(join(home, folder), { recursive: true });
  for (const shell of ['bash', 'zsh', 'fish'])
    await typing(
      typist,
      'docs/cli.md',
      house.home('maya'),
    )(`breakglass completion ${shell}`, {
      env: { HOME: home },
    });

  const here = { at: repository };
  const reader = typing(typist, 'docs/reliability.md', house.home('omar'));
  await reader('npm run chaos -- --fast --cases', here);
  await reader('npm run chaos -- --fast --seed', here);
  const developer = typing(typist, 'CONTRIBUTING.md', house.home('omar'));
  await developer('npm test -- test/core', here);
  await developer('npm run build', here);
};

/**
 * Types everything that can be typed here.
 *
 * @param house - bare: its account is provisioned by the documents' own commands
 * @param temporal - Temporal's program
 */
export const tellDocuments = async (typist: Typist, house: House, temporal: string): Promise<void> => {
  await ceremony(typist);
  typist.means.set('https://breakglass.acme.example', house.stack.origin);
  typist.means.set('https://login.acme.example', house.stack.servers.kratos.publicUrl);
  const { provision, rotate, stop } = owned(typist, house);
  await provision();
  await used(typist, house);
  await rotate();
  await stop();
  await ended(typist, house);
  await audited(typist, house);
  await besides(typist, house, temporal);
};
