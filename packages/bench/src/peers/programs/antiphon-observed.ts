import { observed } from '@antiphon/core/events'
import { runAntiphon } from '../antiphon-program.js'

const events = { count: 0 }

await runAntiphon({ middleware: observed(() => events.count++) })
