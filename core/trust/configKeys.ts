import type { ConfigDraft } from '../contracts/configDraft.ts';
import { ageRecipientSchema } from '../contracts/seal.ts';
import type { ConfigFinding } from '../rules/configCheck/index.ts';
import { parseSshPublicKey, SshKeyError } from './sshKeys.ts';

type Path = ConfigFinding['path'];

/** Shorter ones, and other beginnings, are faults of shape and told as such. */
const isKeyLike = (line: string): boolean => line.length >= 40;
const isRecipientLike = (text: string): boolean => text.startsWith('age1');

const sshFault = (line: string | undefined, path: Path): ConfigFinding[] => {
  if (line === undefined || !isKeyLike(line)) return [];
  try {
    parseSshPublicKey(line);
    return [];
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    const instead = 'write the line of the .pub file that ssh-keygen made';
    return [{ path, message: error.message, instead, severity: 'error' }];
  }
};

const ageFault = (recipient: string | undefined, path: Path): ConfigFinding[] => {
  if (recipient === undefined || !isRecipientLike(recipient)) return [];
  if (ageRecipientSchema.safeParse(recipient).success) return [];
  const message = 'not an age recipient: expected age1 and 58 characters';
  return [{ path, message, instead: 'write what breakglass keygen printed', severity: 'error' }];
};

/** Keys that have the shape of one and are none. */
export const unusableKeys = (draft: ConfigDraft): ConfigFinding[] => [
  ...Object.entries(draft.people ?? {}).flatMap(([id, person]) => [
    ...(person?.sshKeys ?? []).flatMap((line, index) => sshFault(line, ['people', id, 'sshKeys', index])),
    ...ageFault(person?.ageRecipient, ['people', id, 'ageRecipient']),
  ]),
  ...sshFault(draft.worker?.sshKey, ['worker', 'sshKey']),
];
