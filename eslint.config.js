import { readFileSync } from 'node:fs';
import comments from '@eslint-community/eslint-plugin-eslint-comments';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const clock = "The simulation has no wall clock: use the engine's clock (now is handed in).";
const timer = "The simulation has no wall clock: schedule an event on the engine's queue.";
const random = 'Use the seeded stream in base/random.';
const ambient = 'The simulation knows no browser and no Node: take it as a parameter.';
const locale = 'Order and text must be the same everywhere: compare code units: a < b ? -1 : a > b ? 1 : 0.';

const named = (message, ...names) => names.map((name) => ({ name, message }));
const nondeterministicGlobals = [
  ...named(clock, 'Date'),
  ...named(timer, 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'),
  ...named(random, 'crypto'),
  ...named(locale, 'Intl'),
];
const environmentGlobals = [
  ...named(clock, 'performance'),
  ...named(ambient, 'window', 'document', 'globalThis', 'self', 'navigator', 'process', 'fetch'),
  ...named('Put an event in the trace.', 'console'),
];
const localeMethods = {
  selector: 'MemberExpression[property.name=/^(localeCompare|toLocale[A-Z]\\w*)$/]',
  message: locale,
};

/** src/doors.json says where each third party may be imported; src/architecture.test.ts checks the same. */
const doors = Object.entries(JSON.parse(readFileSync(new URL('src/doors.json', import.meta.url), 'utf8')));
const closedDoors = (place) =>
  doors
    .filter(([, folders]) => !folders.some((folder) => place.startsWith(folder)))
    .map(([name, folders]) => ({
      group: [name, `${name}/*`],
      message: `${name} is imported only in ${folders.join(' and ')}.`,
    }));
const doorRules = ['src/', 'lab/', 'e2e/', ...new Set(doors.flatMap(([, folders]) => folders))]
  .sort((a, b) => a.length - b.length)
  .map((place) => ({
    files: [place.endsWith('/') ? `${place}**` : place],
    rules: { 'no-restricted-imports': ['error', { patterns: closedDoors(place) }] },
  }));

const tests = ['**/*.test.{ts,tsx,mjs}', '**/testing/**', 'e2e/**'];

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'test-results/**', 'playwright-report/**', 'public/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    plugins: { 'eslint-comments': comments },
    rules: {
      'eslint-comments/require-description': ['error', { ignore: ['eslint-enable'] }],
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
    },
  },
  {
    files: ['src/ui/**/*.{ts,tsx}', 'src/main.tsx'],
    extends: [reactHooks.configs.flat.recommended],
  },
  ...doorRules,
  {
    files: ['src/sim/**/*.ts', 'src/base/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...nondeterministicGlobals, ...environmentGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: random }],
      'no-restricted-syntax': ['error', localeMethods],
    },
  },
  {
    files: tests,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Tests beside the model run in Node and may read files and the environment; chance stays seeded there too.
    files: ['src/sim/**/*.test.ts', 'src/base/**/*.test.ts', 'src/sim/**/testing/**'],
    rules: { 'no-restricted-globals': ['error', ...nondeterministicGlobals] },
  },
);
