import { spawn } from 'node:child_process';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../cache.ts';
import { findOnPath, runCommand } from '../command.ts';
import { freePorts } from '../ports.ts';
import { platformWord, type PublishedSum, type Release } from './download.ts';
import { failure, type SetUpFailure } from '../setUp/failures.ts';
import { obtain, type Lacking } from './obtain.ts';

const VERSION = '1.38.0';
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const RELEASE = `https://github.com/temporalio/sdk-java/releases/download/v${VERSION}`;

// The release has no file of sums. This one is written down by two independent projects; for other machines
// GitHub's own digest of the asset is asked for.
const SUMS: Readonly<Record<string, string>> = {
  linux_amd64: '41df834fe8e1ac59619e13908f41b63e4d1054f37634a2f89033d8cf6af71b96',
};

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>invalid.breakglass</groupId>
  <artifactId>time-skipping-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

// Compiling less and collecting plainly starts it in half the time and memory, which is all a test wants.
const WRAPPER = `#!/bin/sh
ulimit -c 0
here=$(cd "$(dirname "$0")" && pwd)
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * The path of Temporal's time-skipping test server, for `TestWorkflowEnvironment.createTimeSkipping` with
 * `{ server: { executable: { type: 'existing-path', path } } }`: from `BREAKGLASS_TEST_SERVER_BIN`, the cache,
 * the official release, or a script that runs its jars from Maven Central with Java.
 *
 * It listens on every address of the machine and offers no way to change that: tests only, briefly.
 *
 * @throws one line saying what is missing and what to do
 */
export function timeSkippingServer(progress: Progress): Promise<string> {
  return obtain(
    {
      name: 'time-skipping-server',
      version: VERSION,
      variable: 'BREAKGLASS_TEST_SERVER_BIN',
      executable: 'temporal-test-server',
      isLookedForOnPath: false,
      versionOf: async (path) => {
        // It prints no version. A release's was pinned by its sum; beside our script lie the jars, which say it.
        const jars = await readdir(join(dirname(path), 'lib')).catch(() => undefined);
        if (jars === undefined) return VERSION;
        if ((await findOnPath('java')) === undefined) throw new Error('java is not on PATH');
        return jars.includes(`temporal-test-server-${VERSION}.jar`) ? VERSION : 'unknown';
      },
      tryOut: untilItServes,
      release: release(),
      build: {
        doing: 'fetching its jars from Maven Central',
        missing: missingJavaOrMaven,
        make: async (work, out) => {
          await writeFile(join(work, 'pom.xml'), POM);
          // --strict-checksums: a jar whose sum is not the published one is an error, not a warning.
          const lib = `-DoutputDirectory=${join(out, 'lib')}`;
          const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`;
          await runCommand('mvn', ['-B', '-q', '--strict-checksums', goal, '-DincludeScope=runtime', lib], {
            cwd: work,
          });
          await writeFile(join(out, 'temporal-test-server'), WRAPPER);
          await chmod(join(out, 'temporal-test-server'), 0o755);
        },
      },
    },
    progress,
  );
}

async function missingJavaOrMaven(without: Lacking): Promise<SetUpFailure | undefined> {
  const lacking = [];
  if ((await findOnPath('java')) === undefined) lacking.push('Java 11 or newer');
  if ((await findOnPath('mvn')) === undefined) lacking.push('Maven 3.6 or newer');
  return lacking.length === 0
    ? undefined
    : failure('no-java', { ...without, missing: lacking.join(' and ') });
}

async function untilItServes(path: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const child = spawn(path, [String(port)], { stdio: 'ignore' });
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `ended with ${code ?? signal ?? 'nothing'}`));
  try {
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline) {
      if (ended !== undefined) throw new Error(`${path} ${ended}`);
      if (await isListening(port)) return;
      await sleep(100);
    }
    throw new Error(`${path} did not listen within 30 s`);
  } finally {
    child.kill('SIGKILL');
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function release(): Release | undefined {
  const word = platformWord({
    'linux-x64': 'linux_amd64',
    'linux-arm64': 'linux_arm64',
    'darwin-x64': 'macOS_amd64',
    'darwin-arm64': 'macOS_arm64',
  });
  if (word === undefined) return undefined;
  const pinned = SUMS[word];
  const sum: PublishedSum =
    pinned === undefined
      ? { kind: 'github', url: `https://api.github.com/repos/temporalio/sdk-java/releases/tags/v${VERSION}` }
      : { kind: 'pinned', sha256: pinned };
  const name = `temporal-test-server_${VERSION}_${word}`;
  return { url: `${RELEASE}/${name}.tar.gz`, member: join(name, 'temporal-test-server'), sum };
}
