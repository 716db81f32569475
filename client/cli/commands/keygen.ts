import { access, chmod, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { createSshKey, SshKeygenError } from '../../../adapters/ssh/sign.ts';
import { createAgeIdentity } from '../ageKey.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';

interface Options {
  readonly person: string;
  readonly sshKey?: string;
  readonly ageIdentity?: string;
  /** False for `--no-passphrase`. */
  readonly passphrase: boolean;
}

/** `breakglass keygen`: an SSH key to sign with, an age identity to be sealed to. */
export const addKeygen: AddCommand = (program, { home, out, now }) => {
  const command = program
    .command('keygen')
    .description('make an SSH key and an age identity, and print what the config says about you')
    .option('--person <person>', 'your name in the config', 'YOU')
    .option('--ssh-key <file>', 'where the SSH key goes (default: in BREAKGLASS_HOME)')
    .option('--age-identity <file>', 'where the age identity goes (default: in BREAKGLASS_HOME)')
    .option('--no-passphrase', 'leave the SSH key without a passphrase')
    .action(async (options: Options) => {
      const sshKey = resolve(options.sshKey ?? home.path('id_ed25519'));
      const ageIdentity = resolve(options.ageIdentity ?? home.path('age-identity.txt'));
      if (options.passphrase && !out.canAsk) throw usage('no terminal to ask on: give --no-passphrase');
      if (await exists(ageIdentity)) throw usage(`there is a file ${ageIdentity} already`);
      for (const file of [sshKey, ageIdentity]) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const line = await makeSshKey(sshKey, options);
      const recipient = await createAgeIdentity(ageIdentity, now());
      const person = { sshKeys: [line], ageRecipient: recipient };
      out.data(
        { person: options.person, ...person, files: { sshKey, ageIdentity } },
        stringify({ people: { [options.person]: person } }, { lineWidth: 0 }).trimEnd(),
      );
      out.say(`${sshKey} and ${ageIdentity} are yours alone: keep copies where only you can reach them`);
      out.next(`breakglass init --person ${options.person} --api URL --ssh-key ${sshKey}`);
    });
  withExamples(
    command,
    'keygen --person ana',
    'keygen --person ana --no-passphrase --ssh-key ana.key --age-identity ana.age',
  );
};

const makeSshKey = async (file: string, { person, passphrase }: Options): Promise<string> => {
  try {
    const { publicKey } = await createSshKey({
      file,
      comment: `${person}@breakglass`,
      passphrase: passphrase ? 'ask' : 'none',
    });
    await chmod(file, 0o600);
    return publicKey;
  } catch (error) {
    if (!(error instanceof SshKeygenError)) throw error;
    throw new CliError(
      error.reason === 'failed' ? exits.unexpected : exits.usage,
      error.reason,
      error.message,
    );
  }
};

const exists = async (file: string): Promise<boolean> => {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
};
