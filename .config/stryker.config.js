// Configuration of mutation testing. `pnpm mutants` runs Stryker in a copy of the workspace and passes the files to mutate.
const name = process.env['ANTIPHON_MUTANTS'] ?? 'core'
const report = (ending) => `../${name}.${ending}`

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // All tests of mutants.json run once; their coverage then selects the tests of each mutant.
  vitest: { configFile: '.config/vitest.mutants.config.ts', related: false },
  // In Stryker's sandbox, the links in node_modules would lead to the sources without mutants.
  inPlace: true,
  // Mutants are not type-checked, so type checks need not be disabled.
  disableTypeChecks: false,
  coverageAnalysis: 'perTest',
  // Each mutant that runs only while a module loads (mostly tables of texts) would need a run of all tests.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: report('incremental.json'),
  reporters: ['progress', 'html', 'json'],
  htmlReporter: { fileName: report('html') },
  jsonReporter: { fileName: report('json') },
  // More than the default of 1.5: a timeout counts as killed, and on a busy machine slow tests would time out as well.
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 30,
  allowConsoleColors: false,
  warnings: { slow: false },
}
