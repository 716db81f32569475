/** SSH public keys as they stand in the config: parsed strictly, and handed to node:crypto. */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SshReader, SshWireError, strictBase64 } from './sshWire.ts';

/** Key types whose signatures count. `sk-` keys live in a security key that wants a touch. */
export const SSH_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** The key in wire form: what two keys are compared by. */
  readonly blob: Uint8Array;
  /** Free text; proves nothing. */
  readonly comment: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** A line that is no public key we accept. The message names what is wrong. */
export class SshKeyError extends Error {
  override readonly name = 'SshKeyError';
}

/** A key of a known type, too weak for its signatures to count. */
export class WeakSshKeyError extends SshKeyError {}

/** What verifying needs of a key beyond its name. */
export interface SshKeyMaterial {
  readonly key: KeyObject;
  /** `ecdsa`: bytes of each of r and s. `rsa`: bytes of the modulus. */
  readonly size: number;
  readonly family: 'ed25519' | 'ecdsa' | 'rsa';
  /** SHA-2 that an ECDSA curve is used with (RFC 5656, section 6.2.1). */
  readonly curveHash?: 'sha256' | 'sha384' | 'sha512';
  /** `sk-` keys: what the security key takes for the web site, such as `ssh:`. */
  readonly application?: string;
}

/** Shorter RSA keys are refused, as by OpenSSH since 2023; longer than the upper one too, against slow arithmetic. */
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 16384;
/** Characters; the longest RSA key takes 2.8 thousand. */
const LINE_MAX = 8192;

const CURVES = {
  nistp256: { crv: 'P-256', size: 32, hash: 'sha256' },
  nistp384: { crv: 'P-384', size: 48, hash: 'sha384' },
  nistp521: { crv: 'P-521', size: 66, hash: 'sha512' },
} as const;

/**
 * Reads one public key line as `ssh-keygen` writes it: `ssh-ed25519 AAAA… comment`.
 *
 * @param line - one line, a final newline allowed; options before the key and certificates are refused
 * @throws {@link SshKeyError}
 */
export function parseSshPublicKey(line: string): SshPublicKey {
  const match = line.length > LINE_MAX ? null : /^(\S+) +(\S+)(?: +(.*))?$/.exec(line.trimEnd());
  if (match === null) throw new SshKeyError('not a public key line: expected "type base64 comment"');
  const [, type = '', base64 = '', comment = ''] = match;
  if (!isSshKeyType(type)) {
    throw new SshKeyError(`key type is not supported: use one of ${SSH_KEY_TYPES.join(', ')}`);
  }
  const blob = strictBase64(base64);
  if (blob === undefined) throw new SshKeyError('key is not base64');
  return { ...sshPublicKeyOf(blob, type), comment };
}

/**
 * Takes a key's wire form apart, checking all of it.
 *
 * @param blob - as in the second column of a key line, or inside a signature
 * @param expected - the type named beside it, if any
 * @throws {@link SshKeyError}
 */
export function sshPublicKeyOf(blob: Uint8Array, expected?: SshKeyType): SshPublicKey {
  const { type } = readMaterial(blob);
  if (expected !== undefined && type !== expected)
    throw new SshKeyError(`key says ${type}, its line ${expected}`);
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { type, blob, comment: '', fingerprint: `SHA256:${digest}` };
}

/** What node:crypto needs to verify with this key. @throws {@link SshKeyError} */
export function sshKeyMaterial(key: SshPublicKey): SshKeyMaterial {
  return readMaterial(key.blob).material;
}

/** The key for node:crypto. @throws {@link SshKeyError} */
export function toKeyObject(key: SshPublicKey): KeyObject {
  return sshKeyMaterial(key).key;
}

/** Whether two keys are the same key, whatever their comments. */
export function isSameSshKey(a: SshPublicKey, b: SshPublicKey): boolean {
  return Buffer.compare(a.blob, b.blob) === 0;
}

function readMaterial(blob: Uint8Array): { type: SshKeyType; material: SshKeyMaterial } {
  try {
    const reader = new SshReader(blob);
    const type = reader.name();
    if (!isSshKeyType(type)) throw new SshKeyError('key type is not supported');
    const material = readers[type](reader);
    reader.end();
    return { type, material };
  } catch (error) {
    if (error instanceof SshWireError) throw new SshKeyError(`key is damaged: ${error.message}`);
    throw error;
  }
}

const readers: Record<SshKeyType, (reader: SshReader) => SshKeyMaterial> = {
  'ssh-ed25519': readEd25519,
  'ecdsa-sha2-nistp256': (reader) => readEcdsa(reader, 'nistp256'),
  'ecdsa-sha2-nistp384': (reader) => readEcdsa(reader, 'nistp384'),
  'ecdsa-sha2-nistp521': (reader) => readEcdsa(reader, 'nistp521'),
  'ssh-rsa': readRsa,
  'sk-ssh-ed25519@openssh.com': (reader) => ({
    ...readEd25519(reader),
    application: readApplication(reader),
  }),
  'sk-ecdsa-sha2-nistp256@openssh.com': (reader) => ({
    ...readEcdsa(reader, 'nistp256'),
    application: readApplication(reader),
  }),
};

function readEd25519(reader: SshReader): SshKeyMaterial {
  const point = reader.string();
  if (point.length !== 32) throw new SshKeyError('ed25519 key is not 32 bytes');
  const key = importJwk({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
  return { key, family: 'ed25519', size: 32 };
}

function readEcdsa(reader: SshReader, name: keyof typeof CURVES): SshKeyMaterial {
  const { crv, size, hash } = CURVES[name];
  if (reader.name() !== name) throw new SshKeyError('ecdsa key names another curve than its type');
  const point = reader.string();
  if (point.length !== 1 + 2 * size || point[0] !== 4)
    throw new SshKeyError('ecdsa key is not an uncompressed point');
  const x = point.subarray(1, 1 + size).toString('base64url');
  const y = point.subarray(1 + size).toString('base64url');
  return { key: importJwk({ kty: 'EC', crv, x, y }), family: 'ecdsa', size, curveHash: hash };
}

function readRsa(reader: SshReader): SshKeyMaterial {
  const exponent = reader.positive();
  const modulus = reader.positive();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    throw new WeakSshKeyError(`rsa key has ${bits} bits: use ${RSA_MIN_BITS} to ${RSA_MAX_BITS}`);
  }
  // With exponent 1 every message is its own signature.
  if (exponent.length === 1 && (exponent[0] ?? 0) < 3)
    throw new WeakSshKeyError('rsa key has exponent 1 or 2');
  const n = modulus.toString('base64url');
  const key = importJwk({ kty: 'RSA', n, e: exponent.toString('base64url') });
  return { key, family: 'rsa', size: modulus.length };
}

function readApplication(reader: SshReader): string {
  const application = reader.name();
  // A key made for a web site could be tricked into signing there; ssh-keygen makes `ssh:` keys only.
  if (!application.startsWith('ssh:')) throw new SshKeyError('security key was not made for ssh');
  return application;
}

function importJwk(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new SshKeyError('key is not a valid point or number');
  }
}

function isSshKeyType(type: string): type is SshKeyType {
  return (SSH_KEY_TYPES as readonly string[]).includes(type);
}
