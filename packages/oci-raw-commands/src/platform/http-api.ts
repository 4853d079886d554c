import { either } from 'fp-ts'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { concat, filter, from, map, takeWhile, type Observable } from 'rxjs'
import { isFinished, type CommandRecord } from '../record.js'
import type { CommandDelivery } from './command-delivery.js'
import { maxPayloadBytes } from './parse-invocation.js'
import type { InvokeFault, Platform } from './platform.js'

/** The API version in every path. */
const version = '20250531'

// Base64 takes a third more bytes than the payload; the rest is for the other fields.
const maxBodyBytes = 2 * maxPayloadBytes

/** Where the HTTP API listens. */
export interface HttpListenOptions {
  /** The port to listen on. @defaultValue any free port */
  readonly port?: number
  /** The address to listen on. @defaultValue '127.0.0.1' */
  readonly host?: string
}

/** What the API shows. */
interface ApiParts {
  readonly platform: Platform
  readonly commands: ReadonlyMap<string, CommandDelivery>
  readonly changes$: Observable<CommandRecord>
}

/** A response of the API. */
interface HttpResponse {
  readonly status: number
  /** The body as JSON text. */
  readonly json?: string
  /** The body as JSON texts that are sent one by one, as events, until the stream completes. */
  readonly events$?: Observable<string>
  readonly requestId?: string
}

/** Serves the platform over HTTP. */
export async function httpApi(
  parts: ApiParts,
  { port = 0, host = '127.0.0.1' }: HttpListenOptions,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void handleRequest(parts, request).then(
      (result) => send(response, result),
      () =>
        send(
          response,
          errorResponse(500, 'InternalServerError', 'cannot answer the request: internal error'),
        ),
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { address, family, port: boundPort } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handleRequest(parts: ApiParts, request: IncomingMessage): Promise<HttpResponse> {
  const { platform } = parts
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, requestedVersion, collection, id, ...action] = pathname.split('/').map(decodeSegment)
  if (requestedVersion !== version) return notFound()
  if (collection === 'digitalTwinInstances' && action.join('/') === 'actions/invokeRawCommand') {
    if (request.method !== 'POST') return errorResponse(405, 'MethodNotAllowed', 'the method must be POST')
    return invoke(platform, id ?? '', request)
  }
  if (collection !== 'rawCommands' || action.length > 0) return notFound()
  if (request.method !== 'GET') return errorResponse(405, 'MethodNotAllowed', 'the method must be GET')
  if (id === undefined) {
    const items = platform.records(searchParams.get('digitalTwinInstanceId') ?? undefined)
    return { status: 200, json: JSON.stringify({ items }) }
  }
  const command = parts.commands.get(id)
  if (command === undefined) return notFound()
  const isFollowed = request.headers.accept?.includes('text/event-stream') === true
  return isFollowed
    ? { status: 200, events$: changesOf$(command, parts.changes$) }
    : { status: 200, json: command.textOf(command.record) }
}

/** Emits all changes of a command's record from the first on, as JSON texts; completes after the last. */
function changesOf$(command: CommandDelivery, changes$: Observable<CommandRecord>): Observable<string> {
  const { id } = command.record
  return concat(from([...command.history]), changes$.pipe(filter((record) => record.id === id))).pipe(
    takeWhile((record) => !isFinished(record), true),
    map((record) => command.textOf(record)),
  )
}

async function invoke(
  platform: Platform,
  instanceId: string,
  request: IncomingMessage,
): Promise<HttpResponse> {
  const body = await readBody(request)
  if (body === undefined)
    return errorResponse(
      413,
      'PayloadTooLarge',
      `the body is too large: it must not take more than ${maxBodyBytes} bytes`,
    )
  const retryToken = request.headers['opc-retry-token']
  const options = typeof retryToken === 'string' && retryToken !== '' ? { retryToken } : {}
  const invoked = platform.invoke(instanceId, body, options)
  // 202 promises that the command will not be lost.
  await platform.settled()
  return either.isLeft(invoked) ? toErrorResponse(invoked.left) : { status: 202, requestId: invoked.right }
}

function toErrorResponse(fault: InvokeFault): HttpResponse {
  if (fault.kind === 'unknown-instance') return notFound()
  if (fault.kind === 'token-reused') {
    const rule = 'opc-retry-token belongs to an invocation with another body: use a new token'
    return errorResponse(409, 'InvalidatedRetryToken', rule)
  }
  const message = fault.faults.map(({ field, reason }) => `${field}: ${reason}`).join('; ')
  return errorResponse(400, 'InvalidParameter', message)
}

/** Reads the body of a request; resolves with `undefined` if it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function decodeSegment(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function notFound(): HttpResponse {
  return errorResponse(
    404,
    'NotAuthorizedOrNotFound',
    'the resource does not exist, or you are not authorized to read it',
  )
}

function errorResponse(status: number, code: string, message: string): HttpResponse {
  return { status, json: JSON.stringify({ code, message }) }
}

function send(
  response: ServerResponse,
  { status, json, events$, requestId = randomUUID() }: HttpResponse,
): void {
  if (events$ !== undefined) {
    response.writeHead(status, { 'opc-request-id': requestId, 'content-type': 'text/event-stream' })
    const subscription = events$.subscribe({
      next: (event) => response.write(`data: ${event}\n\n`),
      complete: () => response.end(),
    })
    response.on('close', () => subscription.unsubscribe())
    return
  }
  const text = json ?? ''
  response.writeHead(status, {
    'opc-request-id': requestId,
    'content-length': Buffer.byteLength(text),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  })
  response.end(text)
}
