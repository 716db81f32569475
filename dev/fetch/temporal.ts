import type { Progress } from '../cache.ts';
import { runCommand } from '../command.ts';
import { platformWord, type PublishedSum, type Release } from './download.ts';
import { missingGo, runGo } from './go.ts';
import { obtain } from './obtain.ts';

/** The command line that brings the server 1.29.1; newer tags do not build with `go install`. */
const VERSION = '1.5.1';
export const temporalVersion: string = VERSION;
const RELEASE = `https://github.com/temporalio/cli/releases/download/v${VERSION}`;
const MODULE = 'github.com/temporalio/cli';

// Written down by two independent package collections; an archive with another sum is not used.
const SUMS: Readonly<Record<string, string>> = {
  linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};

/**
 * The path of a `temporal` program, which is also the real server for development: from
 * `BREAKGLASS_TEMPORAL_BIN`, the cache, PATH, the official release, or built with Go.
 *
 * @throws one line saying what is missing and what to do
 */
export function temporalBinary(progress: Progress): Promise<string> {
  return obtain(
    {
      name: 'temporal',
      version: VERSION,
      variable: 'BREAKGLASS_TEMPORAL_BIN',
      executable: 'temporal',
      isLookedForOnPath: true,
      versionOf: async (path) => {
        const printed = await runCommand(path, ['--version'], { timeoutMs: 30_000 });
        return /^temporal version (\S+)/.exec(printed)?.[1] ?? 'unknown';
      },
      release: release(),
      build: {
        doing: 'building from source with Go, about 3 minutes',
        missing: missingGo,
        make: async (work, out) => {
          const version = `-s -w -X ${MODULE}/temporalcli.Version=${VERSION}`;
          await runGo(['install', '-ldflags', version, `${MODULE}/cmd/temporal@v${VERSION}`], {
            cwd: work,
            bin: out,
          });
        },
      },
    },
    progress,
  );
}

function release(): Release | undefined {
  const word = platformWord({
    'linux-x64': 'linux_amd64',
    'linux-arm64': 'linux_arm64',
    'darwin-x64': 'darwin_amd64',
    'darwin-arm64': 'darwin_arm64',
  });
  if (word === undefined) return undefined;
  const pinned = SUMS[word];
  const sum: PublishedSum =
    pinned === undefined
      ? { kind: 'checksums', url: `${RELEASE}/checksums.txt` }
      : { kind: 'pinned', sha256: pinned };
  return { url: `${RELEASE}/temporal_cli_${VERSION}_${word}.tar.gz`, member: 'temporal', sum };
}
