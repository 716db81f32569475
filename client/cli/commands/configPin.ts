import type { SignedConfig } from '../../../core/contracts/http.ts';
import type { Digest } from '../../../core/contracts/ids.ts';
import { verifyConfigChain } from '../../../core/trust/configChain.ts';
import { configDigest } from '../../../core/trust/configFile.ts';
import { sayChanges } from '../configChanges.ts';
import { orderBundles, pinForward, readBundle, readPinned, savePin, type Pinned } from '../configPin.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';
import { readNamed, type Home } from '../home.ts';

/** `breakglass config pin`. */
export const addConfigPin: AddCommand = (config, { out, home }) => {
  const command = config
    .command('pin')
    .description('make this machine rely on a chain of configs; afterwards it only moves forward along it')
    .argument('<bundle...>', 'signed configs, in any order')
    .option('--digest <digest>', 'refuse any other config than this one as the last')
    .action(async (files: readonly string[], options: { readonly digest?: string }) => {
      const bundles: SignedConfig[] = [];
      for (const file of files) bundles.push(readBundle(await readNamed(file), file));
      const before = await readPinned(home);
      const digest = await pin(home, before, bundles, options.digest);
      const after = await readPinned(home);
      if (before !== null && after !== null && digest !== before.current.digest)
        sayChanges(out, before.current.config, after.current.config);
      out.data({ digest, before: before?.current.digest ?? null }, digest);
      if (before === null)
        out.say('compare this digest with your colleagues’, over another channel than the file came by');
      out.next('breakglass status');
    });
  withExamples(command, 'config pin 0001.json', 'config pin 0001.json 0002.json --digest 9f86d081884c7d65');
};

const refuse = (why: string): CliError => new CliError(exits.machineRefused, 'unknown-config', why);

const pin = async (
  home: Home,
  before: Pinned | null,
  bundles: readonly SignedConfig[],
  wanted: string | undefined,
): Promise<Digest> => {
  const chain = orderBundles([...(before?.chain ?? []), ...bundles]);
  const last = chain?.at(-1);
  if (chain === null || last === undefined)
    throw refuse(
      before === null
        ? 'the bundles are no single chain: give each config from the first one on'
        : `the bundles do not lead on from the config pinned here (${before.current.digest.slice(0, 12)})`,
    );
  const digest = configDigest(last.yaml);
  if (wanted !== undefined && wanted !== digest) throw refuse(`the last config is ${digest}, not ${wanted}`);
  if (before !== null) return (await pinForward(home, before, chain)).current.digest;
  return pinFirst(home, chain, wanted !== undefined);
};

const pinFirst = async (home: Home, chain: readonly SignedConfig[], isTold: boolean): Promise<Digest> => {
  const [first] = chain;
  const last = chain.at(-1);
  if (first === undefined || last === undefined) throw usage('no bundle given');
  const isWhole = first.previous === null;
  // Without its ceremony a chain rests on nothing but the digest that the person was told.
  if (!isWhole && !isTold)
    throw usage('the chain does not begin with the first config: add it, or give --digest');
  const kept = isWhole ? chain : [last];
  const verified = verifyConfigChain(kept, configDigest((isWhole ? first : last).yaml));
  if (!verified.ok) throw refuse(verified.why);
  await savePin(home, kept, verified.current.digest);
  return verified.current.digest;
};
