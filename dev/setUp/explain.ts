import { userName } from './machine.ts';
import { failure, SetUpFailure } from './failures.ts';

/** An error, and all that led to it. */
const chainOf = (error: unknown): readonly Error[] => {
  if (!(error instanceof Error)) return [];
  const below: readonly unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...below.flatMap(chainOf)];
};

/** An error's code and all its words. */
const wordsOf = (error: Error): string =>
  [isCoded(error) ? error.code : '', error.message, error instanceof SetUpFailure ? error.details : ''].join(
    '\n',
  );

const isCoded = (error: Error): error is NodeJS.ErrnoException => 'code' in error;

/** What full disks are called by Node, by Go and C programs, and by SQLite. */
const full = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|database or disk is full/i;

const diskFull = (chain: readonly Error[]): SetUpFailure | undefined => {
  const one = chain.find((each) => full.test(wordsOf(each)));
  if (one === undefined) return undefined;
  const told = wordsOf(one)
    .split('\n')
    .findLast((line) => full.test(line));
  return failure('disk-full', { where: (told ?? one.message).trim() }, { cause: one });
};

const notAllowed = (chain: readonly Error[]): SetUpFailure | undefined => {
  const one = chain.find((each) => isCoded(each) && /^(?:EACCES|EPERM|EROFS)$/.test(each.code ?? ''));
  if (one === undefined || !isCoded(one) || one.path === undefined) return undefined;
  return failure('not-allowed', { user: userName(), path: one.path }, { cause: one });
};

const notInstalled = (chain: readonly Error[]): SetUpFailure | undefined => {
  const one = chain.find((each) => isCoded(each) && each.code?.endsWith('MODULE_NOT_FOUND') === true);
  const missing = /'([^'./][^']*)'/.exec(one?.message ?? '')?.[1];
  return missing === undefined ? undefined : failure('not-installed', { missing }, { cause: one });
};

/**
 * The way of failing that an error is, if it is one that its user can act on.
 *
 * @param error - whatever ended a start, from any depth
 */
export const explain = (error: unknown): SetUpFailure | undefined => {
  const chain = chainOf(error);
  // A full disk is the cause of whatever a server says that found no room.
  return (
    diskFull(chain) ??
    chain.find((each) => each instanceof SetUpFailure) ??
    notAllowed(chain) ??
    notInstalled(chain)
  );
};
