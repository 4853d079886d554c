import { Extractor, ExtractorConfig, ExtractorLogLevel, type IConfigFile } from '@microsoft/api-extractor'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { noteMark } from '../step.js'
import { type Entry, fromRoot, inCache, inRoot, type Package, publicPackages } from '../workspace.js'

const isWriting = process.argv.includes('--write')
const reports = inRoot('docs', 'api')
const drafts = inCache('api')
const none = { logLevel: ExtractorLogLevel.None }
const packages = publicPackages()
const entries = packages.flatMap((each) => each.entries.map((entry) => ({ each, entry })))
const fileOf = ({ fileName }: Entry): string => `${fileName}.api.md`

await mkdir(reports, { recursive: true })
await rm(drafts, { recursive: true, force: true })
await mkdir(drafts, { recursive: true })

// The declarations of one package are foreign to another only where they lie in node_modules.
const foreign = join(drafts, 'node_modules')
for (const { folder, name } of packages) {
  await cp(join(folder, 'dist'), join(foreign, name, 'dist'), { recursive: true })
}
const asForeign = ({ name, folder }: Package, { types }: Entry): string =>
  join(foreign, name, relative(folder, types))

const tsconfig = join(drafts, 'tsconfig.json')
await writeFile(
  tsconfig,
  JSON.stringify({
    compilerOptions: {
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      module: 'ESNext',
      moduleResolution: 'Bundler',
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [inRoot('node_modules', '@types')],
      paths: Object.fromEntries(
        entries.map(({ each, entry }) => [entry.specifier, [asForeign(each, entry)]]),
      ),
    },
    files: entries.map(({ entry }) => entry.types),
  }),
)

const problems: string[] = []
for (const { each, entry } of entries) problems.push(...report(each, entry))
const known = new Set(entries.map(({ entry }) => fileOf(entry)))
for (const file of await readdir(reports)) {
  if (known.has(file)) continue
  if (isWriting) await rm(join(reports, file))
  else problems.push(`${fromRoot(join(reports, file))} is about no entry of any package`)
}
for (const problem of problems) console.log(problem)
if (problems.length > 0 && !isWriting) {
  console.log('\nWhere the change is meant, run `pnpm api` and commit docs/api.')
}
console.log(`${noteMark}${entries.length} entries`)
process.exitCode = problems.length > 0 ? 1 : 0

function report(each: Package, entry: Entry): readonly string[] {
  const config: IConfigFile = {
    projectFolder: each.folder,
    mainEntryPointFilePath: entry.types,
    newlineKind: 'lf',
    compiler: { tsconfigFilePath: tsconfig },
    apiReport: {
      enabled: true,
      reportFileName: entry.fileName,
      reportFolder: reports,
      reportTempFolder: drafts,
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      tsdocMessageReporting: { default: none },
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.Error, addToApiReportFile: false },
        'ae-missing-release-tag': none,
        'ae-undocumented': none,
        'ae-unresolved-link': none,
      },
    },
  }
  const found: string[] = []
  const { apiReportChanged } = Extractor.invoke(
    ExtractorConfig.prepare({
      configObject: config,
      configObjectFullPath: undefined,
      packageJsonFullPath: join(each.folder, 'package.json'),
    }),
    {
      localBuild: isWriting,
      messageCallback: (message) => {
        const isOurs = message.logLevel === ExtractorLogLevel.Error
        message.handled = true
        if (isOurs) found.push(`${entry.specifier}: ${message.formatMessageWithLocation(each.folder)}`)
      },
    },
  )
  if (!apiReportChanged) return found
  if (isWriting) {
    console.log(`wrote ${fromRoot(join(reports, fileOf(entry)))}`)
    return found
  }
  return [...found, `${entry.specifier} differs from ${fromRoot(join(reports, fileOf(entry)))}`]
}
