/** The person's own `ssh-keygen`: it makes keys and signatures, so that private keys never pass through us. */
import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { access, open, readFile } from 'node:fs/promises';

/**
 * - `no-ssh-keygen`: OpenSSH is not installed or not on PATH
 * - `no-such-key`: the key file is not there
 * - `key-exists`: a key would have been overwritten
 * - `no-private-key`: only the public half is there and no agent holds the other
 * - `agent-refused`: the agent or security key said no
 * - `wrong-passphrase`: or none could be asked for
 * - `failed`: anything else, in ssh-keygen's own words
 */
export type SshKeygenFault =
  | 'no-ssh-keygen'
  | 'no-such-key'
  | 'key-exists'
  | 'no-private-key'
  | 'agent-refused'
  | 'wrong-passphrase'
  | 'failed';

/** `ssh-keygen` could not do as asked. */
export class SshKeygenError extends Error {
  override readonly name = 'SshKeygenError';
  readonly reason: SshKeygenFault;
  constructor(reason: SshKeygenFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Signs a message with `ssh-keygen -Y sign`.
 *
 * A passphrase, PIN or touch is asked for on the terminal; without a terminal, by the program in SSH_ASKPASS.
 *
 * @param request.message - a text is taken as UTF-8
 * @param request.keyFile - the private key; or the public one, if an agent holds the private half. Security
 * keys (`sk-`) too
 * @param request.env - by default this process's: SSH_AUTH_SOCK finds the agent
 * @param request.unattended - nobody is to be asked: what needs a passphrase fails, and the signal ends the attempt
 * @returns the armored signature
 * @throws {@link SshKeygenError}
 */
export async function signWithSshKeygen(request: {
  readonly message: Uint8Array | string;
  readonly namespace: string;
  readonly keyFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly unattended?: AbortSignal;
}): Promise<string> {
  const { message, namespace, keyFile, env = process.env, unattended } = request;
  if (!(await exists(keyFile))) throw new SshKeygenError('no-such-key', `no ssh key at ${keyFile}`);
  // -q: it would say of each signature that it signs standard input.
  const args = ['-q', '-Y', 'sign', '-f', keyFile, '-n', namespace];
  // The "touch your key" message is only printed to a terminal, so one is passed on where there is one.
  const isHeard = process.stderr.isTTY && unattended === undefined;
  const stdio: StdioOptions = ['pipe', 'pipe', isHeard ? 'inherit' : 'pipe'];
  const { code, stdout, stderr } = await runSshKeygen(args, {
    stdio,
    env: unattended === undefined ? await promptEnv(env) : { ...env, ...nobodyAnswers },
    input: message,
    ...(unattended === undefined ? {} : { alone: unattended }),
  });
  if (code !== 0) throw failure(`could not sign with ${keyFile}`, stderr);
  return stdout;
}

/**
 * Makes an ed25519 key pair: `file`, mode 0600, and `file.pub`.
 *
 * @param request.passphrase - `ask`: ssh-keygen asks for one on the terminal; `none` (the default): the key lies
 * in the clear and the folder's mode is all that guards it
 * @returns the public key line, without its newline
 * @throws {@link SshKeygenError} `key-exists` if either file is there already
 */
export async function createSshKey(request: {
  readonly file: string;
  readonly comment: string;
  readonly passphrase?: 'ask' | 'none';
}): Promise<{ readonly publicKey: string }> {
  const { file, comment, passphrase = 'none' } = request;
  if ((await exists(file)) || (await exists(`${file}.pub`))) {
    throw new SshKeygenError('key-exists', `there is an ssh key at ${file} already: choose another name`);
  }
  const args = ['-q', '-t', 'ed25519', '-f', file, '-C', comment];
  const stdio: StdioOptions = passphrase === 'ask' ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const all = passphrase === 'ask' ? args : [...args, '-N', ''];
  const { code, stderr } = await runSshKeygen(all, { stdio, env: await promptEnv(process.env) });
  if (code !== 0) throw failure(`could not make a key at ${file}`, stderr);
  return { publicKey: (await readFile(`${file}.pub`, 'utf8')).trimEnd() };
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runSshKeygen(
  args: readonly string[],
  options: {
    stdio: StdioOptions;
    env: NodeJS.ProcessEnv;
    input?: Uint8Array | string;
    /** In a session of its own, which has no terminal to ask on; ended by the signal. */
    alone?: AbortSignal;
  },
): Promise<Outcome> {
  const { stdio, env, input, alone } = options;
  return new Promise((resolve, reject) => {
    const own = alone === undefined ? {} : { detached: true, signal: alone };
    const child = spawn('ssh-keygen', args, { stdio, env, ...own });
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A child that fails early closes its input; its exit code says more than the broken pipe.
    child.stdin?.on('error', () => undefined).end(input);
    child.on('error', () => {
      reject(new SshKeygenError('no-ssh-keygen', 'cannot run ssh-keygen: install OpenSSH and check PATH'));
    });
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * With the message on standard input, OpenSSH would look for a graphical prompt wherever DISPLAY is set, and
 * without one would take the message for the passphrase. Where there is a terminal, it shall use that.
 */
async function promptEnv(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  return { SSH_ASKPASS_REQUIRE: (await hasTerminal()) ? 'never' : 'force', ...env };
}

/** Every prompt goes to a program that says no. */
const nobodyAnswers = { SSH_ASKPASS_REQUIRE: 'force', SSH_ASKPASS: 'false' };

async function hasTerminal(): Promise<boolean> {
  try {
    await (await open('/dev/tty', 'r+')).close();
    return true;
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

/** By OpenSSH's own words, which it does not translate. Where they went to the terminal, the person has read them. */
const FAULTS: readonly (readonly [RegExp, SshKeygenFault, string])[] = [
  [/agent refused operation/, 'agent-refused', 'the agent or security key refused'],
  [/incorrect passphrase/, 'wrong-passphrase', 'wrong passphrase, or no terminal to ask for it'],
  [/No private key found/, 'no-private-key', 'no private key beside it and none in the agent (ssh-add -l)'],
];

function failure(what: string, stderr: string): SshKeygenError {
  for (const [pattern, reason, why] of FAULTS) {
    if (pattern.test(stderr)) return new SshKeygenError(reason, `${what}: ${why}`);
  }
  const words = stderr.trim().split('\n').slice(-3).join('; ').slice(0, 300);
  return new SshKeygenError('failed', `${what}: ${words === '' ? 'see what ssh-keygen printed' : words}`);
}
