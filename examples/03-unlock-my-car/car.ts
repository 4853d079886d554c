/** The car: `CS_CAR_DEVICE=… npx tsx 03-unlock-my-car/car.ts`. Listens for ten minutes; Ctrl-C drains and ends it. */
import { serveUnlock } from '@antiphon/azure-topic-spaces'
import { AntiphonError, ignoredRequests$, type LogEntry } from '@antiphon/core'
import { fromEvent, lastValueFrom } from 'rxjs'
import { connectFrom, deviceIdIn, failureLine, say } from './device.js'

const car = deviceIdIn('CS_CAR_DEVICE')
const decoder = new TextDecoder()

function tell(entry: LogEntry): void {
  if (entry.event !== 'publish') return
  const { topic, payload } = entry.message
  say(car, `publishing to ${topic}: ${decoder.decode(payload)}`)
}

const link = connectFrom('CS_CAR_DEVICE', tell)
ignoredRequests$(link).subscribe(({ reason, detail }) => say(car, `ignored, ${reason}: ${detail}`))
const rules = { startWithin: 20_000, listenFor: 600_000, drain$: fromEvent(process, 'SIGINT') }
try {
  await lastValueFrom(serveUnlock(link, car, rules), { defaultValue: undefined })
} catch (error) {
  say(car, failureLine(AntiphonError.from(error)))
  process.exitCode = 1
}
say(car, 'Disconnecting')
await link.close()
