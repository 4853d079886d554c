import { AntiphonError } from '@antiphon/core'
import { faults } from './command.js'

try {
  process.exitCode = faults(process.argv.slice(2), console.log)
} catch (error) {
  // Anything else is a fault of the program, and shows where it was thrown.
  if (!(error instanceof AntiphonError) || error.code !== 'invalid-argument') throw error
  console.error(`pnpm faults: ${error.message}`)
  process.exitCode = 1
}
