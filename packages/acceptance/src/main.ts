import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, platform, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { help, readArguments } from './frame/arguments.js'
import { runSection } from './frame/run-section.js'
import { page, type SectionRecord, type SuiteRecord } from './report/page.js'
import { sections } from './sections.js'

const folder = fileURLToPath(new URL('../../../.cache/acceptance/', import.meta.url))
const args = process.argv.slice(2)
const request = readArguments(args, sections)
if (request === 'help') {
  console.log(help(sections))
  process.exit()
}

const start = performance.now()
const startedAt = new Date().toISOString()
const records: SectionRecord[] = []
for (const section of request.sections) records.push(await runSection(section, request))

const record: SuiteRecord = {
  startedAt,
  seconds: (performance.now() - start) / 1_000,
  command: ['pnpm acceptance', ...args].join(' '),
  ground: {
    Node: process.version,
    system: `${platform()} ${release()}`,
    cores: String(availableParallelism()),
  },
  sections: records,
}
const name = request.isSmoke ? 'smoke' : 'report'
await mkdir(folder, { recursive: true })
await writeFile(`${folder}${name}.json`, `${JSON.stringify(record, undefined, 1)}\n`)
await writeFile(`${folder}${name}.html`, page(record, sections))

const failures = records.flatMap(({ outcome }) => outcome.failures)
for (const { what, remedy } of records.flatMap(({ outcome }) => outcome.notRun))
  console.log(`did not run: ${what} (${remedy})`)
console.log(`report: .cache/acceptance/${name}.html, ${name}.json`)
// The last line is the one that the check shows in its table.
console.log(
  `note: ${failures.length === 0 ? 'everything held' : `${failures.length} did not hold`} in ${record.seconds.toFixed(0)} s`,
)
process.exitCode = failures.length === 0 ? 0 : 1
