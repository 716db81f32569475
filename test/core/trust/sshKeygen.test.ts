/** Against the real `ssh-keygen` and `ssh-agent`, both ways. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSshKey, signWithSshKeygen, SshKeygenError } from '../../../adapters/ssh/sign.ts';
import { parseSshPublicKey, SSH_KEY_TYPES } from '../../../core/trust/sshKeys.ts';
import type { SshPublicKey } from '../../../core/trust/sshKeys.ts';
import { parseSshSignature, verifySshSignature } from '../../../core/trust/sshsig.ts';
import { makeSigner } from './signers.ts';

// Making RSA keys takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);
const namespace = 'test@breakglass';
const message = 'open the account acme-eu, Zoë\n';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'breakglass-ssh-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const inFolder = (name: string): string => path.join(folder, name);

async function keygen(name: string, ...args: string[]): Promise<{ file: string; key: SshPublicKey }> {
  const file = inFolder(name);
  await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', file, ...args]);
  return { file, key: parseSshPublicKey(await readFile(`${file}.pub`, 'utf8')) };
}

/** What `ssh-keygen -Y verify` thinks; its exit code is the verdict. */
async function opensshAccepts(signature: string, signerLine: string, said = message): Promise<boolean> {
  await writeFile(inFolder('allowed'), `zoe ${signerLine}\n`);
  await writeFile(inFolder('message.sig'), signature);
  const args = ['-Y', 'verify', '-f', inFolder('allowed'), '-I', 'zoe', '-n', namespace];
  const child = spawn('ssh-keygen', [...args, '-s', inFolder('message.sig')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(said);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve(code === 0);
    });
  });
}

describe.each([
  ['ed25519', ['-t', 'ed25519']],
  ['ecdsa256', ['-t', 'ecdsa', '-b', '256']],
  ['ecdsa384', ['-t', 'ecdsa', '-b', '384']],
  ['ecdsa521', ['-t', 'ecdsa', '-b', '521']],
  ['rsa2048', ['-t', 'rsa', '-b', '2048']],
  ['rsa3072', ['-t', 'rsa', '-b', '3072']],
])('a key of ssh-keygen, %s', (name, args) => {
  it('given its public line, has the fingerprint that ssh-keygen prints', async () => {
    const { file, key } = await keygen(name, ...args);
    const { stdout } = await run('ssh-keygen', ['-l', '-f', file]);
    expect(stdout.split(' ')[1]).toBe(key.fingerprint);
    expect(key.comment).toBe(name);
  });

  it('given its signature, is accepted here, and refused over another message', async () => {
    const { file, key } = await keygen(`${name}-signs`, ...args);
    const signature = await signWithSshKeygen({ message, namespace, keyFile: file });
    expect(verifySshSignature({ message, namespace, signature, keys: [key] })).toMatchObject({
      ok: true,
      key,
    });
    expect(verifySshSignature({ message: 'no', namespace, signature, keys: [key] })).toMatchObject({
      ok: false,
      reason: 'bad-signature',
    });
  });

  it('given its signature over sha256, is accepted here', async () => {
    const { file, key } = await keygen(`${name}-sha256`, ...args);
    await writeFile(inFolder('message'), message);
    await rm(inFolder('message.sig'), { force: true });
    const how = ['-Y', 'sign', '-O', 'hashalg=sha256', '-n', namespace];
    await run('ssh-keygen', [...how, '-f', file, inFolder('message')]);
    const signature = await readFile(inFolder('message.sig'), 'utf8');
    expect(parseSshSignature(signature).hash).toBe('sha256');
    expect(verifySshSignature({ message, namespace, signature, keys: [key] }).ok).toBe(true);
  });
});

describe.each(SSH_KEY_TYPES)('a signature made here by %s', (type) => {
  it('is accepted by ssh-keygen, and refused by it over another message', async () => {
    const signer = makeSigner(type);
    const signature = signer.sign({ message, namespace });
    expect(await opensshAccepts(signature, signer.line)).toBe(true);
    expect(await opensshAccepts(signature, signer.line, 'no')).toBe(false);
  });
});

describe('createSshKey', () => {
  it('given a free name, makes a key that signs, readable by its owner alone', async () => {
    const file = inFolder('made');
    const { publicKey } = await createSshKey({ file, comment: 'made here' });
    const key = parseSshPublicKey(publicKey);
    expect(key).toMatchObject({ type: 'ssh-ed25519', comment: 'made here' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const signature = await signWithSshKeygen({ message, namespace, keyFile: file });
    expect(verifySshSignature({ message, namespace, signature, keys: [key] }).ok).toBe(true);
  });

  it('given a name in use, refuses and leaves the key as it was', async () => {
    const { file } = await keygen('in-use', '-t', 'ed25519');
    const before = await readFile(file, 'utf8');
    await expect(createSshKey({ file, comment: 'again' })).rejects.toMatchObject({ reason: 'key-exists' });
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('given a folder that is not there, says so in the words of ssh-keygen', async () => {
    const making = createSshKey({ file: inFolder('none/key'), comment: 'x' });
    await expect(making).rejects.toMatchObject({ reason: 'failed' });
    await expect(making).rejects.toThrow('No such file or directory');
  });
});

describe('signWithSshKeygen', () => {
  it('given no such key, says so', async () => {
    const signing = signWithSshKeygen({ message, namespace, keyFile: inFolder('nobody') });
    await expect(signing).rejects.toThrow(SshKeygenError);
    await expect(signing).rejects.toMatchObject({ reason: 'no-such-key' });
  });

  it('given no ssh-keygen on PATH, says so', async () => {
    const { file } = await keygen('no-path', '-t', 'ed25519');
    const signing = signWithSshKeygen({ message, namespace, keyFile: file, env: { PATH: folder } });
    await expect(signing).rejects.toMatchObject({ reason: 'no-ssh-keygen' });
  });

  it('given a passphrase, asks the program in SSH_ASKPASS', async () => {
    const { file, key } = await keygen('locked', '-t', 'ed25519');
    const passphrase = 'only for this test';
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', passphrase, '-f', file]);
    const askpass = inFolder('askpass');
    await writeFile(askpass, `#!/bin/sh\necho '${passphrase}'\n`);
    await chmod(askpass, 0o700);
    const env = { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
    const signature = await signWithSshKeygen({ message, namespace, keyFile: file, env });
    expect(verifySshSignature({ message, namespace, signature, keys: [key] }).ok).toBe(true);

    await writeFile(askpass, '#!/bin/sh\necho wrong\n');
    await expect(signWithSshKeygen({ message, namespace, keyFile: file, env })).rejects.toMatchObject({
      reason: 'wrong-passphrase',
    });
  });

  describe('with an agent', () => {
    let agent: ReturnType<typeof spawn> | undefined;
    let env: NodeJS.ProcessEnv = {};
    beforeAll(async () => {
      env = { ...process.env, SSH_AUTH_SOCK: inFolder('agent.sock') };
      agent = spawn('ssh-agent', ['-D', '-a', inFolder('agent.sock')], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, SSH_ASKPASS: '/bin/false', SSH_ASKPASS_REQUIRE: 'force' },
      });
      if (agent.stdout !== null) await once(agent.stdout, 'data');
    });
    afterAll(() => {
      agent?.kill();
    });

    it('given the public key of a private key that the agent holds, signs', async () => {
      const { file, key } = await keygen('in-agent', '-t', 'ed25519');
      await run('ssh-add', ['-q', file], { env });
      await rename(file, `${file}.away`);
      const signature = await signWithSshKeygen({ message, namespace, keyFile: `${file}.pub`, env });
      expect(verifySshSignature({ message, namespace, signature, keys: [key] }).ok).toBe(true);
    });

    it('given an agent that refuses, says so', async () => {
      const { file } = await keygen('asks-first', '-t', 'ed25519');
      // With -c the agent asks its own SSH_ASKPASS before each use; here that always says no.
      await run('ssh-add', ['-q', '-c', file], { env });
      await rename(file, `${file}.away`);
      const signing = signWithSshKeygen({ message, namespace, keyFile: `${file}.pub`, env });
      await expect(signing).rejects.toMatchObject({ reason: 'agent-refused' });
    });

    it('given a key the agent does not hold, says so', async () => {
      const { file } = await keygen('not-in-agent', '-t', 'ed25519');
      await rename(file, `${file}.away`);
      const signing = signWithSshKeygen({ message, namespace, keyFile: `${file}.pub`, env });
      await expect(signing).rejects.toMatchObject({ reason: 'no-private-key' });
    });
  });
});
