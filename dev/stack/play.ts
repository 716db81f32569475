import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { caseView, type CaseView } from '../../core/contracts/http.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import type { Progress } from '../cache.ts';
import { mustRun, type RunCli } from './cli.ts';
import { homeOf } from './cli.ts';

/** Who plays which part in the example organisation, for one account. */
export interface Cast {
  readonly requester: string;
  readonly approvers: readonly [string, string];
  readonly owners: readonly [string, string];
  /** Everybody who holds a share of each part. */
  readonly custodians: { readonly password: readonly string[]; readonly mfa: readonly string[] };
}

/** The cast of `acme-eu` in `examples/acme/config.yaml`. */
export const cast: Cast = {
  requester: 'maya',
  approvers: ['ana', 'ravi'],
  owners: ['omar', 'sofia'],
  custodians: { password: ['ines', 'karl', 'mei'], mfa: ['noor', 'paul', 'rosa'] },
};

/** What a played case leaves for whoever looks at it afterwards. */
export interface Played {
  readonly case: string;
  readonly view: CaseView;
  /** When Kratos answered the requester's login. */
  readonly loginAnsweredAt: string;
  readonly session: string;
}

const loggedIn = z.object({ session: z.string(), answeredAt: z.string() });

/** The case as the api shows it to the requester. */
export const viewCase = async (cli: RunCli, person: string, id: string): Promise<CaseView> =>
  caseView.parse(JSON.parse(await mustRun(cli, person, 'status', id, '--json')));

/** Waits until something holds of the case, or says for what it waited in vain. */
export const untilCase = async (
  cli: RunCli,
  person: string,
  id: string,
  what: string,
  holds: (view: CaseView) => boolean,
): Promise<CaseView> => {
  let view = await viewCase(cli, person, id);
  for (let tries = 0; tries < 60 && !holds(view); tries += 1) {
    await sleep(500);
    view = await viewCase(cli, person, id);
  }
  if (!holds(view)) throw new Error(`${id} is ${view.phase}; waited in vain for: ${what}`);
  return view;
};

const writeUpText = (document: keyof typeof writeUpHeadings): string =>
  writeUpHeadings[document]
    .map(
      (heading) =>
        `## ${heading}\n\n${heading}: a drill; single sign-on was only said to be down. Nothing was changed.\n`,
    )
    .join('\n');

/** Two owners provision an account, and its custodians attest their first shares. */
export const provision = async (
  cli: RunCli,
  account: string,
  { owners, custodians }: Cast,
  say: Progress,
): Promise<void> => {
  say(`${owners.join(' and ')} provision ${account}: identity made, both parts sealed and proven`);
  await mustRun(cli, owners[0], 'provision', account);
  await mustRun(cli, owners[1], 'provision', account, '--wait');
  const holders = [...custodians.password, ...custodians.mfa];
  say(`${holders.join(', ')} test-open their shares, keep a copy and attest`);
  for (const person of holders)
    await mustRun(cli, person, 'attest', account, '--kept-at', 'safe of the office');
};

/** What is asked for: a case that would be admitted, but for what is given. */
export const requestCommand = (
  account: string,
  asked: { readonly drill?: boolean; readonly scenario?: string; readonly reason?: string } = {},
): string[] => {
  const { drill = false, scenario = 'sso-down', reason = 'restore the identity provider' } = asked;
  const conditions = ['sso-fully-down', 'sev-0', 'api-access-needed-now'].flatMap((each) => [
    '--condition',
    each,
  ]);
  return [
    ...['request', account, '--scenario', scenario, ...conditions, '--reason', reason],
    ...['--symptom', 'the sign-in page answers 503 since 10:02', '--incident-channel', '#inc-2041'],
    ...['--expected-minutes', '20', ...(drill ? ['--drill'] : [])],
  ];
};

/** The requester asks; nobody has agreed yet. */
export const ask = async (
  cli: RunCli,
  account: string,
  kind: 'emergency' | 'drill',
  { requester }: Pick<Cast, 'requester'>,
): Promise<string> => {
  const command = requestCommand(account, { drill: kind === 'drill' });
  const answer = await mustRun(cli, requester, ...command, '--json');
  return z.object({ case: z.string() }).parse(JSON.parse(answer)).case;
};

/** Who plays which case where. */
export interface Play {
  readonly cli: RunCli;
  readonly stateFolder: string;
  readonly account: string;
  readonly kind: 'emergency' | 'drill';
  readonly cast: Cast;
  /** Looks at the open session, just before it is ended. */
  readonly beforeEnd?: (view: CaseView) => Promise<void>;
}

/**
 * Plays one case from request to settling: ended, rotated, the old credential
 * tried. Attestations and write-ups are still owed.
 */
export const playUse = async (
  options: Play,
  say: Progress,
): Promise<Pick<Played, 'case' | 'loginAnsweredAt' | 'session'>> => {
  const { cli, account, kind, cast: who } = options;
  const { requester, approvers, custodians } = who;
  const id = await ask(cli, account, kind, who);
  say(`${requester} requests ${account} (${kind}): ${id}`);
  for (const person of approvers) {
    await mustRun(cli, person, 'approve', id, '--yes');
    say(`${person} reads the request on their own machine, and signs`);
  }
  for (const person of [...custodians.password.slice(0, 2), ...custodians.mfa.slice(0, 2)]) {
    await mustRun(cli, person, 'release', id);
    say(`${person} checks request and quorum, and releases a share to the requester's one-time key`);
  }
  const opened = loggedIn.parse(JSON.parse(await mustRun(cli, requester, 'open', id, '--login', '--json')));
  say(`${requester} combines the shares, logs in to aal2 and claims session ${opened.session}`);
  const inSession = await untilCase(
    cli,
    requester,
    id,
    'the login to be seen at aal2',
    (view) => view.times['aal2'] !== undefined,
  );
  say('the sentinel has rung: the login was seen, matched and recorded');
  await options.beforeEnd?.(inSession);
  await mustRun(cli, requester, 'end', id, '--reason', 'the identity provider is back', '--wait');
  say(
    `${requester} ends the session; password and TOTP are rotated and sealed again; the old ones were tried and refused`,
  );
  return { case: id, loginAnsweredAt: opened.answeredAt, session: opened.session };
};

/** Everybody who holds a share of the new pair attests it for the case; those of one part beside those of the other. */
export const attestAll = async (
  { cli, cast: { custodians } }: Pick<Play, 'cli' | 'cast'>,
  id: string,
  say: Progress,
): Promise<void> => {
  const lanes = Object.entries(custodians).map(async ([part, people]) => {
    for (const person of people) {
      await mustRun(cli, person, 'attest', id, '--part', part, '--kept-at', 'safe of the office');
      say(`${person} test-opens the new share of the ${part} and attests`);
    }
  });
  await Promise.all(lanes);
};

/** Whoever owes a document delivers it, every heading filled. */
export const deliver = async (
  { cli, stateFolder }: Pick<Play, 'cli' | 'stateFolder'>,
  person: string,
  id: string,
  document: keyof typeof writeUpHeadings,
): Promise<void> => {
  const file = join(homeOf(stateFolder, person), `${document}.md`);
  await writeFile(file, writeUpText(document), { mode: 0o600 });
  await mustRun(cli, person, 'write-up', id, '--document', document, '--file', file);
};

/** Everybody does what they owe after a case was ended: attestations, session log, post-mortem. */
export const settleCase = async (
  play: Pick<Play, 'cli' | 'stateFolder' | 'cast'>,
  id: string,
  say: Progress,
): Promise<CaseView> => {
  const {
    cli,
    cast: { requester },
  } = play;
  await attestAll(play, id, say);
  for (const document of ['session-log', 'post-mortem'] as const) {
    await deliver(play, requester, id, document);
    say(`${requester} delivers the ${document}`);
  }
  const view = await untilCase(cli, requester, id, 'the case to close', (each) => each.phase === 'closed');
  say(`${id} is closed`);
  return view;
};

/**
 * Plays one case from request to closed through the real CLI, every person on
 * a home folder of their own.
 *
 * @param say - told each step as it happens
 */
export const playCase = async (options: Play, say: Progress): Promise<Played> => {
  const used = await playUse(options, say);
  return { ...used, view: await settleCase(options, used.case, say) };
};
