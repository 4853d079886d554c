import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { firstValueFrom } from 'rxjs'
import type { Broker } from '../broker.js'
import { prometheusContentType, prometheusText } from './prometheus-text.js'

/** Options of `serveMonitor`. */
export interface MonitorOptions {
  /** The port; 0 takes any free port. @defaultValue 0 */
  readonly port?: number
  /** The address to listen on. @defaultValue '127.0.0.1', this machine only */
  readonly host?: string
  /** Returns why the program is not ready to serve clients; `undefined` if it is. @defaultValue it is ready */
  readonly unreadiness?: () => string | undefined
}

/** An HTTP server for monitoring. */
export interface Monitor {
  /** For example `http://127.0.0.1:9464`. */
  readonly url: string
  readonly close: () => Promise<void>
}

/** Connections at a time; a Prometheus server and a few probes need one each. */
const maximumConnections = 64
const requestTimeout = 5_000

/** Milliseconds for which the broker counts as not ready after a failed commit: it tries again every second. */
const storageFailureAge = 3_000

/**
 * Serves what monitoring needs over HTTP. It costs nothing between requests.
 *
 * - `/metrics`: statistics in the text format of Prometheus.
 * - `/healthz`: 200 while the process handles requests.
 * - `/readyz`: 200 if the broker accepts clients and can store messages, 503 with the reason otherwise.
 *
 * The responses contain no names of clients or topics. The server does not authenticate: keep it on this machine or in a
 * network of your own.
 */
export async function serveMonitor(broker: Broker, options: MonitorOptions = {}): Promise<Monitor> {
  const { port = 0, host = '127.0.0.1', unreadiness = () => undefined } = options
  let isClosed = false
  let storageFailedAt = -Infinity
  const subscription = broker.eventsFrom$('error').subscribe({
    next: ({ type }) => {
      if (type === 'storage-failed') storageFailedAt = performance.now()
    },
    complete: () => (isClosed = true),
  })
  const reason = (): string | undefined => {
    if (isClosed) return 'the broker is closed'
    if (performance.now() - storageFailedAt < storageFailureAge) return 'the storage fails'
    return unreadiness()
  }
  const server = createServer({ requestTimeout, headersTimeout: requestTimeout }, (request, response) => {
    respond(request, response, { broker, reason }).catch(() => response.destroy())
  })
  server.maxConnections = maximumConnections
  const { address, port: boundPort } = await listening(server, port, host)
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        subscription.unsubscribe()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

interface MonitorState {
  readonly broker: Broker
  readonly reason: () => string | undefined
}

async function respond(
  { url = '/', method }: IncomingMessage,
  response: ServerResponse,
  { broker, reason }: MonitorState,
): Promise<void> {
  const send = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text)
  }
  if (method !== 'GET' && method !== 'HEAD') return send(405, 'GET and HEAD only\n')
  switch (url.split('?', 1)[0]) {
    case '/metrics':
      return send(200, prometheusText(await firstValueFrom(broker.stats$)), prometheusContentType)
    case '/healthz':
      return send(200, 'ok\n')
    case '/readyz': {
      const why = reason()
      return why === undefined ? send(200, 'ok\n') : send(503, `${why}\n`)
    }
    default:
      return send(404, 'use /metrics, /healthz or /readyz\n')
  }
}
