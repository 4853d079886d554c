/** The press: executes commands and sends its force as telemetry. Its connection settings are environment variables; see the guide. */
import { executeCommand$, sendTelemetry$ } from '@antiphon/azure-iot-operations'
import { connectOperations, settingsFromEnvironment } from '@antiphon/azure-iot-operations/connect'
import { withProperties } from '@antiphon/core'
import { fromEvent, lastValueFrom, map, Subject } from 'rxjs'
import { force, press } from './press.js'

const link = connectOperations(settingsFromEnvironment())
const forces$ = new Subject<number>()
let presses = 0

const sent = forces$.pipe(
  map((value) => ({ value, cloudEvent: { source: 'presses/press-7' } })),
  sendTelemetry$(link, force, { topicTokens: { senderId: 'press-7' } }),
)
sent.subscribe()

const executed$ = executeCommand$(
  link,
  press,
  ({ value, sourceId }) => {
    presses += 1
    console.log(`Press ${presses} for ${sourceId ?? 'a client without a name'}, with ${value.force} kN`)
    forces$.next(value.force)
    return withProperties({ presses }, { userProperties: [['unit', 'kN']] })
  },
  { topicTokens: { executorId: 'press-7' }, drain$: fromEvent(process, 'SIGINT') },
)
await lastValueFrom(executed$, { defaultValue: undefined })
await link.close()
console.log('The press has stopped')
