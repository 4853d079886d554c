import { AntiphonError } from '@antiphon/core'
import { faults } from './command.js'

try {
  process.exitCode = faults(process.argv.slice(2), console.log)
} catch (error) {
  // Any other error is a bug: rethrow it with its stack.
  if (!(error instanceof AntiphonError) || error.code !== 'invalid-argument') throw error
  console.error(`pnpm faults: ${error.message}`)
  process.exitCode = 1
}
