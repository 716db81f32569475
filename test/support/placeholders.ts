import { createHash } from 'node:crypto';

const digestOf = (name: string): Buffer => createHash('sha256').update(name).digest();

/** A public key of nobody: its shape is right, and no private key is known. */
const sshKeyOf = (name: string): string => {
  const field = (bytes: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  const blob = Buffer.concat([...field(Buffer.from('ssh-ed25519')), ...field(digestOf(name))]);
  return `ssh-ed25519 ${blob.toString('base64')} ${name}`;
};

/** A recipient of nobody: the checksum is not checked before something is sealed to it. */
const recipientOf = (name: string): string => {
  const letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  const bytes = Buffer.concat([digestOf(`one ${name}`), digestOf(`two ${name}`)]);
  return `age1${[...bytes.subarray(0, 58)].map((byte) => letters[byte % 32]).join('')}`;
};

/** A config with keys and addresses of nobody where its placeholders stand, each on the line it stood on. */
export const fillPlaceholders = (yaml: string): string =>
  yaml
    .replaceAll(/<ssh key of (?:the )?(\w+)>/g, (_, name: string) => JSON.stringify(sshKeyOf(name)))
    .replaceAll(/<age recipient of (\w+)>/g, (_, name: string) => recipientOf(name))
    .replaceAll('<origin>', 'https://breakglass.acme.example')
    .replaceAll('<security topic>', 'arn:aws:sns:eu-west-1:111122223333:security')
    .replaceAll('<witness file>', '/mnt/witness/checkpoints.jsonl');
