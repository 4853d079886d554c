import type { Link } from '@antiphon/core'
import type { EventSink } from '@antiphon/core/events'
import { requireArgument, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { createToken, isAllowed } from './server/access.js'
import { EventFeed } from './server/event-feed.js'
import { servePage } from './server/page-files.js'
import { readReplay, replay } from './server/replay.js'

/** Options of `inspect`. */
export interface InspectOptions {
  /** The port on the loopback address. @defaultValue a free one */
  readonly port?: number
  /** The link over which the page sends requests again. @defaultValue none, and the page offers it not */
  readonly link?: Link
}

const inspectOptionRules: OptionRules<InspectOptions> = { port: wholeNumberRule(0, 65_535), link: 'object' }

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
  const { port: wanted = 0, link } = options
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
      webSocket.send(JSON.stringify({ canSend: link !== undefined }))
      feed.connect(webSocket)
      webSocket.on('message', (data: Buffer) => {
        const report = (error?: unknown): void => {
          const result = error === undefined ? 'responded' : error instanceof Error ? error.message : 'failed'
          webSocket.send(JSON.stringify({ result }))
        }
        try {
          if (link !== undefined) replay(link, readReplay(data.toString()), report)
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
