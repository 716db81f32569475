import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { arch, platform } from 'node:os';
import { z } from 'zod';
import { runCommand } from '../command.ts';

/** An official download, and how to know that what arrived is what was published. */
export interface Release {
  /** A gzipped tar archive. */
  readonly url: string;
  /** Where the executable lies in the archive. */
  readonly member: string;
  readonly sum: PublishedSum;
}

/** Where an archive's SHA-256 comes from: known beforehand, else from the release itself. */
export type PublishedSum =
  | { readonly kind: 'pinned'; readonly sha256: string }
  /** A file of lines `SUM  NAME`, as `sha256sum` writes it. */
  | { readonly kind: 'checksums'; readonly url: string }
  /** GitHub's description of the release, whose assets carry a `digest`. */
  | { readonly kind: 'github'; readonly url: string };

/** The words of one publisher for this system and processor, or nothing where it publishes none. */
export function platformWord(words: Readonly<Record<string, string>>): string | undefined {
  return words[`${platform()}-${arch()}`];
}

const ANSWER_WITHIN_MS = 5_000;
const ARRIVE_WITHIN_MS = 180_000;

/**
 * Downloads a release, checks its SHA-256 and unpacks it.
 *
 * @param folder - an empty folder to unpack into
 * @returns path of the unpacked executable, not yet run
 * @throws when nobody answers within 5 s, it does not arrive within 3 min, or the sum is another one
 */
export async function downloadRelease(release: Release, folder: string): Promise<string> {
  const expected = await publishedSum(release);
  const archive = join(folder, 'archive.tar.gz');
  await save(release.url, archive);
  const actual = await sha256Of(archive);
  if (actual !== expected) {
    throw new Error(`${release.url} has sha256 ${actual}, published was ${expected}: not used`);
  }
  await runCommand('tar', ['-xzf', archive, '-C', folder]);
  return join(folder, release.member);
}

async function publishedSum(release: Release): Promise<string> {
  const { sum, url } = release;
  if (sum.kind === 'pinned') return sum.sha256;
  const name = basename(new URL(url).pathname);
  const text = await (await answered(sum.url)).text();
  const found = sum.kind === 'checksums' ? sumInList(text, name) : sumInGithub(text, name);
  if (found === undefined) throw new Error(`${sum.url} has no sha256 of ${name}`);
  return found;
}

function sumInList(text: string, name: string): string | undefined {
  const lines = text.split('\n').map((line) => /^([0-9a-f]{64})[ *]+(\S+)$/.exec(line.trim()));
  return lines.find((line) => line?.[2] === name)?.[1];
}

const githubRelease = z.object({
  assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })),
});

function sumInGithub(text: string, name: string): string | undefined {
  const { assets } = githubRelease.parse(JSON.parse(text));
  const digest = assets.find((asset) => asset.name === name)?.digest;
  return /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
}

async function answered(url: string): Promise<Response> {
  const stop = new AbortController();
  const tooSlow = (what: string) => () => stop.abort(new Error(`${url} ${what}`));
  const answer = setTimeout(tooSlow('did not answer within 5 s'), ANSWER_WITHIN_MS);
  const arrival = setTimeout(tooSlow('did not arrive within 3 min'), ARRIVE_WITHIN_MS);
  // The second limit outlives this function, and must not keep the process up.
  arrival.unref();
  const response = await fetch(url, { signal: stop.signal }).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} cannot be reached (${reasonOf(error)})`, { cause: error });
  });
  clearTimeout(answer);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

async function save(url: string, path: string): Promise<void> {
  const { body } = await answered(url);
  if (body === null) throw new Error(`${url} sent nothing`);
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of body) await file.writeFile(z.instanceof(Uint8Array).parse(chunk));
  } finally {
    await file.close();
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(z.instanceof(Buffer).parse(chunk));
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
