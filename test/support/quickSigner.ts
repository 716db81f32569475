/** Signing as ssh-keygen does, in this process: simulated people sign thousands of times. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { armorSshSignature, sshSignedData } from '../../core/trust/sshsig.ts';
import { sshString } from '../../core/trust/sshWire.ts';

const type = 'ssh-ed25519';
/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The strings of an SSH buffer, from a place on. */
const strings = (from: Buffer, start: number, count: number): Buffer[] => {
  const found: Buffer[] = [];
  let place = start;
  while (found.length < count) {
    const length = from.readUInt32BE(place);
    found.push(from.subarray(place + 4, place + 4 + length));
    place += 4 + length;
  }
  return found;
};

/** An unencrypted Ed25519 key in OpenSSH's own format (PROTOCOL.key). */
const readKey = async (file: string): Promise<{ key: KeyObject; publicKey: Buffer }> => {
  const text = await readFile(file, 'utf8');
  const bytes = Buffer.from(text.replace(/-----[A-Z ]+-----/g, ''), 'base64');
  const magic = 'openssh-key-v1\0'.length;
  const [cipher, kdf, options] = strings(bytes, magic, 3);
  if (cipher?.toString() !== 'none' || kdf === undefined || options === undefined)
    throw new Error(`${file} is no unencrypted OpenSSH key`);
  const afterCount = magic + 12 + cipher.length + kdf.length + options.length + 4;
  const [publicKey, secret] = strings(bytes, afterCount, 2);
  // Two check integers, then type, public half, and the secret with the public half behind it.
  const [kind, , pair] = strings(secret ?? Buffer.alloc(0), 8, 3);
  if (kind?.toString() !== type || publicKey === undefined || pair === undefined)
    throw new Error(`${file} holds no ${type} key`);
  const der = Buffer.concat([pkcs8, pair.subarray(0, 32)]);
  return { key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), publicKey };
};

/** Signs a message for a namespace; the outcome is an armoured SSH signature. */
export type QuickSigner = (message: string, namespace: string) => string;

/** @param file - an unencrypted Ed25519 key made by ssh-keygen */
export const createQuickSigner = async (file: string): Promise<QuickSigner> => {
  const { key, publicKey } = await readKey(file);
  return (message, namespace) => {
    const raw = sign(null, sshSignedData(message, namespace, 'sha512'), key);
    const signature = Buffer.concat([sshString(type), sshString(raw)]);
    return armorSshSignature({ publicKey, namespace, hash: 'sha512', signature });
  };
};
