import { Observable } from 'rxjs'
import { callPlatform } from './call-platform.js'
import type { CommandRecord } from './record.js'

/** Where `invoke$` reads the records of commands. */
export interface CommandRecords {
  /**
   * Emits the changes of a record.
   * - *on subscribe*: starts reading. *next*: the record after a change; earlier changes may be missing.
   * - *complete*: after the last change. *error*: the records cannot be read. *unsubscribe*: stops reading.
   */
  readonly changes$: (id: string) => Observable<CommandRecord>
}

/** How to reach a platform over HTTP. */
export interface PlatformAddress {
  /** The root of its HTTP API, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** The function that sends HTTP requests, for example one that signs them. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch
}

/** Reads records from the local platform, which sends every change of a record from its first on. */
export function platformRecords(platform: PlatformAddress): CommandRecords {
  return {
    changes$: (id) =>
      new Observable((subscriber) => {
        const abort = new AbortController()
        const read = async (): Promise<void> => {
          const path = `rawCommands/${encodeURIComponent(id)}`
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
