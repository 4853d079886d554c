import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readCommandLine } from '../../bin/command-line.mjs'
import { noteMark } from '../step.js'
import { type Entry, fromRoot, inCache, inRoot, publicPackages } from '../workspace.js'
import { remainingWarnings, publicNamesIn } from './public-names.js'
import { compareReport } from './compare-report.js'

const help = `pnpm api: compares the public names of the built packages with docs/api

Usage: node --import tsx packages/workshop/check/api/main.ts [options]

Options
  --write     writes docs/api, as pnpm api does
  -h, --help  prints this help`

const { values } = readCommandLine(help, { options: { write: { type: 'boolean', default: false } } })
const isWriting = values.write
const reports = inRoot('docs', 'api')
const drafts = inCache('api')
const tsconfig = join(drafts, 'tsconfig.json')
const packages = publicPackages()
const written = new Set<string>()
const problems: string[] = []

await mkdir(reports, { recursive: true })
await rm(drafts, { recursive: true, force: true })
await mkdir(drafts, { recursive: true })
await writeFile(tsconfig, JSON.stringify(await foreignPackages()))

for (const item of packages) {
  const warnings: string[] = []
  const exportedNames: string[] = []
  for (const entry of item.entries.filter(({ isInternal }) => !isInternal)) {
    const file = `${entry.fileName}.api.md`
    const report = compareReport(item, entry, { reports, drafts, tsconfig, isWriting })
    written.add(file)
    warnings.push(...report.warnings)
    exportedNames.push(...publicNamesIn(await readFile(join(drafts, file), 'utf8')))
    if (report.isChanged && isWriting) console.log(`wrote docs/api/${file}`)
    else if (report.isChanged) problems.push(`${entry.specifier} differs from docs/api/${file}`)
  }
  problems.push(...remainingWarnings(warnings, exportedNames))
}
for (const file of await readdir(reports)) {
  if (written.has(file)) continue
  if (isWriting) await rm(join(reports, file))
  else problems.push(`${fromRoot(join(reports, file))} does not belong to an entry of a package`)
}
for (const problem of problems) console.log(problem)
if (problems.length > 0 && !isWriting) {
  console.log('\nIf the change is intended, run `pnpm api` and commit docs/api.')
}
console.log(`${noteMark}${written.size} entries`)
process.exitCode = problems.length > 0 ? 1 : 0

// API Extractor treats declarations as those of another package only if they are in node_modules.
async function foreignPackages(): Promise<unknown> {
  const modules = join(drafts, 'node_modules')
  const paths: Record<string, readonly string[]> = {}
  const files: string[] = []
  for (const { folder, name, entries } of packages) {
    await cp(join(folder, 'dist'), join(modules, name, 'dist'), { recursive: true })
    const asForeign = ({ types }: Entry): string => join(modules, name, relative(folder, types))
    for (const entry of entries) {
      paths[entry.specifier] = [asForeign(entry)]
      files.push(entry.types)
    }
  }
  return {
    compilerOptions: {
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      module: 'ESNext',
      moduleResolution: 'Bundler',
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [inRoot('node_modules', '@types')],
      paths,
    },
    files,
  }
}
