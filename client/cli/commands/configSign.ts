import { canonicalize, CanonicalError, parseCanonical } from '../../../core/contracts/canonical.ts';
import type { Config } from '../../../core/contracts/config.ts';
import type { SignedConfig } from '../../../core/contracts/http.ts';
import { configAcceptance, namespaces, type Envelope } from '../../../core/contracts/statements.ts';
import { acceptedBy, CONFIG_SIGNERS } from '../../../core/trust/configChain.ts';
import { configDigest, parseConfigText, readConfigText } from '../../../core/trust/configFile.ts';
import { sayChanges } from '../configChanges.ts';
import { readBundle } from '../configPin.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';
import { readNamed, writePrivately } from '../home.ts';
import { signText } from '../sign.ts';
import { randomHex } from '../surroundings.ts';

/** `breakglass config sign`: the first one is the ceremony, each later one follows a bundle in force. */
export const addConfigSign: AddCommand = (config, context) => {
  const { out, home, surroundings } = context;
  const command = config
    .command('sign')
    .description('accept a config with your signature; two admins of the one before it put it in force')
    .argument('<file>', 'YAML')
    .option('--previous <bundle>', 'the bundle in force (without it: the first ceremony)')
    .requiredOption('--out <bundle>', 'the bundle to make, or to add your signature to')
    .action(async (file: string, options: { readonly previous?: string; readonly out: string }) => {
      const yaml = await readNamed(file);
      const parsed = parseConfigText(yaml);
      if (!parsed.ok)
        throw new CliError(
          exits.refused,
          'invalid-config',
          `${file} has errors`,
          `breakglass config check ${file}`,
        );
      const before =
        options.previous === undefined
          ? null
          : readBundle(await readNamed(options.previous), options.previous);
      const previous = before === null ? null : configDigest(before.yaml);
      const bundle = await startedBundle(options.out, { yaml, previous, signatures: [] });
      const { person, sshKey } = await home.profile();
      const judge = before === null ? parsed.config : configOf(before, options.previous ?? '');
      if (before !== null) sayChanges(out, judge, parsed.config);
      const statement = configAcceptance.parse({
        ...{ type: 'config', v: 1, by: person, digest: parsed.digest, previous },
        nonce: randomHex(surroundings, 16),
        signedAt: context.now(),
      });
      const mine = await signText(canonicalize(statement), namespaces.decision, sshKey);
      const others = bundle.signatures.filter((each) => signerOf(each) !== person);
      const signed = { ...bundle, signatures: [...others, mine] };
      await writePrivately(options.out, `${JSON.stringify(signed, null, 2)}\n`);

      const { people, faults } = acceptedBy(signed, parsed.digest, judge);
      for (const fault of faults) out.warn(`a signature does not count: ${fault}`);
      const isInForce = people.length >= CONFIG_SIGNERS;
      out.data({ digest: parsed.digest, bundle: options.out, acceptedBy: people, isInForce }, parsed.digest);
      out.say(
        `accepted by ${people.length} of ${CONFIG_SIGNERS} admins: ${people.join(', ') || 'nobody yet'}`,
      );
      out.next(
        isInForce
          ? `breakglass config pin ${options.out}`
          : `another admin: breakglass config sign ${file} --out ${options.out}`,
      );
    });
  withExamples(
    command,
    'config sign organisation.yaml --out 0001.json',
    'config sign organisation.yaml --previous 0001.json --out 0002.json',
  );
};

const configOf = (bundle: SignedConfig, name: string): Config => {
  const read = readConfigText(bundle.yaml);
  if (read.ok) return read.config;
  throw usage(`${name} holds a config that cannot be read`);
};

/** The bundle others have signed already, or the empty one. @throws CliError if it is of another config */
const startedBundle = async (file: string, empty: SignedConfig): Promise<SignedConfig> => {
  let text: string;
  try {
    text = await readNamed(file);
  } catch (error) {
    if (error instanceof CliError) return empty;
    throw error;
  }
  const bundle = readBundle(text, file);
  if (bundle.yaml !== empty.yaml) throw usage(`${file} is about another config: give another --out`);
  if (bundle.previous !== empty.previous)
    throw usage(`${file} follows another config: give the same --previous`);
  return bundle;
};

/** Who an acceptance says it is from; null if it is none. */
const signerOf = ({ statement }: Envelope): string | null => {
  try {
    const parsed = configAcceptance.safeParse(parseCanonical(statement));
    return parsed.success ? parsed.data.by : null;
  } catch (error) {
    if (error instanceof CanonicalError) return null;
    throw error;
  }
};
