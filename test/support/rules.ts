/** Builders for tests of the rules: a small organisation, its statements, and the events that bring a case about. */
import { config as configSchema, type Config } from '../../core/contracts/config.ts';
import type { AccountEvent, CaseEvent, CaseEventOf, Pair, Sighting } from '../../core/contracts/events.ts';
import {
  accountId,
  caseId,
  digest as digestSchema,
  parts,
  personId,
  rotationId,
  type Digest,
  type Part,
  type PersonId,
} from '../../core/contracts/ids.ts';
import { statement, type Statement, type StatementOf } from '../../core/contracts/statements.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount, type AccountState } from '../../core/rules/account/state.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState, Phase } from '../../core/rules/case/state.ts';
import { later } from '../../core/rules/decision.ts';

/** A digest that a person can tell from another: its name in hex, padded. */
export const digestOf = (name: string): Digest =>
  digestSchema.parse(Buffer.from(name).toString('hex').slice(0, 64).padEnd(64, '0'));

/** A session's id, told apart by a number. */
export const sessionOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const t0 = '2026-11-21T08:00:00.000Z';
/** An instant some seconds after the request. */
export const at = (seconds: number): string => later(t0, seconds);

export const account = accountId.parse('acme-eu');
export const theCase = caseId.parse('case/acme-eu/2026-11-21-01');
export const provisionRotation = rotationId.parse('rotation/acme-eu/2026-11-20-01');
export const caseRotation = rotationId.parse('rotation/acme-eu/2026-11-21-01');
export const laterRotation = rotationId.parse('rotation/acme-eu/2026-11-21-02');
export const requestDigest = digestOf('request');
export const configDigest = digestOf('config 1');
export const recipient = 'age1-one-time';
const identity = '10000000-0000-4000-8000-000000000001';

/** alice asks; bob, carol and dan are seniors; bob and carol own the account; erin … kim hold shares. */
export const roles = {
  alice: ['senior', 'oncall'],
  bob: ['senior', 'admin'],
  carol: ['senior', 'admin'],
  dan: ['senior'],
  erin: [],
  frank: [],
  gina: [],
  heidi: [],
  ivan: [],
  kim: [],
  nils: ['oncall'],
} as const;
export type Name = keyof typeof roles;
export const names = Object.keys(roles) as Name[];
export const person = (name: string): PersonId => personId.parse(name);
export const custodians = { password: ['erin', 'frank', 'gina'], mfa: ['heidi', 'ivan', 'kim'] } as const;

const data = () => ({
  version: 1,
  organisation: 'Acme',
  origin: 'http://127.0.0.1:7400',
  people: Object.fromEntries(
    names.map((name) => [
      name,
      {
        name,
        roles: [...roles[name]] as string[],
        sshKeys: [`ssh-ed25519 ${name.padEnd(60, 'x')}`],
        ageRecipient: `age1${name}`,
        channels: ['ops'],
      },
    ]),
  ),
  channels: { ops: { kind: 'sns', topicArn: 'arn:aws:sns:eu-central-1:000000000000:ops', region: 'here' } },
  security: { channels: ['ops'] },
  worker: { sshKey: `ssh-ed25519 ${'w'.repeat(60)}` },
  scenarios: {
    'sso-down': {
      says: 'SSO is fully down',
      conditions: { 'nobody-signs-in': 'nobody can sign in', 'sev-0': 'declared' },
      longestSessionMinutes: 60,
    },
    elsewhere: { says: 'not for this account', conditions: { any: 'any' }, longestSessionMinutes: 60 },
  },
  refused: { convenience: { says: 'quicker', phrases: ['quicker this way'], instead: 'ask for access' } },
  accounts: {
    'acme-eu': {
      kind: 'kratos',
      says: 'production, Europe',
      scope: {},
      principals: ['alice', 'nils'],
      owners: ['bob', 'carol'],
      scenarios: ['sso-down'],
      quorum: { need: 2, role: 'senior' },
      runbook: 'https://runbooks.example/eu',
      address: 'breakglass-eu@acme.example',
      custody: {
        password: { threshold: 2, custodians: [...custodians.password] as string[], unlockFactor: 'a safe' },
        mfa: { threshold: 2, custodians: [...custodians.mfa] as string[], unlockFactor: 'a vault' },
      },
    },
  } as Record<string, unknown>,
  deadlines: {
    request: 600,
    release: 600,
    session: 600,
    attestation: 3600,
    sessionLog: 3600,
    postMortem: 7200,
    refusals: 900,
    claim: 60,
    // Within the wait for a login, so that silence rings before the case expires.
    sighting: 300,
  },
});
export type ConfigData = ReturnType<typeof data>;

/** The config, or one that differs from it. */
export const configWith = (change: (it: ConfigData) => unknown = () => undefined): Config => {
  const changed = data();
  change(changed);
  return configSchema.parse(changed);
};
export const config = configWith();

/** A config in which somebody holds no role. */
export const without = (name: Name): Config =>
  configWith((it) => {
    const found = it.people[name];
    if (found !== undefined) found.roles = [];
  });

export const pairOf = (generation: number): Pair => {
  const sealed = (part: Part) => ({
    generation,
    seal: digestOf(`${part} ${generation}`),
    threshold: 2,
    custodians: custodians[part].map(person),
  });
  return { password: sealed('password'), mfa: sealed('mfa') };
};

const aboutCase = { case: theCase, account, request: requestDigest };

/** What each statement says when nothing else is asked for. */
const usual = {
  request: {
    ...{ kind: 'emergency', account, scenario: 'sso-down', conditions: ['nobody-signs-in', 'sev-0'] },
    ...{
      reason: 'nobody gets in',
      symptom: 'logins fail',
      incidentChannel: '#inc',
      expectedMinutes: 30,
      recipient,
    },
  },
  approval: { ...aboutCase, role: 'senior' },
  denial: { ...aboutCase, role: 'senior', reason: 'no incident' },
  withdrawal: { ...aboutCase, reason: 'over' },
  release: {
    ...{ ...aboutCase, part: 'password', generation: 1, seal: digestOf('password 1'), recipient },
    ciphertext: 'sealed to the one-time key',
  },
  claim: { ...aboutCase, session: sessionOf(1) },
  end: { ...aboutCase, reason: 'done' },
  refusals: {
    ...{ ...aboutCase, password: { generation: 1, refused: true, status: 400 }, session: null, triedAt: t0 },
  },
  attestation: {
    ...{ account, rotation: caseRotation, case: theCase, part: 'password', generation: 2 },
    ...{ seal: digestOf('password 2'), keptAt: 'a safe' },
  },
  'write-up': { ...aboutCase, document: 'session-log', text: '' },
  finding: { ...aboutCase, finding: 'admin-1', how: 'explained', reason: 'hired that day' },
  provision: { account },
  rotate: { account, reason: 'a leak' },
  override: { account, reason: 'no time' },
  stop: { case: theCase, account, reason: 'nobody knows who this is' },
  'machine-refusal': { account, case: null, doing: 'release', code: 'wrong-seal', why: 'another seal' },
} as const satisfies Record<Statement['type'], object>;

let signed = 0;

/** A statement by somebody: the usual one of its type, but for what is given. */
export const says = <T extends Statement['type']>(
  by: string,
  type: T,
  members: Partial<Omit<StatementOf<T>, 'type' | 'v' | 'by'>> = {},
): StatementOf<T> => {
  signed += 1;
  const made = statement.parse({
    ...{ type, v: 1, by, config: configDigest, nonce: signed.toString(16).padStart(32, '0') },
    ...{ signedAt: t0, expiresAt: at(86_400) },
    ...usual[type],
    ...members,
  });
  return made as StatementOf<T>;
};

/** A share, from whoever holds it. */
export const releases = (by: string, part: Part): StatementOf<'release'> =>
  says(by, 'release', { part, seal: digestOf(`${part} 1`) });

/** A write-up with each heading filled. */
export const filled = (headings: readonly string[]): string =>
  headings.map((heading) => `## ${heading}\nas it was\n`).join('\n');

/** A login as the sentinel tells it. */
export const sightingOf = (n: number, members: Partial<Sighting> = {}): Sighting => ({
  ...{ id: `sighting-${n}`, account, identity, session: sessionOf(n), aal: 'aal1', method: 'password' },
  ...{ ip: '192.0.2.1', userAgent: 'test', at: at(130), source: 'kratos-hook' },
  ...members,
});

export const requested = (members: Partial<CaseEventOf<'requested'>> = {}): CaseEventOf<'requested'> => {
  const { scenario, conditions, reason, symptom, incidentChannel, expectedMinutes } = usual.request;
  const { request, release, session, attestation, sessionLog, postMortem, refusals } = config.deadlines;
  return {
    ...{ type: 'requested', at: t0, by: person('alice'), case: theCase, account, request: requestDigest },
    ...{
      kind: 'emergency',
      scenario,
      conditions: [...conditions],
      reason,
      symptom,
      incidentChannel,
      expectedMinutes,
    },
    ...{ recipient, config: configDigest, pair: pairOf(1) },
    terms: {
      ...{
        need: 2,
        role: 'senior',
        approvers: ['bob', 'carol', 'dan'].map(person),
        longestSessionMinutes: 60,
      },
      seconds: { request, release, session, attestation, sessionLog, postMortem, refusals },
    },
    ...members,
  };
};

export const approved = (by: Name, when: string, expiresAt = at(86_400)): CaseEvent => ({
  ...{ type: 'approved', at: when, by: person(by), role: 'senior', expiresAt },
});
export const shareReleased = (by: Name, part: Part, when: string): CaseEvent => ({
  ...{ type: 'share-released', at: when, by: person(by), part },
});

const ended: CaseEvent = {
  ...{ type: 'ended', at: at(1000), by: person('alice'), how: 'requester', reason: 'done' },
};
const rotated: CaseEvent = { type: 'rotated', at: at(1010), rotation: caseRotation, pair: pairOf(2) };

/** What happened on the straight way, at which second: asked at 0, authorised at 60, …, ended at 1000, closed at 5000. */
const story: readonly (readonly [Phase, readonly CaseEvent[]])[] = [
  ['requested', [requested()]],
  ['authorised', [approved('bob', at(30)), approved('carol', at(60)), { type: 'authorised', at: at(60) }]],
  [
    'released',
    [
      shareReleased('erin', 'password', at(70)),
      shareReleased('frank', 'password', at(80)),
      shareReleased('heidi', 'mfa', at(90)),
      shareReleased('ivan', 'mfa', at(100)),
      { type: 'released', at: at(100) },
    ],
  ],
  ['in-session', [{ type: 'session-claimed', at: at(120), by: person('alice'), session: sessionOf(1) }]],
  ['ended', [ended, { type: 'sessions-ended', at: at(1005), sessions: [sessionOf(1)] }]],
  ['settling', [rotated]],
];

/** The events that bring a case to a phase on the straight way. */
export const upTo = (phase: Phase): CaseEvent[] => {
  const n = story.findIndex(([each]) => each === phase);
  if (n < 0) throw new Error(`the straight way does not lead to ${phase}`);
  return story.slice(0, n + 1).flatMap(([, events]) => events);
};

/** A case as events leave it. */
export const caseAfter = (events: readonly CaseEvent[]): CaseState => {
  const state = events.reduce<CaseState | null>(evolveCase, null);
  if (state === null) throw new Error('a case needs its first event');
  return state;
};

/** The account as events leave it. */
export const accountAfter = (...events: readonly AccountEvent[]): AccountState =>
  events.reduce(evolveAccount, emptyAccount(account));

/** A provisioned account: generation 1 proven by its first rotation, a day before the request. */
export const provisioned: readonly AccountEvent[] = [
  {
    ...{
      type: 'rotation-started',
      at: at(-86_400),
      rotation: provisionRotation,
    },
    ...{ cause: 'provision', case: null, by: person('carol') },
  },
  {
    ...{
      type: 'rotation-proven',
      at: at(-86_390),
      rotation: provisionRotation,
    },
    ...{ identity, pair: pairOf(1) },
  },
];

/** Enough custodians of each part attest the pair of a generation. */
export const attestedAt = (when: string, generation: number): AccountEvent[] =>
  parts.flatMap((part) =>
    custodians[part]
      .slice(0, 2)
      .map((by): AccountEvent => ({ type: 'attested', at: when, by: person(by), part, generation })),
  );

/** The same, attested: ready for a case. */
export const ready: readonly AccountEvent[] = [...provisioned, ...attestedAt(at(-86_000), 1)];

export const caseOpened: AccountEvent = {
  ...{ type: 'case-opened', at: t0, by: person('alice'), case: theCase, request: requestDigest },
};
