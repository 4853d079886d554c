import { nightlySteps } from './nightly-steps.js'
import { runSteps } from './run-steps.js'
import { stepsNamed } from './steps.js'

// One step at a time, because some of them measure the speed of the system.
await runSteps(stepsNamed(process.argv.slice(2), nightlySteps()), 1)
