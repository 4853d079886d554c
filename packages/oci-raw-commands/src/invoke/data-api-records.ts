import { AntiphonError } from '@antiphon/core'
import { quoted } from '@antiphon/core/link'
import {
  asyncScheduler,
  defer,
  distinctUntilChanged,
  filter,
  repeat,
  takeWhile,
  timer,
  type SchedulerLike,
} from 'rxjs'
import { isFinished, type CommandRecord, type RecordSummary } from '../record.js'
import { version } from './call-platform.js'
import type { CommandRecords, InvokedCommand } from './command-records.js'

/** How to reach the data API of an IoT domain. */
export interface DataApiOptions {
  /** Its root: `https://<group>.data.iot.<region>.oci.oraclecloud.com/ords/<domain>`. */
  readonly url: string
  /** Returns a bearer token of the identity domain; called before each request. */
  readonly token: () => string | Promise<string>
  /** Milliseconds between two reads of a record. @defaultValue 1 000 */
  readonly pollPeriod?: number
  /** Sends the HTTP requests. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch
  /** The scheduler of all timers. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** How much the clocks of client and cloud may differ, in milliseconds. */
const clockTolerance = 60_000

/**
 * Reads records from the data API of the cloud, by polling: short statuses may be missing.
 *
 * The record of a command is the one that the `Location` of the invoke's response names. Without it, it is the record whose
 * id is the `opc-request-id`; otherwise the only one of the device since the invoke with its request endpoint. If there are
 * several, the stream fails with `protocol`: give each command an endpoint of its own.
 */
export function dataApiRecords({
  url,
  token,
  pollPeriod = 1_000,
  fetch = globalThis.fetch,
  scheduler = asyncScheduler,
}: DataApiOptions): CommandRecords {
  const root = `${url.replace(/\/$/, '')}/${version}/rawCommandData`
  const read = async (address: string): Promise<unknown> => {
    const headers = { accept: 'application/json', authorization: `Bearer ${await token()}` }
    const response = await fetch(address, { headers }).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AntiphonError('connection-lost', `cannot reach the data API at ${url}: ${reason}`, { cause })
    })
    if (response.status === 404) return undefined
    if (response.ok) return response.json()
    throw new AntiphonError('unknown', `the data API answered ${response.status} to ${address}`)
  }
  const readRecord = (id: string): Promise<CommandRecord | undefined> =>
    read(`${root}/${encodeURIComponent(id)}`) as Promise<CommandRecord | undefined>
  const readRecordsSince = async (command: InvokedCommand): Promise<readonly RecordSummary[]> => {
    const { items } = (await read(`${root}?q=${encodeURIComponent(queryOf(command))}`)) as {
      readonly items: readonly RecordSummary[]
    }
    return items
  }
  const find = async (command: InvokedCommand): Promise<CommandRecord | undefined> => {
    const named = idIn(command.location) ?? command.requestId
    const record = await readRecord(named)
    if (record !== undefined || command.location !== undefined) return record
    const [found, ...others] = await readRecordsSince(command)
    if (others.length > 0) throw ambiguity(command, others.length + 1)
    return found === undefined ? undefined : readRecord(found.id)
  }

  return {
    changes$: (command) =>
      defer(() => {
        let id: string | undefined
        const poll = async (): Promise<CommandRecord | undefined> => {
          const record = await (id === undefined ? find(command) : readRecord(id))
          id ??= record?.id
          return record
        }
        return defer(poll).pipe(
          repeat({ delay: () => timer(pollPeriod, scheduler) }),
          filter((record) => record !== undefined),
          distinctUntilChanged((a, b) => a.time_updated === b.time_updated),
          takeWhile((record) => !isFinished(record), true),
        )
      }),
  }
}

/** Returns the filter of the records that may be that of a command, in the query language of ORDS. */
function queryOf({ instanceId, invocation, invokedAt }: InvokedCommand): string {
  const since = new Date(invokedAt - clockTolerance).toISOString()
  return JSON.stringify({
    $and: [
      { digital_twin_instance_id: instanceId },
      { request_endpoint: invocation.requestEndpoint },
      { time_created: { $gte: { $date: since } } },
    ],
  })
}

/** Returns the id of the record that a URL names. */
function idIn(location: string | undefined): string | undefined {
  const id = /\/rawCommandData\/([^/?#]+)/.exec(location ?? '')?.[1]
  return id === undefined ? undefined : decodeURIComponent(id)
}

function ambiguity({ requestId, invocation }: InvokedCommand, count: number): AntiphonError<'protocol'> {
  const topic = quoted(invocation.requestEndpoint)
  return new AntiphonError(
    'protocol',
    `cannot find the record of command ${quoted(requestId)}: ${count} records of the device have request endpoint ${topic}; give each command an endpoint of its own, such as <base>/cmd/<key>`,
    { topic: invocation.requestEndpoint, correlation: requestId },
  )
}
