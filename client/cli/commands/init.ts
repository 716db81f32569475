import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { personId } from '../../../core/contracts/ids.ts';
import { readAddress } from '../address.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { notFound, usage } from '../exits.ts';
import { parseJson, profile as profileSchema, type Home } from '../home.ts';

interface Options {
  readonly person: string;
  readonly api: string;
  readonly sshKey?: string;
  readonly ageIdentity?: string;
  readonly kratos?: string;
  readonly force?: boolean;
}

/** `breakglass init`: who this machine acts for, and where. */
export const addInit: AddCommand = (program, { home, out }) => {
  const command = program
    .command('init')
    .description('write this machine’s profile: who you are, the api, your keys')
    .requiredOption('--person <person>', 'your name in the config')
    .requiredOption('--api <url>', 'the api’s address, as in the config’s origin')
    .option('--ssh-key <file>', 'the key you sign with (or its .pub, if an agent holds it)')
    .option('--age-identity <file>', 'your age identity')
    .option('--kratos <url>', 'where Kratos lets people log in (for open --login and end)')
    .option('--force', 'replace another person’s profile')
    .action(async (options: Options) => {
      const person = personId.safeParse(options.person);
      if (!person.success) throw usage(`--person ${options.person}: lower-case letters, digits and hyphens`);
      await assertSamePerson(home, person.data, options.force === true);
      const profile = profileSchema.parse({
        person: person.data,
        api: readAddress('--api', options.api),
        sshKey: await existing('--ssh-key', options.sshKey ?? home.path('id_ed25519')),
        ageIdentity: await existing('--age-identity', options.ageIdentity ?? home.path('age-identity.txt')),
        ...(options.kratos === undefined ? {} : { kratos: readAddress('--kratos', options.kratos) }),
      });
      await home.write('profile.json', `${JSON.stringify(profile, null, 2)}\n`);
      out.data(profile, home.path('profile.json'));
      out.next('breakglass config pin BUNDLE...');
    });
  withExamples(
    command,
    'init --person ana --api https://breakglass.acme.example',
    'init --person ana --api https://breakglass.acme.example --ssh-key ana.key --age-identity ana.age',
  );
};

const existing = async (flag: string, file: string): Promise<string> => {
  const full = resolve(file);
  try {
    await access(full);
    return full;
  } catch {
    throw notFound(`${flag}: there is no file ${full}`, 'breakglass keygen');
  }
};

const assertSamePerson = async (home: Home, person: string, isForced: boolean): Promise<void> => {
  const text = await home.read('profile.json');
  const before = text === null ? null : profileSchema.safeParse(parseJson(text));
  if (before?.success === true && before.data.person !== person && !isForced)
    throw usage(`${home.dir} is ${before.data.person}’s: set BREAKGLASS_HOME, or give --force`);
};
