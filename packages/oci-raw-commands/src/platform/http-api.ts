import { either } from 'fp-ts'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mostBytes } from './validate.js'
import type { InvokeFault, Platform } from './platform.js'

/** The version in every path. */
const version = '20250531'

// Base64 takes a third more than its bytes, and the other fields need some.
const mostBodyBytes = 2 * mostBytes

/** An answer of the API. */
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
    void answerTo(platform, request).then(
      (answer) => send(response, answer),
      () => send(response, refusal(500, 'InternalServerError', 'the request could not be answered')),
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

async function answerTo(platform: Platform, request: IncomingMessage): Promise<HttpResponse> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, said, collection, id, ...action] = pathname.split('/').map(decoded)
  if (said !== version) return notFound()
  if (collection === 'digitalTwinInstances' && action.join('/') === 'actions/invokeRawCommand') {
    if (request.method !== 'POST') return refusal(405, 'MethodNotAllowed', 'invoke by POST')
    return invoke(platform, id ?? '', await read(request))
  }
  if (collection !== 'rawCommands' || action.length > 0) return notFound()
  if (request.method !== 'GET') return refusal(405, 'MethodNotAllowed', 'records are read by GET')
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
    return refusal(413, 'PayloadTooLarge', `the body takes more than ${mostBodyBytes} bytes`)
  const invoked = platform.invoke(instanceId, parsed(text))
  return either.isLeft(invoked) ? toRefusal(invoked.left) : { status: 202, requestId: invoked.right }
}

function toRefusal(fault: InvokeFault): HttpResponse {
  if (fault.kind === 'unknown-instance') return notFound()
  const told = fault.faults.map(({ field, reason }) => `${field}: ${reason}`).join('; ')
  return refusal(400, 'InvalidParameter', told)
}

/** The body, or `undefined` where it is too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function notFound(): HttpResponse {
  return refusal(404, 'NotAuthorizedOrNotFound', 'there is no such resource, or none that you may see')
}

function refusal(status: number, code: string, message: string): HttpResponse {
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
