import { z } from 'zod';
import { row as rowSchema } from '../../../core/contracts/ledger.ts';
import { foldCase } from '../../../core/rules/streams.ts';
import { casePath, resolveCase } from '../caseName.ts';
import { followConfig } from '../configPin.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { followChain } from '../story/chain.ts';
import { chaptersOf } from '../story/chapters.ts';
import { checkRow } from '../story/evidence.ts';
import { faultsOf, tell, type Story } from '../story/tell.ts';
import { readProcess } from '../story/temporal.ts';
import { nameOf } from '../story/words.ts';
import { readWitnesses } from '../witnessFiles.ts';

const rowsAnswer = z.object({ rows: z.array(rowSchema) });

interface Options {
  readonly witness?: readonly string[];
  readonly temporal?: true;
}

/** `breakglass history`: a case's rows of the ledger as a story, each verified here. */
export const addHistory: AddCommand = (program, context) => {
  const command = program
    .command('history')
    .description(
      'tell what happened in a case: what, who, when, on which evidence; every signature is verified on this machine',
    )
    .argument('<case>')
    .option('--witness <file...>', 'checkpoints as a witness kept them, to compare the ledger with')
    .option('--temporal', 'beside it what Temporal’s own history tells: unsigned, no part of the proof')
    .action(async (named: string, { witness, temporal }: Options) => {
      const { api } = await context.connect();
      const trust = await followConfig(context.home, api);
      const id = await resolveCase(named, api);
      const { rows } = await api.get(casePath(id, '/history'), rowsAnswer);
      const state = foldCase(
        rows.toSorted((one, other) => one.seq - other.seq),
        id,
      );
      if (state === null)
        throw new CliError(
          exits.refused,
          'history-incomplete',
          `the history shown does not hold how ${id} began`,
        );
      const checks = new Map(rows.map((row) => [row.seq, checkRow(row, trust, context.now())]));
      const checkpoints = witness === undefined ? [] : await readWitnesses(context, api, witness);
      const chain = await followChain(api, { id, history: rows, checkpoints }, (seq) => {
        context.out.progress(`row ${seq}`);
      });
      const then = trust.configs.get(state.opening.config)?.config.people;
      const people = [...(then === undefined ? [] : [then]), trust.current.config.people];
      const responsible = state.responsible === null ? '' : nameOf(state.responsible, people);
      const process = temporal === true ? await readProcess(api, id) : null;
      const chapters = chaptersOf(rows, id, people);
      const story: Story = { state, responsible, chapters, checks, chain, process };
      const faults = faultsOf(story);
      const shown = { case: id, rows, ...toldOf(story), chain, faults };
      context.out.data(process === null ? shown : { ...shown, temporal: process }, tell(story));
      if (faults.length > 0)
        throw new CliError(
          exits.refused,
          'history-does-not-hold',
          `the history shown does not hold: ${faults.join('; ')}`,
          'breakglass ledger verify',
        );
    });
  withExamples(
    command,
    'history acme-eu/2026-11-21-01',
    'history acme-eu --json',
    'history acme-eu/2026-11-21-01 --witness checkpoints.jsonl',
    'history acme-eu/2026-11-21-01 --temporal',
  );
};

/** The chapters for a script: what was told by which rows, on which evidence. */
const toldOf = ({ chapters, checks }: Story) => ({
  chapters: chapters.map(({ phase, heading, told }) => ({
    ...{ phase, heading },
    told: told.map(({ rows, at, who, what, notes }) => ({
      ...{ at, who, what, notes },
      rows: rows.map(({ seq }) => ({ seq, ...checks.get(seq) })),
    })),
  })),
});
