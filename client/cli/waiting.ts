/** Waiting for what the process does by itself: with an end, and with a line that says for what. */
import type { Command } from 'commander';
import { accountView, caseView, type CaseView } from '../../core/contracts/http.ts';
import type { AccountId, CaseId, RotationId } from '../../core/contracts/ids.ts';
import type { Phase } from '../../core/rules/case/state.ts';
import type { Api } from './api.ts';
import { casePath, isIn } from './caseName.ts';
import type { Context } from './context.ts';
import { CliError, exits, usage } from './exits.ts';
import { awaited } from './showCase.ts';
import { left } from './times.ts';

export interface WaitOptions {
  readonly wait?: boolean;
  readonly timeout: string;
}

/** @param what - what is waited for */
export const waitOptions = (command: Command, what = 'wait until it is done'): Command =>
  command.option('--wait', what).option('--timeout <seconds>', 'how long to wait', '600');

/** @throws CliError `usage` */
export const readSeconds = ({ timeout }: WaitOptions): number => {
  const seconds = Number(timeout);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw usage(`--timeout ${timeout}: a number of seconds above 0`);
};

/** In milliseconds: often at first, since a rotation takes seconds; later, a person has gone for coffee. */
const pauseAfter = (tries: number): number => (tries < 40 ? 250 : 2_000);

/**
 * Looks again until `look` gives something.
 *
 * @param look - gives null to go on waiting, after saying for what
 * @throws CliError `timedOut`, or whatever `look` throws
 */
export const waitUntil = async <T>(
  { surroundings }: Pick<Context, 'surroundings'>,
  about: { readonly seconds: number; readonly what: string; readonly next: string },
  look: () => Promise<T | null>,
): Promise<T> => {
  const end = surroundings.now().getTime() + about.seconds * 1000;
  for (let tries = 0; ; tries += 1) {
    const seen = await look();
    if (seen !== null) return seen;
    if (surroundings.now().getTime() >= end)
      throw new CliError(
        exits.timedOut,
        'timed-out',
        `${about.what} took longer than ${about.seconds} s; it goes on without this command`,
        about.next,
      );
    await surroundings.sleep(pauseAfter(tries));
  }
};

/**
 * Waits while a case is in one of these phases, saying for whom.
 *
 * @returns the case in its next phase
 * @throws CliError `timedOut`, or `refused` if the case came to nothing
 */
export const waitForNextPhase = (
  context: Context,
  api: Api,
  id: CaseId,
  during: readonly Phase[],
  seconds: number,
): Promise<CaseView> => {
  const next = `breakglass status ${id} --watch`;
  return waitUntil(context, { seconds, what: `the next phase of ${id}`, next }, async () => {
    const view = await api.get(casePath(id), caseView);
    if (isIn(view, ['denied', 'withdrawn', 'expired']))
      throw new CliError(exits.refused, view.phase, `${id} is ${view.phase}`, `breakglass history ${id}`);
    if (!isIn(view, during)) return view;
    const { nextDeadline } = view;
    context.out.progress(
      `${id} is ${view.phase}, waiting for ${view.waitingFor.map(awaited).join('; ') || 'the process'}`,
      nextDeadline === null ? '' : left(nextDeadline, context.now()),
    );
    return null;
  });
};

/** Waits until a rotation of an account is proven. @throws CliError if it failed */
export const waitForRotation = (
  context: Context,
  api: Api,
  account: AccountId,
  rotation: RotationId,
  seconds: number,
): Promise<true> =>
  waitUntil(context, { seconds, what: rotation, next: `breakglass status ${account}` }, async () => {
    const view = await api.get(`/v1/accounts/${account}`, accountView);
    if (view.lastRotation?.id === rotation) return true;
    if (view.rotation !== rotation && view.blocked !== null)
      throw new CliError(
        exits.refused,
        'account-blocked',
        view.blocked,
        `breakglass rotate ${account} --reason TEXT`,
      );
    context.out.progress(`waiting for ${rotation}`);
    return null;
  });
