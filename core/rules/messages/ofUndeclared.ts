import type { CaseEventOf, Sighting } from '../../contracts/events.ts';
import type { CaseId, PersonId } from '../../contracts/ids.ts';
import type { CaseState } from '../case/state.ts';
import { later } from '../decision.ts';
import { alarmed } from '../holders.ts';
import { commands } from './commands.ts';
import { linkTo, named, spoken, type Draft, type Happening } from './compose.ts';

/** Whoever was told first, and whoever watches over the account since. */
const everybody = ({ config }: Happening, { opening }: CaseState): PersonId[] =>
  opening.type === 'detected' ? [...opening.terms.told, ...alarmed(config)] : alarmed(config);

/** Both answers, as commands to paste. */
export const answersTo = (id: CaseId, session: string | null): string =>
  [
    `If it is yours: ${commands.claim(id)}${session === null ? '' : ` --session ${session}`}`,
    `If it is not, or nobody knows: ${commands.stop(id)}`,
  ].join('\n');

const where = ({ ip, at, aal }: Sighting): string => `from ${ip} at ${spoken(at)} (${aal})`;

const alarm = (it: Happening, state: CaseState, title: string, text: readonly string[]): Draft => ({
  audience: 'alarm',
  severity: 'alarm',
  to: everybody(it, state),
  title,
  text: text.join('\n'),
  command: commands.stop(state.case),
  ringsSecurity: true,
});

/** A login that nobody claimed has opened a case: all who watch over the account must answer. */
export const detected = (it: Happening, state: CaseState, event: CaseEventOf<'detected'>): Draft => {
  const { account, sighting, terms } = event;
  return alarm(it, state, `Undeclared use of ${account}: is it yours, or must it stop?`, [
    `Somebody signed in to ${account} ${where(sighting)}, and nobody has claimed the session (sighting ${sighting.id}).`,
    'Treat it as hostile until it is explained.',
    answersTo(state.case, sighting.session),
    `Answer by ${spoken(later(event.at, terms.seconds.answer))}; after that it rings again and again. ${linkTo(it.config, account, state.case)}`,
  ]);
};

/** Somebody owned up. Everybody hears of it: a stranger with a stolen key would say the same. */
export const ownedUp = (it: Happening, state: CaseState, event: CaseEventOf<'answered'>): Draft[] => {
  if (event.how === 'stop') return [];
  const { account } = state.opening;
  const who = event.by === null ? 'A machine of ours' : named(it.config, event.by);
  if (state.phase !== 'in-session')
    return [
      {
        ...alarm(it, state, `The undeclared use of ${account} is explained`, [
          `${who} declared the last of its sessions as part of ${event.claimedFor ?? 'another case'}; ${state.case} is closed.`,
        ]),
        audience: 'answer',
        severity: 'warning',
        command: commands.status(state.case),
      },
    ];
  const minutes = state.opening.terms.longestSessionMinutes;
  return [
    alarm(it, state, `${who} says that the undeclared use of ${account} is theirs`, [
      `Nobody authorised it: that is a finding in itself. It ends after ${minutes} minutes at the latest, with the credential rotated and a write-up owed by ${who}.`,
      `If you doubt it, ask them by another way, or stop it: ${commands.stop(state.case)}`,
    ]),
    ...(state.responsible === null
      ? []
      : [
          {
            audience: 'responsible',
            severity: 'act' as const,
            to: [state.responsible],
            title: `End your use of ${account}`,
            text: `You use ${account} without authorisation. End it as soon as you can; you then owe the session log and the post-mortem.`,
            command: commands.end(state.case),
          },
        ]),
  ];
};

/** Somebody stopped a use: those who were told may stand down, and know who did. */
export const stopped = (it: Happening, state: CaseState, event: CaseEventOf<'ended'>): Draft[] => {
  if (event.how !== 'stopped' || event.by === null) return [];
  const { account } = state.opening;
  const { openCase } = it.account;
  const waits =
    openCase === null
      ? `The credential of ${account} is being rotated.`
      : `${openCase.case} is open, so the credential is rotated when that ends. Whoever signed in knows it: ${commands.stop(openCase.case)}`;
  return [
    {
      ...alarm(it, state, `${named(it.config, event.by)} stopped ${state.case}`, [
        event.reason,
        `Every session of ${account} that no other case declared is being ended. ${waits}`,
      ]),
      severity: 'warning',
      command: commands.status(state.case),
    },
  ];
};

/** Nobody has answered: it rings as it did at first, for each deadline that passes. */
export const unanswered = (it: Happening, state: CaseState, event: CaseEventOf<'escalated'>): Draft[] => {
  const [first] = state.obligations.filter((each) => each.kind === 'answer');
  // Several owe the answer, and each of them is late; one alarm says so.
  if (first?.id !== event.obligation) return [];
  const { account } = state.opening;
  const session = state.sightings.at(-1)?.session ?? null;
  return [
    alarm(it, state, `Still unanswered: undeclared use of ${account}`, [
      `${state.case} has waited for “mine” or “stop” since ${spoken(state.opening.at)}, ${event.late} s longer than it may. The session is alive until somebody stops it.`,
      answersTo(state.case, session),
    ]),
  ];
};
