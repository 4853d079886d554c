import { noteMark } from '../step.js'
import { publicPackages } from '../workspace.js'
import { productionDependencies } from './dependencies.js'
import { licenceCounts, licenceFaults } from './report.js'

const dependencies = productionDependencies(publicPackages())
for (const { name, version, licence, path } of dependencies) {
  console.log(`  ${licence.padEnd(12)}  ${name}@${version}  (${path.join(' → ')})`)
}
const faults = licenceFaults(dependencies)
for (const fault of faults) console.log(fault)
console.log(`${noteMark}${licenceCounts(dependencies)}`)
process.exitCode = faults.length > 0 ? 1 : 0
