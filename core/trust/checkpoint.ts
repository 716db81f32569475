/** A witness's line, from text to a checkpoint that the worker signed. */
import { CanonicalError, parseCanonical, type Json } from '../contracts/canonical.ts';
import {
  checkpoint as checkpointSchema,
  type Checkpoint,
  type SignedCheckpoint,
} from '../contracts/checkpoint.ts';
import type { Digest } from '../contracts/ids.ts';
import { namespaces } from '../contracts/statements.ts';
import type { KnownConfig } from './configFile.ts';
import { parseSshPublicKey, SshKeyError, type SshPublicKey } from './sshKeys.ts';
import { verifySshSignature } from './sshsig.ts';

export type OpenedCheckpoint =
  { readonly ok: true; readonly checkpoint: Checkpoint } | { readonly ok: false; readonly why: string };

/**
 * Verifies that the worker of the config that a checkpoint names signed it, for that config's origin.
 *
 * @param configs - from `verifyConfigChain`
 * @returns why not, for hostile input; never throws on it
 */
export function openCheckpoint(
  signed: SignedCheckpoint,
  configs: ReadonlyMap<Digest, KnownConfig>,
): OpenedCheckpoint {
  const read = readCheckpoint(signed.checkpoint);
  if (!read.ok) return read;
  const { checkpoint } = read;
  const known = configs.get(checkpoint.config);
  if (known === undefined)
    return refused(`it names config ${checkpoint.config.slice(0, 12)}, which was never in force here`);
  const { origin, worker } = known.config;
  if (checkpoint.origin !== origin) return refused(`it is of another ledger than that of ${origin}`);
  const verdict = verifySshSignature({
    message: signed.checkpoint,
    signature: signed.signature,
    namespace: namespaces.checkpoint,
    keys: keyOf(worker.sshKey),
  });
  return verdict.ok
    ? { ok: true, checkpoint }
    : refused(`it is not signed by the worker: ${verdict.message}`);
}

/** A key that cannot be read signs nothing. */
function keyOf(line: string): SshPublicKey[] {
  try {
    return [parseSshPublicKey(line)];
  } catch (error) {
    if (error instanceof SshKeyError) return [];
    throw error;
  }
}

function readCheckpoint(text: string): OpenedCheckpoint {
  let value: Json;
  try {
    value = parseCanonical(text);
  } catch (error) {
    if (error instanceof CanonicalError) return refused(`it is not canonical JSON: ${error.message}`);
    throw error;
  }
  const parsed = checkpointSchema.safeParse(value);
  return parsed.success
    ? { ok: true, checkpoint: parsed.data }
    : refused(`it is no checkpoint: ${parsed.error.issues[0]?.message ?? 'unknown shape'}`);
}

const refused = (why: string): OpenedCheckpoint => ({ ok: false, why });
