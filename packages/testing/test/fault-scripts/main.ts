import { faults } from './command.js'

process.exitCode = faults(process.argv.slice(2), console.log)
