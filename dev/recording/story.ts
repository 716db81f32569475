/** Something a person types, as it stands in a terminal. */
export interface Typed {
  readonly who: string;
  /** Each but the last ends in a backslash. */
  readonly lines: readonly string[];
  /** What is typed when it asks. */
  readonly answer?: string;
}

/** What the recording tells: a sentence of ours, what is typed, and what happens beside it, unseen. */
export interface Chapter {
  readonly sentence: string;
  /** Commands of others that are run before it, as a person and arguments. */
  readonly before?: readonly (readonly string[])[];
  readonly typed: Typed;
}

/** One case of the example organisation, from asking to the new credential. */
export const story: readonly Chapter[] = [
  {
    sentence: 'Single sign-on is down. maya, on call, needs the account.',
    typed: {
      who: 'maya',
      lines: [
        'breakglass request acme-eu --scenario sso-down \\',
        '  --condition sso-fully-down --condition sev-0 --condition api-access-needed-now \\',
        '  --reason "restore the identity provider" --expected-minutes 20 \\',
        '  --symptom "the sign-in page answers 503" --incident-channel "#inc-2041"',
      ],
    },
  },
  {
    sentence: 'ana is one of those who may agree. Her own machine checks it first.',
    typed: { who: 'ana', lines: ['breakglass approve acme-eu'], answer: 'y' },
  },
  {
    sentence: 'ravi has agreed too: two of two. ines holds a share of the password.',
    before: [['ravi', 'approve', 'acme-eu', '--yes']],
    typed: { who: 'ines', lines: ['breakglass release acme-eu'] },
  },
  {
    sentence: 'karl, noor and paul have released theirs. maya logs in.',
    before: [
      ['karl', 'release', 'acme-eu'],
      ['noor', 'release', 'acme-eu'],
      ['paul', 'release', 'acme-eu'],
    ],
    typed: { who: 'maya', lines: ['breakglass open acme-eu --login'] },
  },
  {
    sentence: 'The alarm has rung. When she is done, password and TOTP are replaced.',
    typed: {
      who: 'maya',
      lines: ['breakglass end acme-eu --reason "the identity provider is back" --wait'],
    },
  },
  {
    sentence: 'What is still owed, and by whom:',
    typed: { who: 'maya', lines: ['breakglass status acme-eu'] },
  },
];
