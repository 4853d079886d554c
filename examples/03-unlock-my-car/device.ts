/** What phone and car have in common: how they connect, and what they tell of it. */
import { logged, type AntiphonError, type Link, type LogEntry } from '@antiphon/core'
import { connectDevice, parseConnectionString } from '@antiphon/azure-topic-spaces'
import { pipe } from 'fp-ts/lib/function.js'
import { tap } from 'rxjs'
import { offlineLine } from '../live-state.js'

/** The connection string in an environment variable. */
export function connectionStringIn(variable: string): string {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`set ${variable} to the device's connection string`)
  return text
}

/** The device's id in its connection string. */
export function deviceIdIn(variable: string): string {
  return parseConnectionString(connectionStringIn(variable)).deviceId
}

/** Prints a line as from a device. */
export function say(deviceId: string, line: string): void {
  console.log(`${deviceId}: ${line}`)
}

/** What to print of a failure. */
export function failureLine({ code, message, awaited }: AntiphonError): string {
  return awaited === undefined ? `${code}: ${message}` : `${code}, waiting for ${awaited}: ${message}`
}

/** Connects the device of a variable, to the hub it names or to the one at `HUB_URL`; tells what passes. */
export function connectFrom(variable: string, tell: (entry: LogEntry) => void): Link {
  const { HUB_URL: url } = process.env
  const deviceId = deviceIdIn(variable)
  const link = connectDevice(connectionStringIn(variable), url === undefined ? {} : { url })
  const tellState = (entry: LogEntry): void => {
    if (entry.event !== 'state') return
    const line = entry.state.status === 'connecting' ? 'Connecting' : offlineLine(entry.state)
    if (line !== undefined) say(deviceId, line)
  }
  return pipe(
    link,
    logged((entry) => {
      tellState(entry)
      tell(entry)
    }),
    (inner) => ({
      ...inner,
      subscription$: (filter, options) =>
        inner.subscription$(filter, options).pipe(
          tap({
            subscribe: () => say(deviceId, `Subscribing to ${filter} at qos ${options?.qos ?? 1}`),
            next: ({ grantedQoS }) => say(deviceId, `Subscription was granted with qos ${grantedQoS}`),
          }),
        ),
    }),
  )
}
