import { AntiphonError } from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { catchError, firstValueFrom, map, of, throwError } from 'rxjs'
import type { Hub } from '../hub/hub.js'
import type { CommandLine } from './arguments.js'
import { commandLineError } from './command-line.js'

/** The response of a method. */
export interface MethodResult {
  readonly status: number
  readonly payload: unknown
}

/** Where a running hub can be reached by other processes of the same user. */
const address = t.type({ url: t.string, token: t.string })

const methodRequest = t.type({
  methodName: t.string,
  payload: t.unknown,
  responseTimeoutInSeconds: t.number,
})

const maxBodyBytes = 256 * 1_024

/** Returns the file in which a running hub writes its address. */
function addressFile(hubFile: string): string {
  return hubFile.replace(/\.hub\.json$/, '.hub.run.json')
}

/**
 * Serves the invocation of direct methods, on the loopback interface and for processes that can read the hub's files: the path
 * is that of Azure's service, `POST /twins/<device>/methods`. Resolves with the function that stops it.
 */
export async function serveMethodCalls(
  hub: Pick<Hub, 'invokeMethod$'>,
  hubFile: string,
): Promise<() => Promise<void>> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    void respond(hub, token, request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const file = addressFile(hubFile)
  await writeFile(file, JSON.stringify({ url: `http://127.0.0.1:${port}`, token }), { mode: 0o600 })
  return async () => {
    await rm(file, { force: true })
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  }
}

interface HttpResponse {
  readonly status: number
  readonly body: unknown
}

async function respond(
  hub: Pick<Hub, 'invokeMethod$'>,
  token: string,
  request: IncomingMessage,
): Promise<HttpResponse> {
  try {
    if (!isAuthorized(request, token)) return failure(401, 'the token is not that of the running hub')
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const deviceId = /^\/twins\/([^/]+)\/methods$/.exec(pathname)?.[1]
    if (deviceId === undefined || request.method !== 'POST') return failure(404, 'there is no such resource')
    const body = methodRequest.decode(JSON.parse(await readBody(request)))
    if (!isRight(body)) return failure(400, 'methodName, payload and responseTimeoutInSeconds are required')
    const { methodName, payload, responseTimeoutInSeconds } = body.right
    const options = { timeout: responseTimeoutInSeconds * 1_000 }
    return await firstValueFrom(
      hub.invokeMethod$(decodeURIComponent(deviceId), methodName, payload, options).pipe(
        map((result): HttpResponse => ({ status: 200, body: { status: 200, payload: result } })),
        catchError((thrown: unknown) => {
          const error = AntiphonError.from(thrown)
          // The device has responded, with a status of its own.
          if (error.code !== 'status' || error.status === undefined) return throwError(() => error)
          const { code: status, message } = error.status
          return of({ status: 200, body: { status, payload: message } })
        }),
      ),
    )
  } catch (thrown) {
    const { code, rawMessage } = AntiphonError.from(thrown)
    return failure(code === 'timeout' ? 504 : 404, rawMessage)
  }
}

function failure(status: number, message: string): HttpResponse {
  return { status, body: { message } }
}

function isAuthorized({ headers }: IncomingMessage, token: string): boolean {
  const [expected, actual] = [Buffer.from(`Bearer ${token}`), Buffer.from(headers.authorization ?? '')]
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes)
      throw new AntiphonError('too-large', `the body is too large: it may take ${maxBodyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Invokes the method that a command line describes, by the running hub. Throws if the hub does not run, or the method fails. */
export async function invokeMethod(
  hubFile: string,
  { required, optional }: CommandLine,
): Promise<MethodResult> {
  const deviceId = required('device-id')
  const body = {
    methodName: required('method-name'),
    payload: payloadOf(optional('method-payload')),
    responseTimeoutInSeconds: timeoutOf(optional('timeout')),
  }
  const { url, token } = await readAddress(hubFile)
  const response = await fetch(`${url}/twins/${encodeURIComponent(deviceId)}/methods`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw notRunning(cause)
  })
  const result = (await response.json()) as MethodResult & { readonly message?: string }
  if (response.ok) return result
  throw new AntiphonError(
    'status',
    `cannot invoke ${body.methodName} of ${deviceId}: ${result.message ?? ''}`,
  )
}

async function readAddress(hubFile: string): Promise<t.TypeOf<typeof address>> {
  const text = await readFile(addressFile(hubFile), 'utf8').catch((cause: unknown) => {
    throw notRunning(cause)
  })
  const decoded = address.decode(JSON.parse(text))
  if (isRight(decoded)) return decoded.right
  throw notRunning(undefined)
}

function notRunning(cause: unknown): AntiphonError {
  const text = 'cannot invoke the method: the hub does not run; start it with antiphon-hub run'
  return new AntiphonError('connection-lost', text, { cause })
}

function payloadOf(text = 'null'): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw commandLineError(`--method-payload is not JSON: ${(error as Error).message}`)
  }
}

function timeoutOf(text = '30'): number {
  const seconds = Number(text)
  if (/^\d+$/.test(text) && seconds >= 5 && seconds <= 300) return seconds
  throw commandLineError(`--timeout is '${text}': it must be a whole number from 5 to 300`)
}
