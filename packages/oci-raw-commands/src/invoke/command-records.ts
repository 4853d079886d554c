import { Observable } from 'rxjs'
import { callPlatform, type PlatformAddress } from './call-platform.js'
import type { Invocation } from '../invocation.js'
import type { CommandRecord } from '../record.js'

/** A command that the platform has accepted. */
export interface InvokedCommand {
  /** The `opc-request-id` of the platform's response. */
  readonly requestId: string
  /** The `Location` of the platform's response. */
  readonly location?: string
  readonly instanceId: string
  readonly invocation: Invocation
  /** When it was invoked, in milliseconds since 1970. */
  readonly invokedAt: number
}

/** Where `invoke$` reads the records of commands. */
export interface CommandRecords {
  /**
   * Emits the changes of a record.
   * - *on subscribe*: starts reading. *next*: the record after a change; earlier changes may be missing.
   * - *complete*: after the last change. *error*: the records cannot be read. *unsubscribe*: stops reading.
   */
  readonly changes$: (command: InvokedCommand) => Observable<CommandRecord>
}

/** Reads records from the local platform, which sends every change of a record from its first on. */
export function platformRecords(platform: PlatformAddress): CommandRecords {
  return {
    changes$: ({ requestId }) =>
      new Observable((subscriber) => {
        const abort = new AbortController()
        const read = async (): Promise<void> => {
          const path = `rawCommands/${encodeURIComponent(requestId)}`
          const headers = { accept: 'text/event-stream' }
          const { body } = await callPlatform(platform, path, { headers, signal: abort.signal })
          for await (const data of eventsOf(body)) subscriber.next(JSON.parse(data) as CommandRecord)
        }
        read().then(
          () => subscriber.complete(),
          (error: unknown) => subscriber.error(error),
        )
        return () => abort.abort()
      }),
  }
}

/** Reads the data of server-sent events, each of one line. */
async function* eventsOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let unread = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    unread += decoder.decode(part.value, { stream: true })
    const lines = unread.split('\n')
    unread = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length)
  }
}
