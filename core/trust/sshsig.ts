/**
 * SSH signatures over arbitrary messages: what `ssh-keygen -Y sign` makes.
 *
 * Formats: OpenSSH's PROTOCOL.sshsig, and PROTOCOL.u2f for security keys. Read more strictly than OpenSSH
 * does: one spelling for each signature, so that a signature kept as evidence cannot be respelled.
 */
import { createHash, verify } from 'node:crypto';
import { isSameSshKey, sshKeyMaterial, sshPublicKeyOf, SshKeyError, WeakSshKeyError } from './sshKeys.ts';
import type { SshKeyMaterial, SshPublicKey } from './sshKeys.ts';
import { SshReader, sshByte, sshString, sshUint32, SshWireError, strictBase64 } from './sshWire.ts';

export type SshHash = 'sha256' | 'sha512';

/** A signature taken apart; nothing about it is proven yet. */
export interface SshSignature {
  /** The signer's public key in wire form, by its own word. */
  readonly publicKey: Uint8Array;
  readonly namespace: string;
  readonly hash: SshHash;
  /** Algorithm and value, in wire form. */
  readonly signature: Uint8Array;
}

/** Why a signature was refused. */
export type SshSignatureFault =
  | 'malformed-signature'
  | 'wrong-namespace'
  | 'unknown-key'
  | 'weak-algorithm'
  | 'bad-signature'
  | 'user-presence-missing';

/** What a security key attested along with the signature. */
export interface SecurityKeyFacts {
  /** Signatures the key has counted; some keys always say 0. */
  readonly counter: number;
  /** Whether the key checked a PIN or a fingerprint, and not only a touch. */
  readonly isUserVerified: boolean;
}

export type SshVerdict =
  | {
      readonly ok: true;
      /** The allowed key that signed, as given in `keys`. */
      readonly key: SshPublicKey;
      readonly hash: SshHash;
      /** Of `sk-` keys only. */
      readonly securityKey?: SecurityKeyFacts;
    }
  | { readonly ok: false; readonly reason: SshSignatureFault; readonly message: string };

/** Text that is no SSH signature, or one in a spelling that is not ours. */
export class SshSignatureError extends Error {
  override readonly name = 'SshSignatureError';
}

const MAGIC = 'SSHSIG';
const VERSION = 1;
const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const END = '\n-----END SSH SIGNATURE-----';
/** Columns of base64, as OpenSSH wraps. */
const COLUMNS = 70;
/** The longest signature there is, by a 16384-bit RSA key, takes 6 KiB. */
const MAX_CHARACTERS = 8192;

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/**
 * Takes an armored signature apart.
 *
 * @param armored - as `ssh-keygen -Y sign` writes it, the final newline optional
 * @throws {@link SshSignatureError} on any other spelling, version, hash, or a non-empty reserved field
 */
export function parseSshSignature(armored: string): SshSignature {
  if (armored.length > MAX_CHARACTERS) throw new SshSignatureError('signature is too long');
  const text = armored.endsWith('\n') ? armored.slice(0, -1) : armored;
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) throw new SshSignatureError('no ssh signature armor');
  const bytes = strictBase64(text.slice(BEGIN.length, -END.length).replaceAll('\n', ''));
  if (bytes === undefined) throw new SshSignatureError('signature armor is not base64');
  const signature = readSignature(bytes);
  if (armorSshSignature(signature) !== `${text}\n`) {
    throw new SshSignatureError('signature is not spelled as ssh-keygen does');
  }
  return signature;
}

/** The armored text of a signature, with a final newline: what {@link parseSshSignature} reads. */
export function armorSshSignature({ publicKey, namespace, hash, signature }: SshSignature): string {
  const bytes = Buffer.concat([
    Buffer.from(MAGIC),
    sshUint32(VERSION),
    sshString(publicKey),
    sshString(namespace),
    sshString(''),
    sshString(hash),
    sshString(signature),
  ]);
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [];
  return `${BEGIN}${lines.join('\n')}${END}\n`;
}

/**
 * The bytes a key signs for a message (PROTOCOL.sshsig, "Signed Data").
 *
 * @param message - a text is taken as UTF-8
 */
export function sshSignedData(message: Uint8Array | string, namespace: string, hash: SshHash): Uint8Array {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([
    Buffer.from(MAGIC),
    sshString(namespace),
    sshString(''),
    sshString(hash),
    sshString(digest),
  ]);
}

/**
 * The bytes a security key signs for the data it was given (PROTOCOL.u2f, "SSH U2F Signatures").
 *
 * @param application - as in the public key, such as `ssh:`
 * @param flags - bit 0: user present; bit 2: user verified
 * @param data - what {@link sshSignedData} gives
 */
export function securityKeySignedData(
  application: string,
  flags: number,
  counter: number,
  data: Uint8Array,
): Uint8Array {
  const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();
  return Buffer.concat([sha256(application), sshByte(flags), sshUint32(counter), sha256(data)]);
}

/**
 * Whether one of the allowed keys signed this message in this namespace.
 *
 * Never throws on hostile input. RSA with SHA-1 and RSA keys under 2048 bits are refused; a security key
 * must have seen a touch.
 *
 * @param keys - the keys whose signatures count here; which person holds which is the caller's to know
 */
export function verifySshSignature(request: {
  readonly message: Uint8Array | string;
  readonly signature: string;
  readonly namespace: string;
  readonly keys: readonly SshPublicKey[];
}): SshVerdict {
  try {
    const parsed = parseSshSignature(request.signature);
    if (parsed.namespace !== request.namespace) {
      return refused('wrong-namespace', `signed for "${parsed.namespace}", not for "${request.namespace}"`);
    }
    const claimed = sshPublicKeyOf(parsed.publicKey);
    const key = request.keys.find((candidate) => isSameSshKey(candidate, claimed));
    if (key === undefined)
      return refused('unknown-key', `signed by ${claimed.fingerprint}, which is not allowed here`);
    return verifyWith(key, parsed, sshSignedData(request.message, parsed.namespace, parsed.hash));
  } catch (error) {
    if (error instanceof WeakSshKeyError) return refused('weak-algorithm', error.message);
    if (error instanceof SshSignatureError || error instanceof SshKeyError || error instanceof SshWireError) {
      return refused('malformed-signature', error.message);
    }
    throw error;
  }
}

function verifyWith(key: SshPublicKey, parsed: SshSignature, data: Uint8Array): SshVerdict {
  const reader = new SshReader(parsed.signature);
  const algorithm = reader.name();
  const material = sshKeyMaterial(key);
  const wanted: readonly string[] = material.family === 'rsa' ? ['rsa-sha2-256', 'rsa-sha2-512'] : [key.type];
  if (!wanted.includes(algorithm)) {
    return refused('weak-algorithm', `a ${key.type} key must sign with ${wanted.join(' or ')}`);
  }
  const value = readValue(reader, material);
  if (material.application === undefined) {
    reader.end();
    if (!isSignature(data, value, material, algorithm)) return refused('bad-signature', NOT_OVER_MESSAGE);
    return { ok: true, key, hash: parsed.hash };
  }
  const flags = reader.byte();
  const counter = reader.uint32();
  reader.end();
  const attested = securityKeySignedData(material.application, flags, counter, data);
  if (!isSignature(attested, value, material, algorithm)) return refused('bad-signature', NOT_OVER_MESSAGE);
  // Checked last, so that the answer tells a signer with no-touch-required from a forgery.
  if ((flags & USER_PRESENT) === 0)
    return refused('user-presence-missing', 'the security key was not touched');
  const isUserVerified = (flags & USER_VERIFIED) !== 0;
  return { ok: true, key, hash: parsed.hash, securityKey: { counter, isUserVerified } };
}

const NOT_OVER_MESSAGE = 'the signature is not over this message';

/** The signature's value in the fixed-length form node:crypto takes. */
function readValue(reader: SshReader, { family, size }: SshKeyMaterial): Buffer {
  if (family === 'ecdsa') {
    const pair = new SshReader(reader.string());
    const [r, s] = [pair.positive(), pair.positive()];
    pair.end();
    if (r.length > size || s.length > size)
      throw new SshSignatureError('ecdsa value is too long for its curve');
    return Buffer.concat([Buffer.alloc(size - r.length), r, Buffer.alloc(size - s.length), s]);
  }
  const value = reader.string();
  const length = family === 'ed25519' ? 64 : size;
  if (value.length !== length) throw new SshSignatureError(`signature value is not ${length} bytes`);
  return value;
}

function isSignature(data: Uint8Array, value: Buffer, material: SshKeyMaterial, algorithm: string): boolean {
  const { key, family, curveHash } = material;
  if (family === 'ed25519') return verify(null, data, key, value);
  if (family === 'ecdsa') return verify(curveHash, data, { key, dsaEncoding: 'ieee-p1363' }, value);
  return verify(algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512', data, key, value);
}

function readSignature(bytes: Uint8Array): SshSignature {
  try {
    const reader = new SshReader(bytes);
    if (reader.raw(MAGIC.length).toString('latin1') !== MAGIC)
      throw new SshSignatureError('not an ssh signature');
    if (reader.uint32() !== VERSION) throw new SshSignatureError('signature version is not 1');
    const publicKey = reader.string();
    const namespace = reader.name();
    if (reader.string().length > 0) throw new SshSignatureError('reserved field is not empty');
    const hash = reader.name();
    if (hash !== 'sha256' && hash !== 'sha512')
      throw new SshSignatureError('hash is neither sha256 nor sha512');
    const signature = reader.string();
    reader.end();
    return { publicKey, namespace, hash, signature };
  } catch (error) {
    if (error instanceof SshWireError) throw new SshSignatureError(`signature is damaged: ${error.message}`);
    throw error;
  }
}

function refused(reason: SshSignatureFault, message: string): SshVerdict {
  return { ok: false, reason, message };
}
