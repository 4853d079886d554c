import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { noteMark } from '../step.js'
import { type Entry, fromRoot, inCache, inRoot, publicPackages } from '../workspace.js'
import { complaintsThatStand, publicNamesIn } from './public-names.js'
import { reportOn } from './report.js'

const isWriting = process.argv.includes('--write')
const reports = inRoot('docs', 'api')
const drafts = inCache('api')
const tsconfig = join(drafts, 'tsconfig.json')
const packages = publicPackages()
const known = new Set<string>()
const problems: string[] = []

await mkdir(reports, { recursive: true })
await rm(drafts, { recursive: true, force: true })
await mkdir(drafts, { recursive: true })
await writeFile(tsconfig, JSON.stringify(await foreignPackages()))

for (const each of packages) {
  const complaints: string[] = []
  const shown: string[] = []
  for (const entry of each.entries.filter(({ isInternal }) => !isInternal)) {
    const file = `${entry.fileName}.api.md`
    const report = reportOn(each, entry, { reports, drafts, tsconfig, isWriting })
    known.add(file)
    complaints.push(...report.complaints)
    shown.push(...publicNamesIn(await readFile(join(drafts, file), 'utf8')))
    if (report.isChanged && isWriting) console.log(`wrote docs/api/${file}`)
    else if (report.isChanged) problems.push(`${entry.specifier} differs from docs/api/${file}`)
  }
  problems.push(...complaintsThatStand(complaints, shown))
}
for (const file of await readdir(reports)) {
  if (known.has(file)) continue
  if (isWriting) await rm(join(reports, file))
  else problems.push(`${fromRoot(join(reports, file))} is about no entry of any package`)
}
for (const problem of problems) console.log(problem)
if (problems.length > 0 && !isWriting) {
  console.log('\nWhere the change is meant, run `pnpm api` and commit docs/api.')
}
console.log(`${noteMark}${known.size} entries`)
process.exitCode = problems.length > 0 ? 1 : 0

// The declarations of one package are foreign to another only where they lie in node_modules.
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
