import { nightlySteps } from './nightly-steps.js'
import { runSteps } from './run-steps.js'
import { stepsNamed } from './steps.js'

// One step at a time: some of them measure how fast the system is.
await runSteps(stepsNamed(process.argv.slice(2), nightlySteps()), 1)
