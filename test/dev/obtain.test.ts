import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../dev/command.ts';
import type { PublishedSum, Release } from '../../dev/fetch/download.ts';
import { obtain, type Recipe } from '../../dev/fetch/obtain.ts';
import { failure } from '../../dev/setUp/failures.ts';
import { freePorts } from '../../dev/ports.ts';

let folder: string;
let said: string[];
let builds: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-obtain-'));
  said = [];
  builds = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that prints its version and where it came from. */
async function program(path: string, version: string, origin: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho ${version} ${origin}\n`);
  await chmod(path, 0o755);
  return path;
}

function recipe(more: Partial<Recipe> = {}): Recipe {
  return {
    name: 'tool',
    version: '1.2.3',
    variable: 'TOOL_BIN',
    executable: 'tool',
    isLookedForOnPath: true,
    versionOf: async (path) => (await runCommand(path, [])).split(' ')[0] ?? '',
    release: undefined,
    build: {
      doing: 'building',
      missing: () => Promise.resolve(undefined),
      make: async (work, out) => {
        builds += 1;
        expect(await readdir(work)).toEqual([]);
        await program(join(out, 'tool'), '1.2.3', 'built');
      },
    },
    ...more,
  };
}

async function origin(wanted: Recipe, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const cache = join(folder, 'cache');
  const path = await obtain(wanted, (line) => said.push(line), { BREAKGLASS_CACHE: cache, ...env });
  return (await readFile(path, 'utf8')).trim().split(' ').at(-1) ?? '';
}

async function cacheEntries(): Promise<string[]> {
  return readdir(join(folder, 'cache'));
}

describe('a program of a server', () => {
  it('is the one the user names, though its version is another, which is said', async () => {
    const own = await program(join(folder, 'own'), '9.9.9', 'own');
    expect(await origin(recipe(), { TOOL_BIN: own })).toBe('own');
    expect(said).toEqual([expect.stringMatching(/9\.9\.9, tried was 1\.2\.3/)]);
  });

  it('given that the one the user names does not run, is none: the variable is named', async () => {
    const missing = origin(recipe(), { TOOL_BIN: join(folder, 'missing') });
    await expect(missing).rejects.toThrow(/TOOL_BIN names .*missing, which does not run/);
  });

  it('is the one on PATH when its version is the pinned one, else not', async () => {
    await program(join(folder, 'new', 'tool'), '1.2.3', 'path');
    await program(join(folder, 'old', 'tool'), '1.2.2', 'path');
    expect(await origin(recipe(), { PATH: join(folder, 'new') })).toBe('path');
    expect(await origin(recipe(), { PATH: join(folder, 'old') })).toBe('built');
    expect(said[0]).toMatch(/old\/tool is not version 1\.2\.3, not used/);
  });

  it('is built once, also when two ask at the same time', async () => {
    expect(await Promise.all([origin(recipe()), origin(recipe())])).toEqual(['built', 'built']);
    expect(await origin(recipe())).toBe('built');
    expect(builds).toBe(1);
    expect(await cacheEntries()).toEqual([expect.stringMatching(/^tool-1\.2\.3-/)]);
  });

  it('given a build that fails, leaves nothing behind and can be tried again', async () => {
    const make = (): Promise<void> => Promise.reject(new Error('compiler missing'));
    const broken = recipe({ build: { ...recipe().build, make } });
    await expect(origin(broken)).rejects.toThrow('compiler missing');
    expect(await cacheEntries()).toEqual([]);
    expect(await origin(recipe())).toBe('built');
  });

  it('given a build of another version than the pinned one, is refused', async () => {
    const make = async (_work: string, out: string): Promise<void> => {
      await program(join(out, 'tool'), '1.2.4', 'built');
    };
    await expect(origin(recipe({ build: { ...recipe().build, make } }))).rejects.toThrow(
      /says version 1\.2\.4/,
    );
    expect(await cacheEntries()).toEqual([]);
  });

  it('given what a killed run left half-made, is built afresh', async () => {
    await program(join(folder, 'cache', 'tool-1.2.3-somewhere.new', 'out', 'tool'), '1.2.3', 'half');
    expect(await origin(recipe())).toBe('built');
    expect(await cacheEntries()).toHaveLength(1);
  });

  it.each([
    [
      'no network',
      'go: x@v1: Get "https://proxy.golang.org/x": dial tcp: lookup proxy.golang.org: no such host',
      'no-network',
      'nor be built (proxy.golang.org cannot be reached (no such host))',
    ],
    [
      'no network, by Maven',
      '[ERROR] Could not transfer artifact x from/to central (https://repo.maven.apache.org/maven2): Connection refused',
      'no-network',
      'nor be built (repo.maven.apache.org cannot be reached (Connection refused))',
    ],
    ['code that does not compile', 'x.go:3: undefined: y', 'not-built', 'failed (x.go:3: undefined: y)'],
  ])('given %s, is none: what the build said is in the line', async (_what, told, way, line) => {
    const make = async (): Promise<void> => {
      await runCommand('sh', ['-c', `echo begun; echo '${told}' >&2; exit 1`]);
    };
    const failing = origin(recipe({ build: { ...recipe().build, make } }));
    await expect(failing).rejects.toThrow(line);
    await expect(failing).rejects.toMatchObject({ way });
    expect(await cacheEntries()).toEqual([]);
  });

  it('given the lock of a process that died over it, is built, and that is said', async () => {
    await mkdir(join(folder, 'cache'));
    const dead = { pid: 4711, identity: 'of a process that died' };
    await writeFile(join(folder, 'cache', 'tool.claim.dead'), JSON.stringify(dead));
    await writeFile(join(folder, 'cache', 'tool.claim.broken'), '');
    expect(await origin(recipe())).toBe('built');
    expect(said.join('\n')).toContain('tool: taking over from process 4711, which died while it was at it');
    expect(await cacheEntries()).toHaveLength(1);
  });

  it('given no download and no compiler, is none: one line says what is missing and what to do', async () => {
    const wanted = recipe({
      build: {
        ...recipe().build,
        missing: async (without) => failure('no-java', { ...without, missing: 'Java' }),
      },
    });
    await expect(origin(wanted)).rejects.toThrow(
      /^tool 1\.2\.3 could not be downloaded \(no official download for .*\), and .* not on PATH: Java: install it .*, or set TOOL_BIN to a program of your own$/,
    );
  });
});

describe('an official download', () => {
  let server: Server;
  let base: string;
  let files: Map<string, Buffer>;
  let sha256: string;
  beforeEach(async () => {
    await program(join(folder, 'release', 'tool'), '1.2.3', 'downloaded');
    const archive = execFileSync('tar', ['-cz', '-C', join(folder, 'release'), 'tool']);
    sha256 = createHash('sha256').update(archive).digest('hex');
    files = new Map([['/tool.tar.gz', archive]]);
    server = createServer((request, response) => {
      const body = files.get(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${port}`;
  });
  afterEach(() => server.close());

  function release(sum: PublishedSum): Release {
    return { url: `${base}/tool.tar.gz`, member: 'tool', sum };
  }

  it('with the pinned sum is used', async () => {
    expect(await origin(recipe({ release: release({ kind: 'pinned', sha256 }) }))).toBe('downloaded');
    expect(builds).toBe(0);
  });

  it('with the sum in the list of sums is used', async () => {
    files.set('/sums', Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${sha256}  tool.tar.gz\n`));
    const sum = { kind: 'checksums', url: `${base}/sums` } as const;
    expect(await origin(recipe({ release: release(sum) }))).toBe('downloaded');
  });

  it("with the sum in GitHub's description of the release is used", async () => {
    const assets = [
      { name: 'other', digest: null },
      { name: 'tool.tar.gz', digest: `sha256:${sha256}` },
    ];
    files.set('/api', Buffer.from(JSON.stringify({ assets })));
    const sum = { kind: 'github', url: `${base}/api` } as const;
    expect(await origin(recipe({ release: release(sum) }))).toBe('downloaded');
  });

  it.each([
    ['another sum', { kind: 'pinned', sha256: '0'.repeat(64) }, /has sha256 .*, published was 0+: not used/],
    ['no list of sums', { kind: 'checksums', url: '/none' }, /answered 404/],
    ['no sum in the list', { kind: 'checksums', url: '/empty' }, /has no sha256 of tool\.tar\.gz/],
  ] as const)('with %s is not used: it is built instead, and the reason said', async (_case, sum, reason) => {
    files.set('/empty', Buffer.from(''));
    const where = 'url' in sum ? { ...sum, url: `${base}${sum.url}` } : sum;
    expect(await origin(recipe({ release: release(where) }))).toBe('built');
    expect(said.filter((line) => reason.test(line))).toHaveLength(1);
  });

  it('with the right sum but another version is not used', async () => {
    const wanted = recipe({ version: '1.2.4', release: release({ kind: 'pinned', sha256 }) });
    await expect(origin(wanted)).rejects.toThrow(/says version 1\.2\.3, wanted was 1\.2\.4/);
    expect(said.join('\n')).toContain('no download: tool: what was made says version 1.2.3');
  });

  it('that cannot be reached is not waited for', async () => {
    await new Promise((resolve) => server.close(resolve));
    const sum = { kind: 'pinned', sha256 } as const;
    expect(await origin(recipe({ release: release(sum) }))).toBe('built');
    expect(said.join('\n')).toMatch(/no download: 127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED/);
  });
});
