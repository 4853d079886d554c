// Mutation testing. `pnpm mutants` starts it, in a copy of the workspace, and adds which files to mutate.
const name = process.env['ANTIPHON_MUTANTS'] ?? 'core'
const report = (ending) => `../${name}.${ending}`

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // All tests of mutants.json are run once; coverage then tells which of them reach a mutant.
  vitest: { configFile: '.config/vitest.mutants.config.ts', related: false },
  // In a sandbox of Stryker's own, the links in node_modules lead back to the sources without mutants.
  inPlace: true,
  // Nothing type-checks the mutants.
  disableTypeChecks: false,
  coverageAnalysis: 'perTest',
  // Mutants that run only while a module loads (tables of texts, mostly) would need a run of all tests each.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: report('incremental.json'),
  reporters: ['progress', 'html', 'json'],
  htmlReporter: { fileName: report('html') },
  jsonReporter: { fileName: report('json') },
  // Longer than by default: a mutant that times out counts as killed, and on a busy machine others would do so as well.
  timeoutMS: 10_000,
  timeoutFactor: 3,
  dryRunTimeoutMinutes: 30,
  allowConsoleColors: false,
  warnings: { slow: false },
}
