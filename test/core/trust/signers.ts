/** Signers made of node:crypto keys, security keys among them, for tests of SSH signatures. */
import { createHash, createSign, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { parseSshPublicKey } from '../../../core/trust/sshKeys.ts';
import type { SshKeyType, SshPublicKey } from '../../../core/trust/sshKeys.ts';
import { armorSshSignature, securityKeySignedData, sshSignedData } from '../../../core/trust/sshsig.ts';
import type { SshHash } from '../../../core/trust/sshsig.ts';
import { sshByte, sshString, sshUint32 } from '../../../core/trust/sshWire.ts';

export interface SignOptions {
  readonly message: Uint8Array | string;
  readonly namespace: string;
  readonly hash?: SshHash;
  /** RSA only; by default `rsa-sha2-512`. */
  readonly algorithm?: string;
  /** Security keys only; by default touched, counted 7. */
  readonly flags?: number;
  readonly counter?: number;
}

export interface Signer {
  readonly key: SshPublicKey;
  /** As in an authorized_keys file. */
  readonly line: string;
  readonly sign: (options: SignOptions) => string;
}

export const APPLICATION = 'ssh:';

/** A positive number as SSH writes it: no leading zeros but the one that keeps the sign clear. */
export function sshMpint(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length && magnitude[start] === 0) start += 1;
  const digits = magnitude.subarray(start);
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}

/** @param rsaBits - of `ssh-rsa` keys */
export function makeSigner(type: SshKeyType, rsaBits = 2048): Signer {
  const { privateKey, publicParts } = makeKey(type, rsaBits);
  const isSecurityKey = type.startsWith('sk-');
  const blob = Buffer.concat([
    sshString(type),
    ...publicParts,
    ...(isSecurityKey ? [sshString(APPLICATION)] : []),
  ]);
  const line = `${type} ${blob.toString('base64')} test`;
  return {
    line,
    key: parseSshPublicKey(line),
    sign: ({ message, namespace, hash = 'sha512', algorithm = 'rsa-sha2-512', flags = 1, counter = 7 }) => {
      const data = sshSignedData(message, namespace, hash);
      const signature = isSecurityKey
        ? Buffer.concat([
            sshString(type),
            sshString(signRaw(privateKey, type, securityKeySignedData(APPLICATION, flags, counter, data))),
            sshByte(flags),
            sshUint32(counter),
          ])
        : Buffer.concat([
            sshString(type === 'ssh-rsa' ? algorithm : type),
            sshString(signRaw(privateKey, type, data, algorithm)),
          ]);
      return armorSshSignature({ publicKey: blob, namespace, hash, signature });
    },
  };
}

const CURVE_HASH: Partial<Record<SshKeyType, string>> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'sha256',
};
const RSA_HASH: Record<string, string> = {
  'ssh-rsa': 'sha1',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

function signRaw(key: KeyObject, type: SshKeyType, data: Uint8Array, algorithm = ''): Buffer {
  const curveHash = CURVE_HASH[type];
  if (curveHash !== undefined) {
    const pair = sign(curveHash, data, { key, dsaEncoding: 'ieee-p1363' });
    const half = pair.length / 2;
    return Buffer.concat([sshMpint(pair.subarray(0, half)), sshMpint(pair.subarray(half))]);
  }
  if (type === 'ssh-rsa')
    return createSign(RSA_HASH[algorithm] ?? 'sha512')
      .update(data)
      .sign(key);
  return sign(null, data, key);
}

function makeKey(type: SshKeyType, rsaBits: number): { privateKey: KeyObject; publicParts: Buffer[] } {
  const fromBase64url = (text = ''): Buffer => Buffer.from(text, 'base64url');
  if (type.endsWith('ed25519') || type.endsWith('ed25519@openssh.com')) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return { privateKey, publicParts: [sshString(fromBase64url(publicKey.export({ format: 'jwk' }).x))] };
  }
  if (type === 'ssh-rsa') {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: rsaBits });
    const { e, n } = publicKey.export({ format: 'jwk' });
    return { privateKey, publicParts: [sshMpint(fromBase64url(e)), sshMpint(fromBase64url(n))] };
  }
  const bits = /nistp(\d+)/.exec(type)?.[1] ?? '';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: `P-${bits}` });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), fromBase64url(x), fromBase64url(y)]);
  return { privateKey, publicParts: [sshString(`nistp${bits}`), sshString(point)] };
}

/** What `ssh-keygen -l` prints, computed here. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}
