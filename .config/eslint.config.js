import eslint from '@eslint/js'
import { defineConfig } from 'eslint/config'
import rxjs from 'eslint-plugin-rxjs-x'
import typescript from 'typescript-eslint'

const shortForm = {
  regex: '^(fp-ts|io-ts)/(?!lib/.+\\.js$)',
  message: "The short form crashes in plain Node: import from the package's root or from 'fp-ts/lib/X.js'.",
}
const deepImport = {
  regex: '^@antiphon/[^/]+/(src|dist|test)(/|$)',
  message: 'Packages enter each other by their exports only.',
}
const tests = ['packages/*/test/**/*.ts', 'examples/*/test/**/*.ts']
const untyped = ['**/*.{js,mjs,cjs}']
const timeless = ['core', 'testing', 'conformance'].map((name) => `packages/${name}/src/**/*.ts`)
const clock = 'Time is a scheduler: take it from an RxJS scheduler, so that virtual time rules it.'
const notSkipped = 'Every test runs: what a machine lacks is declared with describeForeign.'

/** A non-null assertion needs a comment beside or above it that says why it holds. */
const nonNullWithReason = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { silent: 'Say in a comment beside it why this is never null.' },
  },
  create(context) {
    const commented = new Set(
      context.sourceCode.getAllComments().flatMap(({ loc }) => [loc.start.line, loc.end.line]),
    )
    return {
      TSNonNullExpression({ loc }) {
        const isExplained = commented.has(loc.end.line) || commented.has(loc.start.line - 1)
        if (!isExplained) context.report({ loc, messageId: 'silent' })
      },
    }
  },
}

export default defineConfig(
  { ignores: ['**/node_modules/', '**/dist/', '**/.cache/', 'docs/.vitepress/.temp/', 'docs/reference/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  ...typescript.configs.recommendedTypeChecked,
  rxjs.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['docs/.vitepress/*.ts'] },
        tsconfigRootDir: new URL('..', import.meta.url).pathname,
      },
    },
    plugins: { antiphon: { rules: { 'non-null-with-reason': nonNullWithReason } } },
    rules: {
      'no-restricted-imports': ['error', { patterns: [shortForm, deepImport] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // What keeps a promise of an interface need not wait for anything.
      '@typescript-eslint/require-await': 'off',
      'antiphon/non-null-with-reason': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: timeless,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({
          name,
          message: clock,
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: clock },
        { property: 'setTimeout', message: clock },
        { property: 'setInterval', message: clock },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
      ],
    },
  },
  {
    files: tests,
    rules: {
      // What tests share is read beside its use; what users import is not.
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      // Tests act out who subscribes when.
      'rxjs-x/no-nested-subscribe': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[object.name=/^(describe|it|suite|test)$/][property.name=/^(only|skip|skipIf|runIf|todo)$/]',
          message: notSkipped,
        },
        { selector: 'CallExpression[callee.name=/^[fx](describe|it|test)$/]', message: notSkipped },
      ],
    },
  },
  { ...typescript.configs.disableTypeChecked, files: untyped },
  {
    files: untyped,
    rules: {
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      ...Object.fromEntries(Object.keys(rxjs.rules).map((rule) => [`rxjs-x/${rule}`, 'off'])),
    },
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
)
