import type { Progress } from '../cache.ts';
import { runCommand } from '../command.ts';
import { platformWord, type Release } from './download.ts';
import { missingGo, runGo } from './go.ts';
import { obtain } from './obtain.ts';

const VERSION = '1.8.0';
const RELEASE = `https://github.com/versity/versitygw/releases/download/v${VERSION}`;
const MODULE = 'github.com/versity/versitygw';

/**
 * The path of a Versity S3 gateway, an S3 on a folder that keeps Object Lock: from `BREAKGLASS_VERSITYGW_BIN`, the
 * cache, PATH, the official release, or built with Go. Only a test needs it.
 *
 * @throws one line saying what is missing and what to do
 */
export function versitygwBinary(progress: Progress): Promise<string> {
  return obtain(
    {
      name: 'versitygw',
      version: VERSION,
      variable: 'BREAKGLASS_VERSITYGW_BIN',
      executable: 'versitygw',
      isLookedForOnPath: true,
      versionOf: async (path) => {
        const printed = await runCommand(path, ['--version'], { timeoutMs: 30_000 });
        return /^Version\s*:\s*v?(\S+)/m.exec(printed)?.[1] ?? 'unknown';
      },
      release: release(),
      build: {
        doing: 'building from source with Go, about 1 minute',
        missing: missingGo,
        make: async (work, out) => {
          const version = `-s -w -X=main.Version=${VERSION}`;
          const args = ['install', '-ldflags', version, `${MODULE}/cmd/versitygw@v${VERSION}`];
          await runGo(args, { cwd: work, bin: out });
        },
      },
    },
    progress,
  );
}

function release(): Release | undefined {
  const word = platformWord({
    'linux-x64': 'Linux_x86_64',
    'linux-arm64': 'Linux_arm64',
    'darwin-x64': 'Darwin_x86_64',
    'darwin-arm64': 'Darwin_arm64',
  });
  if (word === undefined) return undefined;
  const name = `versitygw_v${VERSION}_${word}`;
  return {
    url: `${RELEASE}/${name}.tar.gz`,
    member: `${name}/versitygw`,
    sum: { kind: 'checksums', url: `${RELEASE}/checksums.txt` },
  };
}
