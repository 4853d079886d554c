import type { IFlattenedRuleSet } from 'dependency-cruiser'
import { relative } from 'node:path'
import type { Package } from '../workspace.js'

type Rule = NonNullable<IFlattenedRuleSet['forbidden']>[number]

/** The package of MQTT's bytes, and what may import it. */
const bytes = 'packet'
const bytesImporters = ['core', 'mqtt', 'broker']

/** The packages that stand on `core` alone. */
const groundFloor = ['mqtt', 'broker', 'testing', 'codecs']

/** The package of suites for implementers, and what it stands on. */
const suites = 'conformance'
const suitesTake = ['core', 'testing']

/** What `core` may take from npm; the last is an optional peer. */
const coreTakes = ['rxjs', 'fp-ts', 'io-ts', 'uuid', '@opentelemetry/api']

const inModules = (name: string): string => `(^|/)node_modules/${name}/`
const anyOf = (names: readonly string[]): string => `(${names.join('|')})`

/**
 * The permitted imports: `examples → adapters → {mqtt, broker, testing, codecs} → core → packet`; `core` takes rxjs, fp-ts, io-ts and uuid from npm.
 *
 * `conformance` imports `testing` and `core`, and only tests import it. Every other published package is an adapter;
 * private packages may import all.
 */
export function rulesFor(packages: readonly Package[], root: string): readonly Rule[] {
  const published = packages.filter(({ isPublic }) => isPublic).map(({ folderName }) => folderName)
  const adapters = published.filter((name) => !['core', bytes, suites, ...groundFloor].includes(name))
  const doors = packages.flatMap(({ entries }) => entries.map(({ source }) => relative(root, source)))
  const insidePublished = `^packages/${anyOf(published)}/src/`

  const rules: readonly Rule[] = [
    {
      name: 'no-cycle',
      comment:
        'What goes round in a circle is one thing, or has a third thing in it. Types may know each other.',
      from: { path: '^(packages|examples)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'packet-imports-nothing',
      comment: `${bytes} imports nothing but its own files.`,
      from: { path: `^packages/${bytes}/src/` },
      to: { pathNot: `^packages/${bytes}/src/` },
    },
    {
      name: 'packet-importers',
      comment: `Only ${bytesImporters.join(', ')} read and write packets, and import ${bytes}.`,
      from: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf([bytes, ...bytesImporters])}/` },
      to: { path: `^packages/${bytes}/` },
    },
    {
      name: 'core-on-packet',
      comment: `core imports ${bytes} and no other package.`,
      from: { path: '^packages/core/src/' },
      to: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf(['core', bytes])}/src/` },
    },
    {
      name: 'core-takes-little',
      comment: `core takes ${coreTakes.join(', ')} from npm, and nothing of Node.`,
      from: { path: '^packages/core/src/' },
      to: { pathNot: ['^packages/', ...coreTakes.map(inModules)], couldNotResolve: false },
    },
    {
      name: 'mqtt-has-one-importer',
      comment:
        'MQTT.js is imported in packages/mqtt only, where what it needs is known; bench and acceptance hold it beside us.',
      from: { path: '^(packages|examples)/', pathNot: '^packages/(mqtt|bench|acceptance)/' },
      to: { path: inModules('mqtt') },
    },
    {
      name: 'report-alone-draws',
      comment: 'Charts are drawn in packages/report only: others hand it data and get markup.',
      from: { path: '^(packages|examples)/', pathNot: '^packages/report/' },
      to: { path: inModules(anyOf(['@observablehq/plot', '@xmldom/xmldom'])) },
    },
    {
      name: 'report-knows-no-package',
      comment: 'report draws what it is given: it imports no other package.',
      from: { path: '^packages/report/src/' },
      to: { path: '^(packages|examples)/', pathNot: '^packages/report/src/' },
    },
    {
      name: 'ground-floor-on-core',
      comment: `${groundFloor.join(', ')} import core (mqtt and broker also ${bytes}), never each other and nothing above.`,
      from: { path: `^packages/${anyOf(groundFloor)}/src/` },
      to: {
        path: '^(packages|examples)/',
        pathNot: ['^packages/$1/src/', `^packages/${anyOf(['core', bytes])}/src/`],
      },
    },
    {
      name: 'conformance-on-testing',
      comment: `${suites} imports ${suitesTake.join(' and ')}: it has to run over every link.`,
      from: { path: `^packages/${suites}/src/` },
      to: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf([suites, ...suitesTake])}/src/` },
    },
    {
      name: 'conformance-for-tests',
      comment: `Only tests import ${suites}: what users run does not need the suites that test it.`,
      from: { path: insidePublished, pathNot: `^packages/${suites}/` },
      to: { path: `^packages/${suites}/` },
    },
    {
      name: 'internal-entries',
      comment: `An entry \`./internal\` is no public API: only ${suites} imports it.`,
      from: { path: '^(?:packages/([^/]+)|examples)/', pathNot: `^packages/${suites}/` },
      to: { path: '^packages/[^/]+/src/internal\\.ts$', pathNot: '^packages/$1/' },
    },
    {
      name: 'tests-stay-outside',
      comment: 'What is published imports neither tests nor private packages nor examples.',
      from: { path: insidePublished },
      to: { path: '^(packages|examples)/', pathNot: insidePublished },
    },
    {
      name: 'only-through-the-door',
      comment: 'Packages enter each other by what their package.json exports.',
      from: { path: '^(?:packages/([^/]+)|examples)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: ['^packages/$1/', ...doors.map((door) => `^${door.replaceAll('.', '\\.')}$`)],
      },
    },
    {
      name: 'nobody-imports-examples',
      comment: 'Examples show; what others need has a package.',
      from: { path: '^packages/' },
      to: { path: '^examples/' },
    },
    {
      name: 'no-development-dependency',
      comment: 'Users do not get devDependencies: what is published must not import them.',
      from: { path: insidePublished },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
      },
    },
    {
      name: 'nothing-unresolved',
      comment: 'Every import leads somewhere.',
      from: { path: '^(packages|examples)/' },
      to: { couldNotResolve: true },
    },
  ]
  const sideways: readonly Rule[] =
    adapters.length < 2
      ? []
      : [
          {
            name: 'adapters-apart',
            comment: 'Adapters never import each other.',
            from: { path: `^packages/${anyOf(adapters)}/src/` },
            to: { path: `^packages/${anyOf(adapters)}/`, pathNot: '^packages/$1/' },
          },
        ]
  return [...rules, ...sideways].map((rule) => ({ ...rule, severity: 'error' }))
}
