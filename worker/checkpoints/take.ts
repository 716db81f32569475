import type { LoadedConfigs } from '../../adapters/config/load.ts';
import { verifyWitnessedLedger, type LedgerReader } from '../../adapters/postgres/index.ts';
import type { Checkpoint, SignedCheckpoint } from '../../core/contracts/checkpoint.ts';
import { namespaces, type Namespace } from '../../core/contracts/statements.ts';
import {
  checkpointOf,
  checkpointText,
  nothingSeen,
  type WitnessedVerdict,
} from '../../core/evidence/checkpoint.ts';
import { openCheckpoint } from '../../core/trust/checkpoint.ts';
import { readKept, writeKept } from './kept.ts';

export interface TakeDeps {
  readonly reader: Pick<LedgerReader, 'rowsAfter'>;
  readonly sign: (message: string, namespace: Namespace) => Promise<string>;
  readonly configs: () => LoadedConfigs;
  /** Where the last checkpoint is kept, on this machine's own disk. */
  readonly file: string;
  readonly now: () => Date;
}

export type Fault = Extract<WitnessedVerdict, { ok: false }>;

export type Taken =
  | { readonly ok: true; readonly signed: SignedCheckpoint; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly fault: Fault; readonly last: Checkpoint | null };

/** So often old rows are read again too; in between only the last known row and what came after it. */
const WHOLE_EVERY = 60;

/**
 * Gives a function that signs a checkpoint of the ledger as it is, if it extends the last one signed here.
 * Every row is read at the start, after a fault, and once in {@link WHOLE_EVERY} times.
 *
 * @throws (its function) DatabaseUnavailable, SshKeygenError; Error when the file is damaged or the key is not
 *   the one that the config names
 */
export const createTaker = ({ reader, sign, configs, file, now }: TakeDeps): (() => Promise<Taken>) => {
  let untilWhole = 0;
  return async () => {
    const last = await readKept(file);
    const isWhole = last === null || untilWhole === 0;
    const verdict = await verifyWitnessedLedger(
      reader,
      last === null ? [] : [last.checkpoint],
      isWhole ? nothingSeen : last.seen,
    );
    if (!verdict.ok) {
      untilWhole = 0;
      return { ok: false, fault: verdict, last: last?.checkpoint ?? null };
    }
    untilWhole = isWhole ? WHOLE_EVERY : untilWhole - 1;
    const { configs: known, current } = configs();
    const at = now().toISOString();
    const checkpoint = checkpointOf(verdict.seen, {
      origin: current.config.origin,
      at,
      config: current.digest,
    });
    const text = checkpointText(checkpoint);
    const signed = { checkpoint: text, signature: await sign(text, namespaces.checkpoint) };
    // A checkpoint that nobody can verify would look like evidence until somebody needed it.
    const opened = openCheckpoint(signed, known);
    if (!opened.ok) throw new Error(`the checkpoint just signed would convince nobody: ${opened.why}`);
    // Kept before it is given out: a witness must never have one that the worker has forgotten.
    await writeKept(file, signed, verdict.seen);
    return { ok: true, signed, checkpoint };
  };
};
