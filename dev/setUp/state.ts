import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { takeLock, writeWhole, type Progress } from '../cache.ts';
import { kratosVersion } from '../fetch/kratos.ts';
import { temporalVersion } from '../fetch/temporal.ts';
import { recordNameOf } from '../servers/postgresClusters.ts';
import { installedPrograms } from '../servers/postgresFiles.ts';
import { failure } from './failures.ts';
import { userName } from './machine.ts';

/** Raised by whoever changes what lies where in a state folder, so that it is not met by code that knows no better. */
const layout = 1;

const stampFile = 'breakglass.json';
const lockName = 'run';

/** What a folder is known by as a state; the second was in those of before the stamp too. */
export const marks: ReadonlySet<string> = new Set([stampFile, recordNameOf('ours')]);

/** True for a file of the lock, in the folder that is held. */
export const isOfTheLock = (name: string): boolean => name.startsWith(`${lockName}.claim.`);

const stamp = z.record(z.string(), z.string());

/** The folder in which a start keeps everything but programs. */
export const stateFolderOf = (env: NodeJS.ProcessEnv = process.env): string => {
  const given = env['BREAKGLASS_STATE'] ?? '';
  if (given !== '') return resolve(given);
  const base = env['XDG_STATE_HOME'] ?? '';
  return join(base.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'breakglass');
};

/** What a state's files were written by, and are read by: no other version was tried on them. */
const versions = async (): Promise<Record<string, string>> => {
  const [postgres = ''] = (await installedPrograms()).version.split('.');
  return { layout: String(layout), postgres, temporal: temporalVersion, kratos: kratosVersion };
};

const inWords = (those: Readonly<Record<string, string>>): string =>
  Object.entries(those)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

const entriesOf = async (folder: string): Promise<string[]> => {
  try {
    // A disk's own folder is there on each that was just made.
    return (await readdir(folder)).filter((name) => name !== 'lost+found');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

const isOurs = (entries: readonly string[]): boolean =>
  entries.every(isOfTheLock) || entries.some((name) => marks.has(name));

const checkOwner = async (folder: string): Promise<void> => {
  const { uid } = await stat(folder).catch(() => ({ uid: undefined }));
  if (uid === undefined || uid === process.getuid?.()) return;
  const { stdout } = await promisify(execFile)('id', ['-un', String(uid)]).catch(() => ({
    stdout: String(uid),
  }));
  throw failure('other-user', { folder, owner: stdout.trim(), user: userName() });
};

/** A state folder that no other start uses. */
export interface HeldState {
  readonly folder: string;
  /** True when there was nothing in it. */
  readonly isNew: boolean;
  /** Lets others have it. */
  release(): Promise<void>;
}

/**
 * Makes the folder if it is not there, and takes it for this process alone.
 *
 * @param progress - told when a dead process had it
 * @throws SetUpFailure when it is somebody else's, holds something else, or another process has it
 */
export const holdState = async (folder: string, progress: Progress = () => undefined): Promise<HeldState> => {
  await checkOwner(folder);
  const entries = await entriesOf(folder);
  if (!isOurs(entries)) throw failure('not-ours', { folder });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const taken = await takeLock(folder, lockName, progress);
  if ('holder' in taken) throw failure('in-use', { folder, pid: taken.holder });
  return { folder, isNew: entries.every(isOfTheLock), release: () => taken.release() };
};

/**
 * Checks that a state was made by these very versions, and writes them down in one that is new.
 *
 * @throws SetUpFailure when it was made by others
 */
export const checkVersions = async ({ folder, isNew }: HeldState): Promise<void> => {
  const ours = await versions();
  const file = join(folder, stampFile);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined && isNew) return writeWhole(file, JSON.stringify(ours));
  const theirs = stamp.safeParse(text === undefined ? null : JSON.parse(text)).data;
  if (theirs !== undefined && inWords(theirs) === inWords(ours)) return;
  const words = theirs === undefined ? 'one that did not write its versions down' : inWords(theirs);
  throw failure('other-version', { folder, theirs: words, ours: inWords(ours) });
};
