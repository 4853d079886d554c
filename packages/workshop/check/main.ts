import { availableParallelism } from 'node:os'
import { runSteps } from './run-steps.js'
import { stepsNamed } from './steps.js'

await runSteps(stepsNamed(process.argv.slice(2)), availableParallelism())
