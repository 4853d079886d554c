import eslint from '@eslint/js'
import { defineConfig } from 'eslint/config'
import rxjs from 'eslint-plugin-rxjs-x'
import typescript from 'typescript-eslint'

const shortForm = {
  regex: '^(fp-ts|io-ts)/(?!lib/.+\\.js$)',
  message: "This import fails in plain Node: import from the package's root or from 'fp-ts/lib/X.js'.",
}
const deepImport = {
  regex: '^@antiphon/[^/]+/(src|dist|test)(/|$)',
  message: 'Import other packages only by their exports.',
}
const tests = ['packages/*/test/**/*.ts', 'examples/*/test/**/*.ts']
const untyped = ['**/*.{js,mjs,cjs}']
const virtualTimeSources = ['core', 'testing', 'conformance'].map((name) => `packages/${name}/src/**/*.ts`)
const useScheduler = 'Take time from an RxJS scheduler, so that tests can use virtual time.'
const notSkipped = 'Tests must not be skipped: declare foreign programs with describeForeign.'

/** Requires a comment at or above a non-null assertion that explains why the value is not null. */
const nonNullWithReason = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unexplained: 'Explain in a comment beside it why this is never null.' },
  },
  create(context) {
    const commented = new Set(
      context.sourceCode.getAllComments().flatMap(({ loc }) => [loc.start.line, loc.end.line]),
    )
    return {
      TSNonNullExpression({ loc }) {
        const isExplained = commented.has(loc.end.line) || commented.has(loc.start.line - 1)
        if (!isExplained) context.report({ loc, messageId: 'unexplained' })
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
        projectService: { allowDefaultProject: ['docs/.vitepress/*.ts', 'docs/.vitepress/theme/*.ts'] },
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
      // An async method may implement an interface without awaiting a value.
      '@typescript-eslint/require-await': 'off',
      'antiphon/non-null-with-reason': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: virtualTimeSources,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({
          name,
          message: useScheduler,
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: useScheduler },
        { property: 'setTimeout', message: useScheduler },
        { property: 'setInterval', message: useScheduler },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: useScheduler },
      ],
    },
  },
  {
    files: tests,
    rules: {
      // Helpers of tests are read beside their use and need no explicit types.
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      // Tests subscribe inside subscriptions to test re-entrancy.
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
