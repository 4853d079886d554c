import type { IFlattenedRuleSet } from 'dependency-cruiser'
import { relative } from 'node:path'
import type { Package } from '../workspace.js'

type Rule = NonNullable<IFlattenedRuleSet['forbidden']>[number]

/** The package that reads and writes MQTT packets, and what may import it. */
const packet = 'packet'
const packetImporters = ['core', 'mqtt', 'broker']

/** The packages that import only `core` and, of these, mqtt and broker `packet`, testing the broker's engine. */
const coreUsers = ['mqtt', 'broker', 'testing', 'codecs', 'durable']

/** The package whose broker on virtual time runs on the engine of `broker`, and that entry point. */
const engineUser = 'testing'
const engine = '^packages/broker/src/entry/engine\\.ts$'

/** The package of contract suites, and the packages that it may import. */
const suites = 'conformance'
const suitesImport = ['core', 'testing']

/** The command, which may import all published packages. */
const command = 'cli'

/** The npm packages that `core` may import; the last is an optional peer. */
const coreImports = ['rxjs', 'fp-ts', 'uuid', '@opentelemetry/api']

const inModules = (name: string): string => `(^|/)node_modules/${name}/`
const anyOf = (names: readonly string[]): string => `(${names.join('|')})`

/**
 * Returns the rules for imports: `examples → adapters → {mqtt, broker, testing, codecs, durable} → core → packet`, and `testing →
 * broker/engine`. From npm, `core` imports rxjs, fp-ts and uuid.
 *
 * `conformance` imports `testing` and `core`, and only tests import it. `cli` may import all published packages. Every other published package is an adapter;
 * private packages may import all.
 */
export function rulesFor(packages: readonly Package[], root: string): readonly Rule[] {
  const published = packages.filter(({ isPublic }) => isPublic).map(({ folderName }) => folderName)
  const adapters = published.filter((name) => !['core', packet, suites, command, ...coreUsers].includes(name))
  const entryPoints = packages.flatMap(({ entries }) => entries.map(({ source }) => relative(root, source)))
  const insidePublished = `^packages/${anyOf(published)}/src/`

  const rules: readonly Rule[] = [
    {
      name: 'no-cycle',
      comment:
        'Modules must not import each other in a cycle: merge them, or move the shared part to a third module. Imports of types are exempt.',
      from: { path: '^(packages|examples)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'packet-imports-nothing',
      comment: `${packet} imports nothing but its own files.`,
      from: { path: `^packages/${packet}/src/` },
      to: { pathNot: `^packages/${packet}/src/` },
    },
    {
      name: 'packet-importers',
      comment: `Only ${packetImporters.join(', ')} read and write packets, and import ${packet}.`,
      from: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf([packet, ...packetImporters])}/` },
      to: { path: `^packages/${packet}/` },
    },
    {
      name: 'core-imports-packet-only',
      comment: `core imports ${packet} and no other package.`,
      from: { path: '^packages/core/src/' },
      to: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf(['core', packet])}/src/` },
    },
    {
      name: 'core-imports-few-libraries',
      comment: `core imports only ${coreImports.join(', ')} from npm, and no module of Node.`,
      from: { path: '^packages/core/src/' },
      to: { pathNot: ['^packages/', ...coreImports.map(inModules)], couldNotResolve: false },
    },
    {
      name: 'mqtt-js-only-in-mqtt',
      comment: 'Only packages/mqtt imports MQTT.js; bench and acceptance compare Antiphon with it.',
      from: { path: '^(packages|examples)/', pathNot: '^packages/(mqtt|bench|acceptance)/' },
      to: { path: inModules('mqtt') },
    },
    {
      name: 'web-link-without-mqtt-js',
      comment:
        '@antiphon/mqtt/web uses the WebSocket of the platform: no file that it reaches imports MQTT.js, ws or a stream of Node.',
      from: { path: '^packages/mqtt/src/web/' },
      to: { path: [inModules(anyOf(['mqtt', 'ws'])), '^packages/mqtt/src/streams/node/'], reachable: true },
    },
    {
      name: 'nest-wire-without-nest',
      comment:
        '@antiphon/nestjs/wire is for programs without NestJS: no file that it reaches imports its packages.',
      from: { path: '^packages/nestjs/src/wire/' },
      to: { path: inModules('@nestjs'), reachable: true },
    },
    {
      name: 'charts-only-in-report',
      comment: 'Only packages/report draws charts: other packages pass it data and get markup.',
      from: { path: '^(packages|examples)/', pathNot: '^packages/report/' },
      to: { path: inModules(anyOf(['@observablehq/plot', '@xmldom/xmldom'])) },
    },
    {
      name: 'report-imports-no-package',
      comment: 'report only draws data: it imports no other package.',
      from: { path: '^packages/report/src/' },
      to: { path: '^(packages|examples)/', pathNot: '^packages/report/src/' },
    },
    {
      name: 'siblings-import-core-only',
      comment: `mqtt, broker, codecs and durable import core (mqtt and broker also ${packet}), but neither each other nor adapters.`,
      from: { path: `^packages/${anyOf(coreUsers.filter((name) => name !== engineUser))}/src/` },
      to: {
        path: '^(packages|examples)/',
        pathNot: ['^packages/$1/src/', `^packages/${anyOf(['core', packet])}/src/`],
      },
    },
    {
      name: 'testing-imports-engine',
      comment: `${engineUser} imports core and, of broker, the entry point \`./engine\`, which needs no network.`,
      from: { path: `^packages/${engineUser}/src/` },
      to: {
        path: '^(packages|examples)/',
        pathNot: [`^packages/${anyOf([engineUser, 'core'])}/src/`, engine],
      },
    },
    {
      name: 'conformance-imports-testing',
      comment: `${suites} imports ${suitesImport.join(' and ')}: its suites must run over every link.`,
      from: { path: `^packages/${suites}/src/` },
      to: { path: '^(packages|examples)/', pathNot: `^packages/${anyOf([suites, ...suitesImport])}/src/` },
    },
    {
      name: 'conformance-only-in-tests',
      comment: `Only tests import ${suites}: the code that users run does not need its suites.`,
      from: { path: insidePublished, pathNot: `^packages/${suites}/` },
      to: { path: `^packages/${suites}/` },
    },
    {
      name: 'internal-entries',
      comment: `The entry \`./internal\` is not public: only ${suites} imports it.`,
      from: { path: '^(?:packages/([^/]+)|examples)/', pathNot: `^packages/${suites}/` },
      to: { path: '^packages/[^/]+/src/internal\\.ts$', pathNot: '^packages/$1/' },
    },
    {
      name: 'published-imports-published',
      comment: 'Published packages import neither tests nor private packages nor examples.',
      from: { path: insidePublished },
      to: { path: '^(packages|examples)/', pathNot: insidePublished },
    },
    {
      name: 'entry-points-only',
      comment: 'Packages import each other only by the exports of package.json.',
      from: { path: '^(?:packages/([^/]+)|examples)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: ['^packages/$1/', ...entryPoints.map((file) => `^${file.replaceAll('.', '\\.')}$`)],
      },
    },
    {
      name: 'no-import-of-examples',
      comment: 'No package imports an example: move shared code to a package.',
      from: { path: '^packages/' },
      to: { path: '^examples/' },
    },
    {
      name: 'no-development-dependency',
      comment: 'Users do not install devDependencies: published packages must not import them.',
      from: { path: insidePublished },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
      },
    },
    {
      name: 'no-unresolved-import',
      comment: 'Every import must resolve.',
      from: { path: '^(packages|examples)/' },
      to: { couldNotResolve: true },
    },
  ]
  const adapterRules: readonly Rule[] =
    adapters.length < 2
      ? []
      : [
          {
            name: 'no-import-between-adapters',
            comment: 'Adapters never import each other.',
            from: { path: `^packages/${anyOf(adapters)}/src/` },
            to: { path: `^packages/${anyOf(adapters)}/`, pathNot: '^packages/$1/' },
          },
        ]
  return [...rules, ...adapterRules].map((rule) => ({ ...rule, severity: 'error' }))
}
