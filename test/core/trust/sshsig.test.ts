import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SSH_KEY_TYPES } from '../../../core/trust/sshKeys.ts';
import {
  armorSshSignature,
  parseSshSignature,
  SshSignatureError,
  verifySshSignature,
} from '../../../core/trust/sshsig.ts';
import type { SshSignature } from '../../../core/trust/sshsig.ts';
import { sshString, sshUint32 } from '../../../core/trust/sshWire.ts';
import { APPLICATION, makeSigner, sshMpint } from './signers.ts';

const namespace = 'test@breakglass';
const message = 'open the account acme-eu, Zoë';
const signers = new Map(SSH_KEY_TYPES.map((type) => [type, makeSigner(type)]));
const ed25519 = makeSigner('ssh-ed25519');
const securityKey = makeSigner('sk-ssh-ed25519@openssh.com');

function signerOf(type: (typeof SSH_KEY_TYPES)[number]) {
  const signer = signers.get(type);
  if (signer === undefined) throw new Error(`no signer of ${type}`);
  return signer;
}

/** Armors bytes of one's own making, as a forger would. */
function armor(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}

function dearmor(signature: string): Buffer {
  return Buffer.from(signature.split('\n').slice(1, -2).join(''), 'base64');
}

/** The bytes of a signature with any of its fields of one's own choosing. */
function wire(
  parsed: SshSignature,
  change: { version?: number; reserved?: string; hash?: string } = {},
): Buffer {
  const { version = 1, reserved = '', hash = parsed.hash } = change;
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    sshUint32(version),
    sshString(parsed.publicKey),
    sshString(parsed.namespace),
    sshString(reserved),
    sshString(hash),
    sshString(parsed.signature),
  ]);
}

describe.each(SSH_KEY_TYPES)('a signature by %s', (type) => {
  const signer = signerOf(type);
  const signature = signer.sign({ message, namespace });

  it.each(['sha256', 'sha512'] as const)('over %s is accepted, and names its key', (hash) => {
    const verdict = verifySshSignature({
      message,
      namespace,
      signature: signer.sign({ message, namespace, hash }),
      keys: [ed25519.key, signer.key],
    });
    expect(verdict).toMatchObject({ ok: true, key: signer.key, hash });
  });

  it('is the same over a text and over its bytes', () => {
    const bytes = new TextEncoder().encode(message);
    expect(verifySshSignature({ message: bytes, namespace, signature, keys: [signer.key] }).ok).toBe(true);
  });

  it('is refused over another message', () => {
    const verdict = verifySshSignature({ message: `${message}.`, namespace, signature, keys: [signer.key] });
    expect(verdict).toMatchObject({ ok: false, reason: 'bad-signature' });
  });

  it('is refused in another namespace', () => {
    const verdict = verifySshSignature({ message, namespace: 'file', signature, keys: [signer.key] });
    expect(verdict).toMatchObject({ ok: false, reason: 'wrong-namespace' });
  });

  it('is refused where its key is not allowed, by name', () => {
    const verdict = verifySshSignature({ message, namespace, signature, keys: [makeSigner(type).key] });
    expect(verdict).toMatchObject({ ok: false, reason: 'unknown-key' });
    expect(verdict).toHaveProperty('message', expect.stringContaining(signer.key.fingerprint));
  });

  it('is refused under another key of its type that it claims to be of', () => {
    const other = makeSigner(type);
    const forged = armorSshSignature({ ...parseSshSignature(signature), publicKey: other.key.blob });
    const verdict = verifySshSignature({ message, namespace, signature: forged, keys: [other.key] });
    expect(verdict).toMatchObject({ ok: false, reason: 'bad-signature' });
  });

  it('is refused with any byte of its text changed', () => {
    const text = Buffer.from(signature, 'latin1');
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, mask) => {
        const changed = Buffer.from(text);
        changed[place] = (text[place] ?? 0) ^ mask;
        const verdict = verifySshSignature({
          message,
          namespace,
          signature: changed.toString('latin1'),
          keys: [signer.key],
        });
        expect(verdict.ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('is refused with any byte inside changed', () => {
    const bytes = dearmor(signature);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, mask) => {
        const changed = Buffer.from(bytes);
        changed[place] = (bytes[place] ?? 0) ^ mask;
        const verdict = verifySshSignature({
          message,
          namespace,
          signature: armor(changed),
          keys: [signer.key],
        });
        expect(verdict.ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('is refused when cut short or made longer', () => {
    const bytes = dearmor(signature);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        const cut = armor(bytes.subarray(0, length));
        expect(verifySshSignature({ message, namespace, signature: cut, keys: [signer.key] })).toMatchObject({
          ok: false,
          reason: 'malformed-signature',
        });
      }),
      { numRuns: 50 },
    );
    const parsed = parseSshSignature(signature);
    const longer = [
      armor(Buffer.concat([bytes, Buffer.alloc(1)])),
      armorSshSignature({ ...parsed, signature: Buffer.concat([parsed.signature, Buffer.alloc(1)]) }),
    ];
    for (const signature of longer) {
      expect(verifySshSignature({ message, namespace, signature, keys: [signer.key] })).toMatchObject({
        ok: false,
        reason: 'malformed-signature',
      });
    }
  });
});

describe('parseSshSignature', () => {
  const signature = ed25519.sign({ message, namespace });

  it('given a signature, takes it apart; armored again, it is the same text', () => {
    const parsed = parseSshSignature(signature);
    expect(parsed).toMatchObject({ namespace, hash: 'sha512' });
    expect(Buffer.compare(parsed.publicKey, ed25519.key.blob)).toBe(0);
    expect(armorSshSignature(parsed)).toBe(signature);
  });

  it('given no final newline, reads it all the same', () => {
    expect(parseSshSignature(signature.trimEnd())).toEqual(parseSshSignature(signature));
  });

  it.each([
    ['white space before it', ` ${signature}`],
    ['a blank line after it', `${signature}\n`],
    ['windows line ends', signature.replaceAll('\n', '\r\n')],
    ['its base64 on one line', signature.replace(/(?<=[A-Za-z0-9+/])\n(?=[A-Za-z0-9+/])/g, '')],
    ['two signatures', signature + signature],
    ['another armor', signature.replaceAll('SSH', 'PGP')],
    ['no base64 at all', '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n'],
    ['an endless text', signature.replace('\n', `\n${'A'.repeat(70)}\n`.repeat(200))],
    ['version 2', armor(wire(parseSshSignature(signature), { version: 2 }))],
    ['a reserved field in use', armor(wire(parseSshSignature(signature), { reserved: 'x' }))],
    ['sha1 as its hash', armor(wire(parseSshSignature(signature), { hash: 'sha1' }))],
    ['an empty namespace', armor(wire({ ...parseSshSignature(signature), namespace: '' }))],
  ])('given %s, refuses', (_, text) => {
    expect(() => parseSshSignature(text)).toThrow(SshSignatureError);
    expect(verifySshSignature({ message, namespace, signature: text, keys: [ed25519.key] })).toMatchObject({
      ok: false,
      reason: 'malformed-signature',
    });
  });

  it('given any text, never fails otherwise than by refusing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array().map(armor)), (text) => {
        const verdict = verifySshSignature({ message, namespace, signature: text, keys: [ed25519.key] });
        expect(verdict).toMatchObject({ ok: false, reason: 'malformed-signature' });
      }),
    );
  });
});

describe('weak algorithms', () => {
  const rsa = signerOf('ssh-rsa');

  it.each(['rsa-sha2-256', 'rsa-sha2-512'])('given rsa with %s, accepts', (algorithm) => {
    const signature = rsa.sign({ message, namespace, algorithm });
    expect(verifySshSignature({ message, namespace, signature, keys: [rsa.key] }).ok).toBe(true);
  });

  it('given rsa with SHA-1, refuses a signature that is right in itself', () => {
    const signature = rsa.sign({ message, namespace, algorithm: 'ssh-rsa' });
    expect(verifySshSignature({ message, namespace, signature, keys: [rsa.key] })).toMatchObject({
      ok: false,
      reason: 'weak-algorithm',
    });
  });

  it('given a signature by an rsa key of 1024 bits, refuses', () => {
    const short = Buffer.concat([
      sshString('ssh-rsa'),
      sshMpint(Buffer.from([1, 0, 1])),
      sshMpint(Buffer.alloc(128, 0xff)),
    ]);
    const parsed = parseSshSignature(rsa.sign({ message, namespace }));
    const signature = armorSshSignature({ ...parsed, publicKey: short });
    expect(verifySshSignature({ message, namespace, signature, keys: [rsa.key] })).toMatchObject({
      ok: false,
      reason: 'weak-algorithm',
    });
  });

  it('given another curve’s algorithm name over a key, refuses', () => {
    const p256 = signerOf('ecdsa-sha2-nistp256');
    const parsed = parseSshSignature(p256.sign({ message, namespace }));
    const value = parsed.signature.subarray(4 + 'ecdsa-sha2-nistp256'.length);
    const renamed = Buffer.concat([sshString('ecdsa-sha2-nistp384'), value]);
    const signature = armorSshSignature({ ...parsed, signature: renamed });
    expect(verifySshSignature({ message, namespace, signature, keys: [p256.key] })).toMatchObject({
      ok: false,
      reason: 'weak-algorithm',
    });
  });

  it('given an ecdsa value of zero, refuses', () => {
    const p256 = signerOf('ecdsa-sha2-nistp256');
    const parsed = parseSshSignature(p256.sign({ message, namespace }));
    const zero = sshString(Buffer.concat([sshString(''), sshString('')]));
    const signature = armorSshSignature({
      ...parsed,
      signature: Buffer.concat([sshString('ecdsa-sha2-nistp256'), zero]),
    });
    expect(verifySshSignature({ message, namespace, signature, keys: [p256.key] })).toMatchObject({
      ok: false,
      reason: 'malformed-signature',
    });
  });
});

describe.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)(
  'a security key of %s',
  (type) => {
    const signer = signerOf(type);

    it('given a touch, is accepted; its counter and verification are read', () => {
      const touched = signer.sign({ message, namespace, flags: 0x01, counter: 4_000_000_000 });
      const verified = signer.sign({ message, namespace, flags: 0x05, counter: 0 });
      expect(
        verifySshSignature({ message, namespace, signature: touched, keys: [signer.key] }),
      ).toMatchObject({
        ok: true,
        securityKey: { counter: 4_000_000_000, isUserVerified: false },
      });
      expect(
        verifySshSignature({ message, namespace, signature: verified, keys: [signer.key] }),
      ).toMatchObject({
        ok: true,
        securityKey: { counter: 0, isUserVerified: true },
      });
    });

    it.each([0x00, 0x04])('given no touch (flags %i), is refused', (flags) => {
      const signature = signer.sign({ message, namespace, flags });
      expect(verifySshSignature({ message, namespace, signature, keys: [signer.key] })).toMatchObject({
        ok: false,
        reason: 'user-presence-missing',
      });
    });

    it('given a touch written in afterwards, is refused as a forgery', () => {
      const parsed = parseSshSignature(signer.sign({ message, namespace, flags: 0x00 }));
      const claimed = Buffer.from(parsed.signature);
      claimed[claimed.length - 5] = 0x01;
      const signature = armorSshSignature({ ...parsed, signature: claimed });
      expect(verifySshSignature({ message, namespace, signature, keys: [signer.key] })).toMatchObject({
        ok: false,
        reason: 'bad-signature',
      });
    });

    it('given its key renamed to another application, is refused', () => {
      const blob = Buffer.from(signer.key.blob);
      const renamed = Buffer.concat([blob.subarray(0, -4 - APPLICATION.length), sshString('ssh:other')]);
      const parsed = parseSshSignature(signer.sign({ message, namespace }));
      const signature = armorSshSignature({ ...parsed, publicKey: renamed });
      expect(verifySshSignature({ message, namespace, signature, keys: [signer.key] })).toMatchObject({
        ok: false,
        reason: 'unknown-key',
      });
      const other = { ...signer.key, blob: renamed };
      expect(verifySshSignature({ message, namespace, signature, keys: [other] })).toMatchObject({
        ok: false,
        reason: 'bad-signature',
      });
    });
  },
);

describe('a plain key', () => {
  it('given a signature without a security key, says nothing of one', () => {
    const signature = ed25519.sign({ message, namespace });
    const verdict = verifySshSignature({ message, namespace, signature, keys: [ed25519.key] });
    expect(verdict).not.toHaveProperty('securityKey');
  });

  it('given a security key’s signature, does not take it for its own', () => {
    const parsed = parseSshSignature(securityKey.sign({ message, namespace }));
    const signature = armorSshSignature({ ...parsed, publicKey: ed25519.key.blob });
    expect(verifySshSignature({ message, namespace, signature, keys: [ed25519.key] })).toMatchObject({
      ok: false,
      reason: 'weak-algorithm',
    });
  });
});
