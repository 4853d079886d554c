import { cancels } from './cases/cancels.js'
import { creditStream, groupStreams } from './cases/credit-stream.js'
import { openStream } from './cases/open-stream.js'
import { pausedSession } from './cases/paused-session.js'
import { retries } from './cases/retries.js'
import { rollingRestart } from './cases/rolling-restart.js'
import { slowHandler } from './cases/slow-handler.js'
import { stickyGroups } from './cases/sticky-groups.js'
import type { Measure } from './measure/measure.js'

/** All measures, in the order of the report. */
export const measures: readonly Measure[] = [
  slowHandler,
  creditStream,
  openStream,
  ...cancels,
  ...groupStreams,
  ...retries,
  ...stickyGroups,
  rollingRestart,
  pausedSession,
]
