/** The car: `CS_CAR_DEVICE=… npx tsx 03-unlock-my-car/car.ts`. Serves for ten minutes; Ctrl-C stops it after pending requests. */
import { serveUnlock } from '@antiphon/azure-topic-spaces'
import { AntiphonError, ignoredRequests$, type LogEntry } from '@antiphon/core'
import { fromEvent, lastValueFrom } from 'rxjs'
import { connectFrom, deviceIdIn, failureLine, printLine } from './device.js'

const car = deviceIdIn('CS_CAR_DEVICE')
const decoder = new TextDecoder()

function printPublish(entry: LogEntry): void {
  if (entry.event !== 'publish') return
  const { topic, payload } = entry.message
  printLine(car, `publishing to ${topic}: ${decoder.decode(payload)}`)
}

const link = connectFrom('CS_CAR_DEVICE', printPublish)
ignoredRequests$(link).subscribe(({ reason, detail }) => printLine(car, `ignored, ${reason}: ${detail}`))
const options = { startTimeout: 20_000, servingPeriod: 600_000, drain$: fromEvent(process, 'SIGINT') }
try {
  await lastValueFrom(serveUnlock(link, car, options), { defaultValue: undefined })
} catch (error) {
  printLine(car, failureLine(AntiphonError.from(error)))
  process.exitCode = 1
}
printLine(car, 'Disconnecting')
await link.close()
