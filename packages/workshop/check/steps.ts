import type { Step } from './step.js'
import { inCache, inRoot, packagesOf } from './workspace.js'

const tool = (name: string): string => inRoot('node_modules', '.bin', name)
/** Returns the command that runs a check of this folder. */
export const checkCommand = (name: string, ...args: readonly string[]): Step['command'] => [
  process.execPath,
  '--import',
  'tsx',
  inRoot('packages', 'workshop', 'check', name, 'main.ts'),
  ...args,
]

/** Returns all steps of CI, in the order of the summary. */
export function allSteps(): readonly Step[] {
  return [
    {
      name: 'programs',
      about: 'installs the foreign programs of the tests',
      command: checkCommand('programs'),
    },
    { name: 'build', about: 'compiles the published packages', command: checkCommand('build') },
    {
      name: 'tests',
      about: 'suites without foreign programs',
      command: checkCommand('tests', 'check'),
      tier: 'check',
    },
    { name: 'docs', about: 'the site with its API reference', command: checkCommand('docs') },
    {
      name: 'interop',
      about: 'suites with foreign brokers, clients and browsers',
      command: checkCommand('tests', 'interop'),
      tier: 'interop',
      // The page for the browser uses the built packages, and the test of the site the built site.
      needs: ['programs', 'build', 'docs'],
    },
    {
      name: 'coverage',
      about: 'coverage of tests and interop together',
      command: checkCommand('coverage'),
      needs: ['tests', 'interop'],
    },
    {
      name: 'format',
      about: 'prettier',
      command: [
        tool('prettier'),
        ...['--check', '.', '--log-level', 'warn'],
        ...['--cache', '--cache-location', inCache('prettier.json')],
      ],
    },
    {
      name: 'lint',
      about: 'eslint with types',
      command: [tool('eslint'), '.', '--config', '.config/eslint.config.js', '--max-warnings', '0'],
    },
    {
      name: 'types',
      about: 'sources, tests, checks and examples',
      command: [tool('tsc'), '-b', 'packages/tsconfig.json', 'examples', '.config'],
      needs: ['build'],
    },
    {
      name: 'boundaries',
      about: 'import rules between packages, no cycles',
      command: checkCommand('boundaries'),
    },
    {
      name: 'language',
      about: 'ruled-out words and the glossary',
      command: checkCommand('language'),
    },
    {
      name: 'spelling',
      about: 'words of pages and TSDoc',
      command: [
        tool('cspell'),
        ...['lint', '--config', inRoot('.config', 'cspell.json'), '--no-progress'],
        ...['--cache', '--cache-strategy', 'content', '--cache-location', inCache('spelling.json')],
      ],
    },
    { name: 'unused', about: 'knip', command: [tool('knip'), '--config', '.config/knip.ts'] },
    {
      name: 'licences',
      about: 'licences of all packages that users install',
      command: checkCommand('licences'),
    },
    {
      name: 'sbom',
      about: 'SBOMs of the published packages, as attached to releases',
      command: checkCommand('sbom'),
    },
    { name: 'api', about: 'public names as in docs/api', command: checkCommand('api'), needs: ['build'] },
    { name: 'pack', about: 'tarballs by publint and attw', command: checkCommand('pack'), needs: ['build'] },
    {
      name: 'install',
      about: 'tarballs by require and import in plain Node 20, 22, 24',
      command: checkCommand('install'),
      needs: ['pack'],
    },
    { name: 'size', about: 'bundle size', command: checkCommand('size') },
    {
      name: 'snippets',
      about: 'code in README and guide',
      command: checkCommand('snippets'),
      needs: ['build'],
    },
    { name: 'examples', about: 'runs each example', command: checkCommand('examples'), needs: ['build'] },
    ...checksOfPackages(),
  ]
}

// A package can add a step by a script `check` in its package.json.
function checksOfPackages(): readonly Step[] {
  return packagesOf().flatMap(({ folderName, folder, manifest }): readonly Step[] =>
    manifest.scripts?.['check'] === undefined
      ? []
      : [
          {
            name: folderName,
            about: `the check of packages/${folderName}`,
            command: ['npm', '--silent', '--prefix', folder, 'run', 'check'],
            // The checks use Mosquitto if it is installed.
            needs: ['programs'],
          },
        ],
  )
}

/** Returns the named steps and the steps they need; all steps without names. */
export function stepsNamed(names: readonly string[], steps: readonly Step[] = allSteps()): readonly Step[] {
  if (names.length === 0) return steps
  const selected = new Set<string>()
  const select = (name: string): void => {
    const step = steps.find((candidate) => candidate.name === name)
    if (step === undefined) {
      const known = steps.map((candidate) => candidate.name).join(', ')
      throw new Error(`unknown step ${name}: it must be one of ${known}`)
    }
    selected.add(name)
    step.needs?.forEach(select)
  }
  names.forEach(select)
  return steps.filter(({ name }) => selected.has(name))
}
