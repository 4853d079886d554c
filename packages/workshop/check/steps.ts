import type { Step } from './step.js'
import { inCache, inRoot, packagesOf } from './workspace.js'

const tool = (name: string): string => inRoot('node_modules', '.bin', name)
/** The command that runs a check of this folder. */
export const ours = (name: string, ...args: readonly string[]): Step['command'] => [
  process.execPath,
  '--import',
  'tsx',
  inRoot('packages', 'workshop', 'check', name, 'main.ts'),
  ...args,
]

/** Everything that CI runs, in the order of the summary. */
export function allSteps(): readonly Step[] {
  return [
    {
      name: 'programs',
      about: 'what the tests use and the repository does not bring',
      command: ours('programs'),
    },
    { name: 'build', about: 'what is published, compiled', command: ours('build') },
    {
      name: 'tests',
      about: 'every suite that needs no foreign program',
      command: ours('tests', 'check'),
      tier: 'check',
    },
    {
      name: 'interop',
      about: 'every suite with foreign brokers, clients and browsers',
      command: ours('tests', 'interop'),
      tier: 'interop',
      // A page for the browser is made of what is built.
      needs: ['programs', 'build'],
    },
    {
      name: 'coverage',
      about: 'what tests and interop cover together',
      command: ours('coverage'),
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
    { name: 'boundaries', about: 'who may import whom, and no cycle', command: ours('boundaries') },
    { name: 'language', about: 'ruled-out words and the glossary', command: ours('language') },
    { name: 'unused', about: 'knip', command: [tool('knip'), '--config', '.config/knip.ts'] },
    { name: 'licences', about: 'of everything that users install', command: ours('licences') },
    { name: 'sbom', about: 'of each published package, as a release attaches it', command: ours('sbom') },
    { name: 'api', about: 'public names as in docs/api', command: ours('api'), needs: ['build'] },
    { name: 'pack', about: 'tarballs by publint and attw', command: ours('pack'), needs: ['build'] },
    {
      name: 'install',
      about: 'tarballs by require and import in plain Node 20, 22, 24',
      command: ours('install'),
      needs: ['pack'],
    },
    { name: 'size', about: 'what a bundle weighs', command: ours('size') },
    { name: 'snippets', about: 'code in README and guide', command: ours('snippets'), needs: ['build'] },
    { name: 'examples', about: 'each run once', command: ours('examples'), needs: ['build'] },
    { name: 'docs', about: 'the site with its API reference', command: ours('docs') },
    ...checksOfPackages(),
  ]
}

// A package may bring a step of its own: the script `check` in its package.json.
function checksOfPackages(): readonly Step[] {
  return packagesOf().flatMap(({ folderName, folder, manifest }): readonly Step[] =>
    manifest.scripts?.['check'] === undefined
      ? []
      : [
          {
            name: folderName,
            about: `the check of packages/${folderName}`,
            command: ['npm', '--silent', '--prefix', folder, 'run', 'check'],
            // They use Mosquitto and openssl if these are installed.
            needs: ['programs'],
          },
        ],
  )
}

/** The steps of these names and those they need, or all of them. */
export function stepsNamed(names: readonly string[], steps: readonly Step[] = allSteps()): readonly Step[] {
  if (names.length === 0) return steps
  const wanted = new Set<string>()
  const want = (name: string): void => {
    const step = steps.find((each) => each.name === name)
    if (step === undefined) {
      throw new Error(`no step is named ${name}: there are ${steps.map((each) => each.name).join(', ')}`)
    }
    wanted.add(name)
    step.needs?.forEach(want)
  }
  names.forEach(want)
  return steps.filter(({ name }) => wanted.has(name))
}
