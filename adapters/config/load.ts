/** The chain of signed configs as it lies on this machine's own disk; Postgres and Temporal are not asked. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { signedConfig, type SignedConfig } from '../../core/contracts/http.ts';
import type { Digest } from '../../core/contracts/ids.ts';
import { verifyConfigChain, type KnownConfig } from '../../core/trust/configChain.ts';

/** Configs that may be relied on, and the chain they were verified from. */
export interface LoadedConfigs {
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly current: KnownConfig;
  /** Oldest first, as the files hold it. */
  readonly chain: readonly SignedConfig[];
}

/** The folder holds no chain that can be relied on. */
export class ConfigFolderError extends Error {
  override readonly name = 'ConfigFolderError';
}

/** Longer than any file `signedConfig` allows. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads `0001.json`, `0002.json`, … and verifies them from the pinned digest.
 *
 * Give the same function to everybody who asks for configs: it reads again only when the folder has changed.
 * A change that cannot be read or verified leaves the configs that were in force.
 *
 * @param where.configDir - the folder; other names in it are left alone
 * @param where.configPin - digest of a config this process trusts
 * @param onRefused - told why a changed folder was not taken, once a change
 * @returns a function that gives the configs in force now
 * @throws {@link ConfigFolderError} if there is nothing to start from
 */
export function loadConfigs(
  where: { readonly configDir: string; readonly configPin: Digest },
  onRefused: (why: string) => void = () => undefined,
): () => LoadedConfigs {
  let stamp = stampOf(where.configDir);
  let loaded = read(where);
  let told = '';
  return () => {
    try {
      const seen = stampOf(where.configDir);
      if (seen === stamp) return loaded;
      stamp = seen;
      const next = read(where);
      // Going back to an older config would bring back people who have left.
      if (next.configs.has(loaded.current.digest)) loaded = next;
      else onRefused(`${where.configDir} no longer holds the config in force; keeping it`);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'the config folder cannot be read';
      if (why !== told) onRefused(why);
      told = why;
    }
    return loaded;
  };
}

function stampOf(folder: string): string {
  // A file written in place leaves its folder's time alone.
  return filesOf(folder)
    .map((name) => {
      const { mtimeMs, size, ino } = statSync(join(folder, name));
      return `${name} ${mtimeMs} ${size} ${ino}`;
    })
    .join('\n');
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d{4}\.json$/.test(name))
      .sort();
  } catch {
    throw new ConfigFolderError(`cannot read the config folder ${folder}`);
  }
}

function read({ configDir, configPin }: { configDir: string; configPin: Digest }): LoadedConfigs {
  const chain = filesOf(configDir).map((name) => readSigned(join(configDir, name)));
  if (chain.length === 0) throw new ConfigFolderError(`${configDir} holds no signed config (0001.json)`);
  const verified = verifyConfigChain(chain, configPin);
  if (!verified.ok) throw new ConfigFolderError(`${configDir}: ${verified.why}`);
  return { configs: verified.configs, current: verified.current, chain };
}

function readSigned(file: string): SignedConfig {
  if (statSync(file).size > MAX_BYTES)
    throw new ConfigFolderError(`${file} is longer than any signed config`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ConfigFolderError(`${file} is not JSON`);
  }
  const parsed = signedConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigFolderError(
    `${file} is no signed config: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}
