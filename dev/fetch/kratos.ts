import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../cache.ts';
import { runCommand } from '../command.ts';
import { platformWord, type Release } from './download.ts';
import { missingGo, runGo } from './go.ts';
import { obtain } from './obtain.ts';

const VERSION = '1.3.1';
export const kratosVersion: string = VERSION;
const RELEASE = `https://github.com/ory/kratos/releases/download/v${VERSION}`;
const MODULE = 'github.com/ory/kratos';

// `go install` refuses a module whose go.mod replaces others. These are the lines of Kratos's own go.mod, less
// the one that points into its repository, which the server does not need.
const GO_MOD = `module breakglass.invalid/kratos

go 1.23

require ${MODULE} v${VERSION}

replace (
	github.com/go-swagger/go-swagger => github.com/aeneasr/go-swagger v0.19.1-0.20241013070044-bccef3a12e26
	github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.0
	github.com/gorilla/sessions => github.com/ory/sessions v1.2.2-0.20220110165800-b09c17334dc2
	github.com/mattn/go-sqlite3 => github.com/mattn/go-sqlite3 v1.14.22
)
`;

/**
 * The path of an Ory Kratos program: from `BREAKGLASS_KRATOS_BIN`, the cache, PATH, the official release, or
 * built with Go (without SQLite, which would ask for a C compiler).
 *
 * @throws one line saying what is missing and what to do
 */
export function kratosBinary(progress: Progress): Promise<string> {
  return obtain(
    {
      name: 'kratos',
      version: VERSION,
      variable: 'BREAKGLASS_KRATOS_BIN',
      executable: 'kratos',
      isLookedForOnPath: true,
      versionOf: async (path) => {
        const printed = await runCommand(path, ['version'], { timeoutMs: 30_000 });
        return /^Version:\s+v?(\S+)/m.exec(printed)?.[1] ?? 'unknown';
      },
      release: release(),
      build: {
        doing: 'building from source with Go, about 1 minute',
        missing: missingGo,
        make: async (work, out) => {
          await writeFile(join(work, 'go.mod'), GO_MOD);
          const version = `-s -w -X ${MODULE}/driver/config.Version=v${VERSION}`;
          const args = ['build', '-mod=mod', '-ldflags', version, '-o', join(out, 'kratos'), MODULE];
          await runGo(args, { cwd: work, bin: out });
        },
      },
    },
    progress,
  );
}

function release(): Release | undefined {
  const word = platformWord({
    'linux-x64': 'linux_64bit',
    'linux-arm64': 'linux_arm64',
    'darwin-x64': 'macOS_64bit',
    'darwin-arm64': 'macOS_arm64',
  });
  if (word === undefined) return undefined;
  return {
    url: `${RELEASE}/kratos_${VERSION}-${word}.tar.gz`,
    member: 'kratos',
    sum: { kind: 'checksums', url: `${RELEASE}/checksums.txt` },
  };
}
