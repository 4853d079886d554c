import type { Endpoint, Link } from '@antiphon/core'
import type { EventSink } from '@antiphon/core/events'
import { invalidArgument, requireArgument, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { createToken, isAllowed } from './server/access.js'
import { EventFeed } from './server/event-feed.js'
import { servePage } from './server/page-files.js'
import { readReplay, replay } from './server/replay.js'
import { parametersOf, readWrittenRequest, sendByContract } from './server/send-by-contract.js'

/** Options of `inspect`. */
export interface InspectOptions {
  /** The port on the loopback address. @defaultValue a free one */
  readonly port?: number
  /** The link over which the page sends requests again. @defaultValue none, and the page offers it not */
  readonly link?: Link
  /** The endpoints whose requests the page sends by their contract: a form with their parameters, and values that their codecs check. */
  readonly endpoints?: readonly Endpoint[]
  /**
   * The address of a trace in your tracing tool, with `{traceId}` and, if you like, `{spanId}`, such as
   * `http://localhost:16686/trace/{traceId}`. @defaultValue none, and the page shows the id only
   */
  readonly traceUrl?: string
  /** Whether the events are those of a recording: ages count to its last event, not to the present. @defaultValue false */
  readonly recorded?: boolean
}

const inspectOptionRules: OptionRules<InspectOptions> = {
  port: wholeNumberRule(0, 65_535),
  link: 'object',
  endpoints: endpointsRule,
  traceUrl: (value) =>
    typeof value === 'string' && /^https?:\/\/.*\{traceId\}/.test(value)
      ? undefined
      : 'it must begin with http:// or https://, and contain {traceId}',
  recorded: [true, false],
}

function endpointsRule(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'it must be an array of endpoints'
  const names = value.map((each: unknown) => (each as Partial<Endpoint> | undefined)?.name)
  if (names.some((name) => typeof name !== 'string')) return 'it must be an array of endpoints'
  return new Set(names).size === names.length ? undefined : 'each endpoint needs a name of its own'
}

/** An inspector that serves its page. */
export interface Inspector {
  /** The address of the page, with the token that it needs. */
  readonly url: string
  /** Pass it to `observed`, as often as you like. */
  readonly sink: EventSink
  /** Closes the server and its pages. */
  readonly close: () => Promise<void>
}

/**
 * Serves a page that shows the exchanges of this process live. It listens on the loopback address only, and refuses connections
 * without its token or from other origins.
 *
 * @example
 * ```ts
 * const { url, sink } = await inspect()
 * const link = observed(sink, { payloadBytes: 2_000 })(connect('mqtt://localhost'))
 * console.log(url)
 * ```
 */
export async function inspect(options: InspectOptions = {}): Promise<Inspector> {
  requireArgument('options', options, inspectOptionRules)
  const { port: wanted = 0, link, endpoints = [], traceUrl, recorded = false } = options
  if (endpoints.length > 0 && link === undefined)
    throw invalidArgument('options.endpoints needs options.link, over which the page sends requests')
  const hello = JSON.stringify({
    canSend: link !== undefined,
    ...(endpoints.length === 0 ? {} : { endpoints: endpoints.map(toOffer) }),
    ...(traceUrl === undefined ? {} : { traceUrl }),
    ...(recorded ? { isRecording: true } : {}),
  })
  const token = createToken()
  const feed = new EventFeed()
  const server = createServer((request, response) => void servePage(request, response))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 20 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wanted, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  server.on('upgrade', (request, socket, head) => {
    if (!isAllowed(request, token, port)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate())
      webSocket.send(hello)
      feed.connect(webSocket)
      webSocket.on('message', (data: Buffer) => {
        const report = (error: unknown, responses?: string): void => {
          const text = responses === undefined ? 'responded' : `responded: ${responses}`
          const result = error === undefined ? text : error instanceof Error ? error.message : 'failed'
          webSocket.send(JSON.stringify({ result }))
        }
        try {
          if (link !== undefined) send(link, endpoints, data.toString(), report)
        } catch (error) {
          report(error)
        }
      })
    })
  })
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    sink: (event) => feed.add(event),
    close: async () => {
      feed.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Describes an endpoint for the form of the page. */
function toOffer(endpoint: Endpoint): object {
  const { name, topic, request } = endpoint
  return {
    name,
    topic: topic.template,
    parameters: parametersOf(endpoint),
    contentType: request.contentType,
  }
}

/** Sends what the page has sent: a request by its contract, or one that it has seen. Throws if it is not valid. */
function send(
  link: Link,
  endpoints: readonly Endpoint[],
  text: string,
  onDone: (error: unknown, responses?: string) => void,
): void {
  const written = readWrittenRequest(text)
  if (written === undefined) replay(link, readReplay(text), onDone)
  else sendByContract(link, endpoints, written, onDone)
}
