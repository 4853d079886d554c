/** The phone: `CS_MOBILE_DEVICE=… CS_CAR_DEVICE=… npx tsx 03-unlock-my-car/mobile.ts`. Unlocks the car once. */
import { unlock$ } from '@antiphon/azure-topic-spaces'
import { AntiphonError, type LogEntry } from '@antiphon/core'
import { of } from 'rxjs'
import { connectFrom, deviceIdIn, failureLine, printLine } from './device.js'

const mobile = deviceIdIn('CS_MOBILE_DEVICE')
const car = deviceIdIn('CS_CAR_DEVICE')
const decoder = new TextDecoder()

function printPublish(entry: LogEntry): void {
  if (entry.event === 'publish') {
    const { topic, payload } = entry.message
    printLine(mobile, `Publishing to ${topic} at QOS 1: ${decoder.decode(payload)}`)
  } else if (entry.event === 'acknowledged') {
    printLine(mobile, 'PUBACK received')
  }
}

const link = connectFrom('CS_MOBILE_DEVICE', printPublish)
try {
  await of(car)
    .pipe(unlock$(link, mobile))
    .forEach(({ result }) => printLine(mobile, `response received.  Result=${result}`))
} catch (error) {
  printLine(mobile, failureLine(AntiphonError.from(error)))
  process.exitCode = 1
}
printLine(mobile, 'Disconnecting')
await link.close()
