import { costOfProcess, exceeded } from './limits.js'
import { writeReport } from './report/report.js'
import { readSettings } from './settings.js'
import { makeVirtualWorld, reportOf, simulate } from './simulate.js'

const settings = readSettings(process.argv.slice(2))
if (settings !== 'help') {
  const runs = await simulate(settings, makeVirtualWorld)
  const { folder, subject } = reportOf(settings)
  writeReport(folder, subject, runs)
  console.log(`${folder}/report.html`)
  for (const fault of exceeded(costOfProcess(), settings.limits)) {
    console.error(fault)
    process.exitCode = 1
  }
}
