import { availableParallelism, platform } from 'node:os'
import { help, readArguments, type SuiteRequest } from './frame/arguments.js'
import { runSection } from './frame/run-section.js'
import { keepRecord, lastRecord, whole, writeReport } from './report/files.js'
import type { SectionRecord, SuiteRecord } from './report/page.js'
import { sections } from './sections.js'

const args = process.argv.slice(2)
const request = readArguments(args, sections)
if (request === 'help') {
  console.log(help(sections))
  process.exit()
}

const suite = request.isReportOnly ? await lastRecord() : await runAll(request)
const file = await writeReport(suite, sections)
const failures = suite.sections.flatMap(({ outcome }) => outcome.failures)
const notRun = suite.sections.flatMap(({ outcome }) => outcome.notRun)
for (const { what, remedy } of notRun) console.log(`did not run: ${what} (${remedy})`)
console.log(`report: ${file}`)
// The last line is the one that the check shows in its table.
const skipped = notRun.map(({ what, remedy }) => `; did not run: ${what} (${remedy})`)
console.log(
  `note: ${failures.length === 0 ? 'everything held' : `${failures.length} did not hold`} in ${suite.seconds.toFixed(0)} s${skipped.join('')}`,
)
// CI installs all that the smoke part needs.
const mustBeWhole = process.env['CI'] === 'true' && suite.isSmoke
process.exitCode = failures.length === 0 && !(mustBeWhole && notRun.length > 0) ? 0 : 1

async function runAll(todo: SuiteRequest): Promise<SuiteRecord> {
  const start = performance.now()
  const startedAt = new Date().toISOString()
  const records: SectionRecord[] = []
  for (const section of todo.sections) records.push(await runSection(section, todo))
  const record: SuiteRecord = {
    startedAt,
    seconds: (performance.now() - start) / 1_000,
    isSmoke: todo.isSmoke,
    command: [whole, ...args].join(' '),
    ground: {
      Node: process.version,
      system: platform(),
      cores: String(availableParallelism()),
    },
    sections: records,
  }
  await keepRecord(record)
  return record
}
