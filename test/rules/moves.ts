/** What people, machines and the clock may do to a world: mostly sensible, often not. */
import fc from 'fast-check';
import { parts, type CaseId } from '../../core/contracts/ids.ts';
import type { Statement } from '../../core/contracts/statements.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import { finalPhases, isDeclared, requestDigestOf, type CaseState } from '../../core/rules/case/state.ts';
import { later } from '../../core/rules/decision.ts';
import {
  config,
  configWith,
  custodians,
  digestOf,
  filled,
  laterRotation,
  names,
  pairOf,
  provisionRotation,
  says,
  sessionOf,
  sightingOf,
  theCase,
  without,
  type ConfigData,
  type Name,
} from '../support/rules.ts';
import type { World } from './world.ts';

const acme = (it: ConfigData) => it.accounts['acme-eu'] as { quorum: { need: number }; principals: string[] };

/** Configs that come into force one after the other, in any order. */
const configs = [
  config,
  without('bob'),
  without('carol'),
  configWith((it) => (acme(it).quorum.need = 3)),
  configWith((it) => (acme(it).principals = ['nils'])),
  configWith((it) => (it.accounts = {})),
  configWith((it) => {
    for (const name of Object.keys(it.deadlines) as (keyof ConfigData['deadlines'])[]) it.deadlines[name] = 1;
  }),
];

const types = [
  ...(['request', 'approval', 'denial', 'withdrawal', 'release', 'claim', 'end', 'refusals'] as const),
  ...(['attestation', 'write-up', 'provision', 'rotate', 'stop', 'override', 'finding'] as const),
];

/** What is wrong with a statement that is otherwise right. */
const twists = ['none', 'case', 'request', 'recipient', 'seal', 'generation', 'role', 'rotation'] as const;
type Twist = (typeof twists)[number];

export type Move =
  | { readonly do: 'sensible'; readonly pick: number; readonly life: number }
  | {
      readonly do: 'say';
      readonly type: (typeof types)[number];
      readonly by: Name;
      readonly about: number;
      readonly part: (typeof parts)[number];
      readonly session: number;
      readonly life: number;
      readonly twist: Twist;
    }
  | { readonly do: 'wait'; readonly seconds: number; readonly ticks: boolean }
  | { readonly do: 'see'; readonly n: number; readonly aal: 'aal1' | 'aal2'; readonly known: boolean }
  | { readonly do: 'record' | 'gone'; readonly session: number }
  | { readonly do: 'prove' | 'fail' | 'end-sessions' | 'continue-as-new' | 'until-due' }
  | { readonly do: 'config'; readonly which: number };

const life = fc.oneof(fc.constant(3600), fc.integer({ min: 1, max: 900 }));
const session = fc.integer({ min: 1, max: 4 });

export const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 18, arbitrary: fc.record({ do: fc.constant('sensible'), pick: fc.nat(60), life }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ do: fc.constant('say'), type: fc.constantFrom(...types), by: fc.constantFrom(...names) },
      ...{ about: fc.nat(3), part: fc.constantFrom(...parts), session, life },
      twist: fc.oneof({ weight: 3, arbitrary: fc.constant('none') }, fc.constantFrom(...twists)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constant('wait'), ticks: fc.boolean() },
      seconds: fc.oneof(fc.integer({ min: -20, max: 120 }), fc.integer({ min: 120, max: 4000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ do: fc.constant('see'), n: session, aal: fc.constantFrom('aal1', 'aal2'), known: fc.boolean() },
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('record', 'gone'), session }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('prove', 'fail', 'end-sessions', 'continue-as-new') }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'until-due' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('config'), which: fc.nat(configs.length - 1) }) },
);

/** The nth newest case, or one that never was. */
const caseFor = (world: World, nth: number): CaseState | null =>
  [...world.cases.values()].at(-1 - nth) ?? null;

/** A statement about a case as the person's machine would make it, but for its twist. */
const statementOf = (
  world: World,
  state: CaseState | null,
  by: string,
  type: (typeof types)[number],
  details: { part: (typeof parts)[number]; session: number; life: number; twist: Twist },
): Statement => {
  const { part, twist } = details;
  const is = (which: Twist): boolean => twist === which;
  const times = { signedAt: world.now, expiresAt: later(world.now, details.life) };
  const aboutCase = {
    case: is('case') || state === null ? theCase : state.case,
    request:
      is('request') || state === null ? digestOf('another') : (requestDigestOf(state) ?? digestOf('none')),
  };
  // What may be said of a case that nobody asked for is bound to no request.
  const isUse = state !== null && !is('request') && requestDigestOf(state) === null;
  const aboutAny = { ...aboutCase, request: isUse ? null : aboutCase.request };
  const sealed = (type === 'attestation' ? (state?.newPair ?? world.account.pair) : state?.opening.pair)?.[
    part
  ];
  const seal = is('seal') || sealed === undefined ? digestOf('another') : sealed.seal;
  const generation = (sealed?.generation ?? 1) + (is('generation') ? 1 : 0);
  const role = is('role') ? 'admin' : 'senior';
  const recipient = is('recipient') ? 'age1-mallory' : 'age1-one-time';
  switch (type) {
    case 'request':
    case 'provision':
    case 'rotate':
    case 'override':
      return says(by, type, times);
    case 'approval':
      return says(by, type, { ...times, ...aboutCase, role });
    case 'denial':
      return says(by, type, { ...times, ...aboutCase, role });
    case 'stop':
      return says(by, type, { ...times, case: aboutCase.case });
    case 'withdrawal':
      return says(by, type, { ...times, ...aboutCase });
    case 'end':
      return says(by, type, { ...times, ...aboutAny });
    case 'release':
      return says(by, type, { ...times, ...aboutCase, part, seal, generation, recipient });
    case 'claim':
      return says(by, type, { ...times, ...aboutAny, session: sessionOf(details.session) });
    case 'refusals': {
      const old = (state?.opening.pair.password.generation ?? 1) + (is('generation') ? 1 : 0);
      const password = { generation: old, refused: !is('seal'), status: 400 };
      return says(by, type, { ...times, ...aboutCase, password });
    }
    case 'attestation': {
      const last = state?.rotation ?? world.account.lastRotation?.id ?? provisionRotation;
      const rotation = (is('rotation') ? laterRotation : last) as typeof laterRotation;
      return says(by, type, { ...times, case: state?.case ?? null, rotation, part, seal, generation });
    }
    case 'finding':
      return says(by, type, { ...times, ...aboutAny });
    case 'write-up': {
      const document = part === 'password' ? 'session-log' : 'post-mortem';
      const text = is('seal') ? 'nothing' : filled(writeUpHeadings[document]);
      return says(by, type, { ...times, ...aboutAny, document, text });
    }
  }
};

type Deed = () => Promise<unknown>;

/** Says it when it is done: of many deeds that are offered, one or few are. */
const hearing = (world: World, make: () => Statement): Deed => {
  return async () => {
    const it = make();
    return world.hear(it, digestOf(it.nonce));
  };
};

/** What would bring a case further, by whoever may. @param works - whether the old credential may turn out to work */
const forCase = (world: World, state: CaseState, life: number, works: boolean): Deed[] => {
  const by = (
    who: string,
    type: (typeof types)[number],
    part: (typeof parts)[number] = 'password',
    n = 1,
  ): Deed => {
    return hearing(world, () =>
      statementOf(world, state, who, type, { part, session: n, life, twist: 'none' }),
    );
  };
  const requester = state.responsible ?? 'alice';
  const worksStill = hearing(world, () =>
    statementOf(world, state, requester, 'refusals', { part: 'password', session: 1, life, twist: 'seal' }),
  );
  const all = (type: 'release' | 'attestation'): Deed[] =>
    parts.flatMap((part) => custodians[part].map((each) => by(each, type, part)));
  switch (state.phase) {
    case 'requested':
      return ['alice', 'bob', 'carol', 'dan'].map((each) => by(each, 'approval'));
    case 'authorised':
      return [...all('release'), by(requester, 'withdrawal')];
    case 'released':
      return [
        by(requester, 'claim'),
        by(requester, 'claim', 'password', 2),
        by(requester, 'claim', 'password', 3),
      ];
    case 'in-session':
      return [by(requester, 'end')];
    case 'unanswered':
      return [
        ...[1, 2, 3, 4].flatMap((n) => [by('alice', 'claim', 'password', n), by('nils', 'claim', 'mfa', n)]),
        by('dan', 'stop'),
      ];
    case 'ended':
    case 'settling':
      return [
        ...[
          () => world.endSessions(),
          () => world.prove(pairOf((world.account.pair?.password.generation ?? 0) + 1)),
        ],
        ...(works ? [worksStill] : []),
        ...[by(requester, 'refusals'), by(requester, 'write-up'), by(requester, 'write-up', 'mfa')],
        ...[by('bob', 'finding'), by('carol', 'finding')],
        ...all('attestation'),
      ];
    default:
      return [];
  }
};

/** What would bring the world further. @param asks - whether a new case may be asked for */
export const sensible = (world: World, life: number, asks: boolean): Deed[] => {
  const by = (who: Name, type: 'request' | 'provision' | 'rotate' | 'override'): Deed => {
    return hearing(world, () =>
      statementOf(world, null, who, type, { part: 'password', session: 1, life, twist: 'none' }),
    );
  };
  const { pair, rotation, openCase } = world.account;
  const next = pairOf((pair?.password.generation ?? 0) + 1);
  const provisioning =
    pair === null && rotation === null ? [by('bob', 'provision'), by('carol', 'provision')] : [];
  const isBlocked = pair !== null && blockedBy(world.account) !== null;
  const isBroken = isBlocked && rotation === null;
  const attests = (who: string, part: (typeof parts)[number]): Deed => {
    return hearing(world, () =>
      statementOf(world, null, who, 'attestation', { part, session: 1, life, twist: 'none' }),
    );
  };
  return [
    ...provisioning,
    // An owner may rotate without need too, but what custodians attested counts for no other pair.
    ...(world.account.rotationFailure !== null && isBroken ? [by('bob', 'rotate')] : []),
    ...(asks && isBlocked ? [by('bob', 'override'), by('carol', 'override')] : []),
    ...(isBroken ? parts.flatMap((part) => custodians[part].map((each) => attests(each, part))) : []),
    ...(rotation === null ? [] : [() => world.prove(next)]),
    ...(asks && openCase === null && pair !== null ? [by('alice', 'request'), by('nils', 'request')] : []),
    ...[...world.cases.values()]
      .filter((each) => !finalPhases.includes(each.phase))
      .flatMap((each) => forCase(world, each, life, asks)),
  ];
};

/** Carries a move out. */
export const make = async (world: World, it: Move): Promise<void> => {
  switch (it.do) {
    case 'sensible': {
      const deeds = sensible(world, it.life, true);
      await deeds[it.pick % Math.max(1, deeds.length)]?.();
      return;
    }
    case 'say': {
      const said = statementOf(world, caseFor(world, it.about), it.by, it.type, it);
      await world.hear(said, digestOf(said.nonce));
      return;
    }
    case 'wait':
      world.now = later(world.now, it.seconds);
      if (it.ticks) await world.tick();
      return;
    case 'until-due':
      world.now = world.nextDeadline() ?? world.now;
      await world.tick();
      return;
    case 'see': {
      const session = it.known ? sessionOf(it.n) : null;
      await world.see(sightingOf(it.n, { session, aal: it.aal, at: world.now }), later(world.now, 60));
      return;
    }
    case 'record':
      return world.recordSession(sessionOf(it.session));
    case 'gone':
      return world.lose(sessionOf(it.session));
    case 'prove':
      return world.prove(pairOf((world.account.pair?.password.generation ?? 0) + 1));
    case 'fail':
      return world.failRotation();
    case 'end-sessions':
      return world.endSessions();
    case 'continue-as-new':
      world.continueAsNew();
      return;
    case 'config':
      world.current = configs[it.which] ?? config;
      return;
  }
};

/** Everybody does what they owe, the clock runs, and nobody asks for more: until nothing moves. */
export const settle = async (world: World): Promise<void> => {
  world.current = config;
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const before = world.entries.length;
    await world.tick();
    for (const deed of sensible(world, 3600, false)) await deed();
    if (world.entries.length > before) continue;
    const next = world.nextDeadline();
    if (next === null) return;
    world.now = next;
  }
  throw new Error('the world does not come to rest');
};

/** The ids of the cases that hold the account: of those that somebody asked for. */
export const holding = (world: World): CaseId[] =>
  [...world.cases.values()]
    .filter(isDeclared)
    .filter(({ phase }) => ['requested', 'authorised', 'released', 'in-session'].includes(phase))
    .map((each) => each.case);
