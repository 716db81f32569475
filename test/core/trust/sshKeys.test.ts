import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isSameSshKey,
  parseSshPublicKey,
  SSH_KEY_TYPES,
  SshKeyError,
  toKeyObject,
} from '../../../core/trust/sshKeys.ts';
import { sshString } from '../../../core/trust/sshWire.ts';
import { fingerprintOf, makeSigner, sshMpint } from './signers.ts';

function line(type: string, ...parts: Uint8Array[]): string {
  return `${type} ${Buffer.concat([sshString(type), ...parts]).toString('base64')}`;
}

const exponent = sshMpint(Buffer.from([1, 0, 1]));
const modulus = (bits: number): Buffer => sshMpint(Buffer.alloc(bits / 8, 0xff));
const point = Buffer.alloc(32, 1);
const curve = sshString('nistp256');
/** The last field of a real key. */
const p256Point = Buffer.from(makeSigner('ecdsa-sha2-nistp256').key.blob.slice(-69));

describe('parseSshPublicKey', () => {
  it.each(SSH_KEY_TYPES)('given a key of %s, reads type, comment and fingerprint', (type) => {
    const signer = makeSigner(type);
    const key = parseSshPublicKey(`${signer.line} of Zoë\n`);
    expect(key).toMatchObject({ type, comment: 'test of Zoë', fingerprint: fingerprintOf(signer.key.blob) });
    expect(isSameSshKey(key, signer.key)).toBe(true);
    expect(isSameSshKey(key, makeSigner(type).key)).toBe(false);
    expect(toKeyObject(key).type).toBe('public');
  });

  it('given no comment, reads an empty one', () => {
    expect(parseSshPublicKey(line('ssh-ed25519', sshString(point))).comment).toBe('');
  });

  it.each([
    ['nothing', ''],
    ['a type alone', 'ssh-ed25519'],
    ['two lines', `${makeSigner('ssh-ed25519').line}\n${makeSigner('ssh-ed25519').line}`],
    ['options before the key', `no-pty ${makeSigner('ssh-ed25519').line}`],
    ['a certificate', line('ssh-ed25519-cert-v01@openssh.com', sshString(point))],
    ['dsa', line('ssh-dss', sshString(point))],
    ['text that is not base64', 'ssh-ed25519 ****'],
    ['base64 without its padding', line('ssh-ed25519', sshString(point), Buffer.alloc(1)).replace(/=+$/, '')],
    ['another type inside', line('ssh-ed25519', sshString(point)).replace('ssh-ed25519', 'ssh-rsa')],
    ['a short key', line('ssh-ed25519', sshString(point.subarray(1)))],
    ['trailing bytes', line('ssh-ed25519', sshString(point), Buffer.alloc(1))],
    ['a key cut short', line('ssh-ed25519', Buffer.from([0, 0, 1, 0]), point)],
    ['a point off its curve', line('ecdsa-sha2-nistp256', curve, sshString(Buffer.alloc(65, 4)))],
    ['a compressed point', line('ecdsa-sha2-nistp256', curve, sshString(Buffer.alloc(33, 2)))],
    ['another curve inside', line('ecdsa-sha2-nistp256', sshString('nistp384'), p256Point)],
    ['rsa of 1024 bits', line('ssh-rsa', exponent, modulus(1024))],
    ['rsa of 2040 bits', line('ssh-rsa', exponent, modulus(2040))],
    ['rsa of 32768 bits', line('ssh-rsa', exponent, modulus(32768))],
    ['rsa with exponent 1', line('ssh-rsa', sshMpint(Buffer.from([1])), modulus(2048))],
    ['rsa with exponent 0', line('ssh-rsa', sshString(''), modulus(2048))],
    ['a negative modulus', line('ssh-rsa', exponent, sshString(Buffer.alloc(256, 0xff)))],
    ['a padded modulus', line('ssh-rsa', exponent, sshString(Buffer.alloc(258, 0xff).fill(0, 0, 2)))],
    [
      'a security key without application',
      line('sk-ssh-ed25519@openssh.com', sshString(point), sshString('')),
    ],
    [
      'a security key of a web site',
      line('sk-ssh-ed25519@openssh.com', sshString(point), sshString('acme.test')),
    ],
    ['an endless line', `ssh-ed25519 ${'A'.repeat(10_000)}`],
  ])('given %s, refuses', (_, text) => {
    expect(() => parseSshPublicKey(text)).toThrow(SshKeyError);
  });

  it('given a private key by mistake, does not repeat it', () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const body = pem.split('\n')[1] ?? '';
    for (const text of [pem, `${body} ${body}`, `ssh-ed25519 ${body}`]) {
      const withoutKey: unknown = expect.not.stringContaining(body);
      expect(() => parseSshPublicKey(text)).toThrow(expect.objectContaining({ message: withoutKey }));
    }
  });
});
