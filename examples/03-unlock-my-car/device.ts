/** What phone and car share: the connection and its log. */
import { logged, type AntiphonError, type Link, type LogEntry, type SubscriptionWindow } from '@antiphon/core'
import { connectDevice, parseConnectionString } from '@antiphon/azure-topic-spaces'
import { pipe } from 'fp-ts/lib/function.js'
import { distinctUntilKeyChanged, shareReplay, tap, type Observable } from 'rxjs'
import { offlineLine } from '../live-state.js'

/** Reads a connection string from an environment variable. */
export function connectionStringIn(variable: string): string {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: set it to the device's connection string`)
  return text
}

/** Reads the device id from the connection string in an environment variable. */
export function deviceIdIn(variable: string): string {
  return parseConnectionString(connectionStringIn(variable)).deviceId
}

/** Prints a line with the device id before it. */
export function printLine(deviceId: string, line: string): void {
  console.log(`${deviceId}: ${line}`)
}

/** Describes an error with the step that it waited for, if any. */
export function failureLine({ message, awaited }: AntiphonError): string {
  return awaited === undefined ? message : `${message} (waiting for ${awaited})`
}

/** Connects the device whose connection string is in `variable`, to `HUB_URL` if that is set, and logs its events. */
export function connectFrom(variable: string, printEntry: (entry: LogEntry) => void): Link {
  const { HUB_URL: url } = process.env
  const deviceId = deviceIdIn(variable)
  const link = connectDevice(connectionStringIn(variable), url === undefined ? {} : { url })
  link.state$.pipe(distinctUntilKeyChanged('status')).subscribe((state) => {
    const line = state.status === 'connecting' ? 'Connecting' : offlineLine(state)
    if (line !== undefined) printLine(deviceId, line)
  })
  return pipe(link, logged(printEntry), withSubscriptionLines(deviceId))
}

/** Prints a line for each SUBSCRIBE and SUBACK, of which several subscribers to a filter share one. */
function withSubscriptionLines(deviceId: string): (link: Link) => Link {
  const shared = new Map<string, Observable<SubscriptionWindow>>()
  return (link) => ({
    ...link,
    subscription$: (filter, options) => {
      const subscription$ =
        shared.get(filter) ??
        link.subscription$(filter, options).pipe(
          tap({
            subscribe: () => printLine(deviceId, `Subscribing to ${filter} at qos ${options?.qos ?? 1}`),
            next: ({ grantedQoS }) => printLine(deviceId, `Subscription was granted with qos ${grantedQoS}`),
          }),
          shareReplay({ bufferSize: 1, refCount: true }),
        )
      shared.set(filter, subscription$)
      return subscription$
    },
  })
}
