import { runAntiphon } from '../antiphon-program.js'

await runAntiphon()
