import { either } from 'fp-ts'
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Platform } from '../src/platform/index.js'

/** The key pair of the user whose requests the stand-in accepts. */
export const apiKey: { readonly keyId: string; readonly privateKey: string; readonly publicKey: string } = {
  keyId: 'ocid1.tenancy/ocid1.user/aa:bb',
  ...generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }),
}

/** The bearer token of the data API. */
export const dataToken = 'data-token'

/** What distinguishes a stand-in of the cloud. */
export interface CloudOptions {
  /** The response of an invoke names the record: by a Location, by the opc-request-id alone, or not at all. */
  readonly names: 'location' | 'request-id' | 'nothing'
}

/** A running stand-in of the cloud. */
export interface CloudStandIn {
  /** The root of the IoT API. */
  readonly url: string
  /** The root of the data API. */
  readonly dataUrl: string
  /** The requests so far, as method and path with query. */
  readonly requests: readonly string[]
  readonly close: () => Promise<void>
}

/**
 * Serves a local platform as the cloud's documentation describes: the IoT API accepts signed requests only, and the records
 * are in the data API, which requires a bearer token, lists without payloads, and filters by `q`.
 */
export async function cloudStandIn(platform: Platform, { names }: CloudOptions): Promise<CloudStandIn> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    void read(request).then((body) => answer(request, response, body))
  })
  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const json = (status: number, value?: unknown, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(value === undefined ? '' : JSON.stringify(value))
    }
    const invoked = /^\/20250531\/digitalTwinInstances\/([^/]+)\/actions\/invokeRawCommand$/.exec(
      pathname,
    )?.[1]
    if (invoked !== undefined) {
      if (!isSigned(request, body)) return json(401, { code: 'NotAuthenticated', message: 'signature' })
      const id = platform.invoke(decodeURIComponent(invoked), body.toString())
      if (either.isLeft(id)) return json(400, { code: 'InvalidParameter', message: JSON.stringify(id.left) })
      const location = { location: `${dataUrl}/20250531/rawCommandData/${id.right}` }
      return json(202, undefined, {
        'opc-request-id': names === 'nothing' ? 'unrelated' : id.right,
        ...(names === 'location' ? location : {}),
      })
    }
    if (request.headers.authorization !== `Bearer ${dataToken}`) return json(401)
    const id = /^\/ords\/domain\/20250531\/rawCommandData\/([^/]+)$/.exec(pathname)?.[1]
    if (id !== undefined) {
      const record = platform.record(id)
      return record === undefined ? json(404) : json(200, record)
    }
    const { $and } = JSON.parse(searchParams.get('q') ?? '{"$and":[]}') as {
      readonly $and: readonly Readonly<Record<string, unknown>>[]
    }
    json(200, { items: platform.records().filter((record) => $and.every((rule) => isMatch(record, rule))) })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dataUrl = `${url}/ords/domain`
  return {
    url,
    dataUrl,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Whether a record matches a rule of the filter: an equal value, or a time at or after a date. */
function isMatch(record: object, rule: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(rule).every(([name, expected]) => {
    const value = (record as Readonly<Record<string, unknown>>)[name]
    const { $gte } = (typeof expected === 'object' ? expected : {}) as {
      readonly $gte?: { readonly $date: string }
    }
    return $gte === undefined ? value === expected : String(value) >= $gte.$date
  })
}

/** Whether a request has the signature that OCI requires: the right headers, the digest of the body, and the user's key. */
function isSigned({ method, url, headers }: IncomingMessage, body: Buffer): boolean {
  const parts = new Map(
    [...(headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  const names = (parts.get('headers') ?? '').split(' ')
  const required = [
    'x-date',
    '(request-target)',
    'host',
    'content-length',
    'content-type',
    'x-content-sha256',
  ]
  const valueOf = (name: string): string =>
    name === '(request-target)' ? `${method?.toLowerCase() ?? ''} ${url ?? ''}` : String(headers[name])
  const text = names.map((name) => `${name}: ${valueOf(name)}`).join('\n')
  return (
    required.every((name) => names.includes(name)) &&
    parts.get('version') === '1' &&
    parts.get('algorithm') === 'rsa-sha256' &&
    parts.get('keyId') === apiKey.keyId &&
    headers['x-content-sha256'] === createHash('sha256').update(body).digest('base64') &&
    verify(
      'sha256',
      Buffer.from(text),
      createPublicKey(apiKey.publicKey),
      Buffer.from(parts.get('signature') ?? '', 'base64'),
    )
  )
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
