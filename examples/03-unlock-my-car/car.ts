/** The car: `CS_CAR_DEVICE=… npx tsx 03-unlock-my-car/car.ts`. Listens for ten minutes; Ctrl-C drains and ends it. */
import { serveUnlock } from '@antiphon/azure-topic-spaces'
import { refusals$, type LogEntry } from '@antiphon/core'
import { fromEvent, lastValueFrom, race, timer } from 'rxjs'
import { connectFrom, deviceIdIn, say } from './device.js'

const car = deviceIdIn('CS_CAR_DEVICE')
const decoder = new TextDecoder()

function tell(entry: LogEntry): void {
  if (entry.event !== 'publish') return
  const { topic, payload } = entry.message
  say(car, `publishing to ${topic}: ${decoder.decode(payload)}`)
}

const link = connectFrom('CS_CAR_DEVICE', tell)
refusals$(link).subscribe(({ reason, detail }) => say(car, `ignored, ${reason}: ${detail}`))
const stop$ = race(fromEvent(process, 'SIGINT'), timer(600_000))
await lastValueFrom(serveUnlock(link, car, { drain$: stop$ }), { defaultValue: undefined })
say(car, 'Disconnecting')
await link.close()
