import { identity } from 'rxjs'
import { runAntiphon } from '../antiphon-program.js'

await runAntiphon(identity)
