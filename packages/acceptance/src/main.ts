import { availableParallelism, platform } from 'node:os'
import { guardProcesses } from '@antiphon/workshop/process-guard'
import { help, readArguments, type SuiteArguments } from './frame/arguments.js'
import { runSection } from './run-section.js'
import { saveRecord, readLastRecord, fullRunCommand, writeReport } from './report/files.js'
import type { SectionRecord, SuiteRecord } from './report/page.js'
import { sections } from './sections.js'

const args = process.argv.slice(2)
const suiteArguments = readArguments(args, sections)
if (suiteArguments === 'help') {
  console.log(help(sections))
  process.exit()
}

// An interrupted or killed run leaves no broker or peer running.
guardProcesses()

const suite = suiteArguments.isReportOnly ? await readLastRecord() : await runAll(suiteArguments)
const file = await writeReport(suite, sections)
const failures = suite.sections.flatMap(({ outcome }) => outcome.failures)
const notRun = suite.sections.flatMap(({ outcome }) => outcome.notRun)
for (const { what, remedy } of notRun) console.log(`did not run: ${what} (${remedy})`)
console.log(`report: ${file}`)
// The check shows the last line in its table.
const skipped = notRun.map(({ what, remedy }) => `; did not run: ${what} (${remedy})`)
console.log(
  `note: ${failures.length === 0 ? 'passed' : `${failures.length} failures`} in ${suite.seconds.toFixed(0)} s${skipped.join('')}`,
)
// CI installs all programs that the smoke part uses, so no test may be left out there.
const mustBeWhole = process.env['CI'] === 'true' && suite.isSmoke
process.exitCode = failures.length === 0 && !(mustBeWhole && notRun.length > 0) ? 0 : 1

async function runAll(options: SuiteArguments): Promise<SuiteRecord> {
  const start = performance.now()
  const startedAt = new Date().toISOString()
  const records: SectionRecord[] = []
  for (const section of options.sections) records.push(await runSection(section, options))
  const record: SuiteRecord = {
    startedAt,
    seconds: (performance.now() - start) / 1_000,
    isSmoke: options.isSmoke,
    command: [fullRunCommand, ...args].join(' '),
    environment: {
      Node: process.version,
      system: platform(),
      cores: String(availableParallelism()),
    },
    sections: records,
  }
  await saveRecord(record)
  return record
}
