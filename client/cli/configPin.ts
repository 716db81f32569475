/** The chain of configs this machine has accepted, and the digest it holds fast to. */
import { configAnswer, signedConfig, type SignedConfig } from '../../core/contracts/http.ts';
import { digest as digestSchema, type Digest } from '../../core/contracts/ids.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { configDigest, type KnownConfig } from '../../core/trust/configFile.ts';
import type { Api } from './api.ts';
import { CliError, exits, MachineRefusal, usage } from './exits.ts';
import { parseJson, type Home } from './home.ts';
import { oneLine } from './printable.ts';

/** The configs this machine relies on. */
export interface Trust {
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly current: KnownConfig;
}

export interface Pinned extends Trust {
  readonly chain: readonly SignedConfig[];
}

/** What this machine has pinned, or null before the first time. @throws CliError if its own files are damaged */
export const readPinned = async (home: Home): Promise<Pinned | null> => {
  const pin = await home.read('config/pin');
  if (pin === null) return null;
  const names = (await home.list('config')).filter((name) => /^\d{4}\.json$/.test(name));
  const chain: SignedConfig[] = [];
  for (const name of names) chain.push(readBundle((await home.read(`config/${name}`)) ?? '', name));
  const digest = digestSchema.safeParse(pin.trim());
  const verified = digest.success ? verifyConfigChain(chain, digest.data) : null;
  if (verified?.ok === true) return { chain, configs: verified.configs, current: verified.current };
  throw new CliError(
    exits.machineRefused,
    'damaged-config',
    `the pinned config in ${home.path('config')} does not hold: ${verified?.why ?? 'pin is no digest'}`,
  );
};

/** What this machine has pinned. @throws CliError `usage` before the first time */
export const requirePinned = async (home: Home): Promise<Pinned> => {
  const pinned = await readPinned(home);
  if (pinned === null)
    throw usage('this machine has pinned no config yet', 'breakglass config pin BUNDLE...');
  return pinned;
};

/**
 * Pins a chain that continues what is pinned; forward only.
 *
 * @returns the trust that holds from now on
 * @throws MachineRefusal if the chain does not lead on from this machine's pin
 */
export const pinForward = async (
  home: Home,
  pinned: Pinned,
  chain: readonly SignedConfig[],
): Promise<Trust> => {
  const at = chain.findIndex(({ yaml }) => configDigest(yaml) === pinned.current.digest);
  if (at === -1)
    throw new MachineRefusal(
      'unknown-config',
      `the chain shown does not hold the config pinned here (${pinned.current.digest.slice(0, 12)}): it is older, or another one`,
    );
  // What this machine verified itself stays as it is; only what follows its pin is taken over.
  const longer = [...pinned.chain, ...chain.slice(at + 1)];
  const verified = verifyConfigChain(longer, pinned.current.digest);
  if (!verified.ok)
    throw new MachineRefusal(
      'unknown-config',
      `the chain shown does not lead on from the config pinned here: ${oneLine(verified.why)}`,
    );
  if (verified.current.digest !== pinned.current.digest) await savePin(home, longer, verified.current.digest);
  return { configs: verified.configs, current: verified.current };
};

/** Fetches the config in force and pins it forward. @throws MachineRefusal */
export const followConfig = async (home: Home, api: Api): Promise<Trust> => {
  const pinned = await requirePinned(home);
  const { chain } = await api.get('/v1/config', configAnswer);
  return pinForward(home, pinned, chain);
};

/** Keeps a chain and its last digest. Files first, pin last: in between, the old pin still verifies. */
export const savePin = async (home: Home, chain: readonly SignedConfig[], digest: Digest): Promise<void> => {
  for (const [index, signed] of chain.entries()) {
    await home.write(`config/${bundleName(index)}`, `${JSON.stringify(signed, null, 2)}\n`);
  }
  await home.write('config/pin', `${digest}\n`);
};

const bundleName = (index: number): string => `${String(index + 1).padStart(4, '0')}.json`;

/** A signed config from a bundle's text. @throws CliError `usage` */
export const readBundle = (text: string, name: string): SignedConfig => {
  const parsed = signedConfig.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw usage(`${name} is no signed config (breakglass config sign makes one)`);
};

/** Bundles as one chain, oldest first, each config once; null if they are none. */
export const orderBundles = (bundles: readonly SignedConfig[]): SignedConfig[] | null => {
  const byDigest = new Map<Digest, SignedConfig>();
  for (const bundle of bundles) {
    const digest = configDigest(bundle.yaml);
    if (!byDigest.has(digest)) byDigest.set(digest, bundle);
  }
  const rest = new Set(byDigest.values());
  const ordered: SignedConfig[] = [];
  let next = [...rest].find(({ previous }) => previous === null || !byDigest.has(previous));
  while (next !== undefined) {
    ordered.push(next);
    rest.delete(next);
    const digest = configDigest(next.yaml);
    next = [...rest].find(({ previous }) => previous === digest);
  }
  return rest.size === 0 ? ordered : null;
};
