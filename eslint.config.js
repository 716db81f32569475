import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { house } from './dev/lint/house.js';

/** Rooms that ship. */
const production = ['core', 'workflows', 'activities', 'adapters', 'worker', 'sentinel', 'client', 'api'].map(
  (room) => `${room}/**/*.ts`,
);

const clock = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]',
    message: 'take the time as an argument',
  },
  {
    selector: 'MemberExpression[object.name=/^(Date|performance)$/][property.name="now"]',
    message: 'take the time as an argument',
  },
];

const chance = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Math.random is neither secret nor repeatable; use node:crypto, or take it as an argument',
};

const outside = ['process', 'fetch', 'Buffer', 'crypto', 'performance', 'console', 'require'].map((name) => ({
  name,
  message: 'the workflow sandbox and the rules know nothing of the outside',
}));

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({
  name,
  message: 'the rules are clockless: return what is due and when',
}));

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '.breakglass/', 'bench/figures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { house },
    rules: {
      'house/extensions': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-implied-eval': 'off', // the type-aware one below is on already
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A workflow that forgets an await is a bug in production; `void` says that it was meant.
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An async function turns what it throws into a rejection, which its callers handle already.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: ['*/**/*.ts'], plugins: { house }, rules: { 'house/rooms': 'error' } },
  {
    // What ships logs through its logger or writes to the terminal by intent, never by console.
    files: production,
    rules: { 'no-console': 'error', 'no-restricted-syntax': ['error', chance] },
  },
  { files: ['core/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...clock, chance] } },
  {
    // Handlers change a workflow's variables during each await, where narrowing does not look: a check that
    // seems needless by type is not.
    files: ['workflows/**/*.ts'],
    rules: { '@typescript-eslint/no-unnecessary-condition': 'off' },
  },
  // In the sandbox Temporal itself replaces Date, Math.random and the timers by replayable ones.
  { files: ['workflows/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['core/rules/**/*.ts', 'workflows/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', ...outside] },
  },
  { files: ['core/rules/**/*.ts'], rules: { 'no-restricted-globals': ['error', ...outside, ...timers] } },
);
