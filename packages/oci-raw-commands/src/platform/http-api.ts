import { either } from 'fp-ts'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { maxPayloadBytes } from './parse-invocation.js'
import type { InvokeFault, Platform } from './platform.js'

/** The API version in every path. */
const version = '20250531'

// Base64 takes a third more bytes than the payload; the rest is for the other fields.
const maxBodyBytes = 2 * maxPayloadBytes

/** A response of the API. */
interface HttpResponse {
  readonly status: number
  readonly body?: unknown
  readonly requestId?: string
}

/** Serves the platform over HTTP on the loopback interface. */
export async function httpApi(
  platform: Platform,
  port: number,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void handleRequest(platform, request).then(
      (result) => send(response, result),
      () =>
        send(
          response,
          errorResponse(500, 'InternalServerError', 'cannot answer the request: internal error'),
        ),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handleRequest(platform: Platform, request: IncomingMessage): Promise<HttpResponse> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, requestedVersion, collection, id, ...action] = pathname.split('/').map(decodeSegment)
  if (requestedVersion !== version) return notFound()
  if (collection === 'digitalTwinInstances' && action.join('/') === 'actions/invokeRawCommand') {
    if (request.method !== 'POST') return errorResponse(405, 'MethodNotAllowed', 'the method must be POST')
    return invoke(platform, id ?? '', await readBody(request))
  }
  if (collection !== 'rawCommands' || action.length > 0) return notFound()
  if (request.method !== 'GET') return errorResponse(405, 'MethodNotAllowed', 'the method must be GET')
  if (id === undefined) {
    return {
      status: 200,
      body: { items: platform.records(searchParams.get('digitalTwinInstanceId') ?? undefined) },
    }
  }
  const record = platform.record(id)
  return record === undefined ? notFound() : { status: 200, body: record }
}

function invoke(platform: Platform, instanceId: string, text: string | undefined): HttpResponse {
  if (text === undefined)
    return errorResponse(
      413,
      'PayloadTooLarge',
      `the body is too large: it must not take more than ${maxBodyBytes} bytes`,
    )
  const invoked = platform.invoke(instanceId, parseJson(text))
  return either.isLeft(invoked) ? toErrorResponse(invoked.left) : { status: 202, requestId: invoked.right }
}

function toErrorResponse(fault: InvokeFault): HttpResponse {
  if (fault.kind === 'unknown-instance') return notFound()
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
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
  return { status, body: { code, message } }
}

function send(response: ServerResponse, { status, body, requestId = randomUUID() }: HttpResponse): void {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, {
    'opc-request-id': requestId,
    'content-length': Buffer.byteLength(text),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  })
  response.end(text)
}
