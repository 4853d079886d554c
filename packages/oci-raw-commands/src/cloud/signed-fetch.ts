import { createHash, createPrivateKey, sign } from 'node:crypto'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { ApiKey } from './api-key.js'

/** The options of `signedFetch`. */
export interface SignedFetchOptions {
  /** Sends the signed requests. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch
  /** The clock of the signatures. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/**
 * Returns a `fetch` that signs each request with an API key, as all services of OCI require (RSA-SHA256 over the request
 * line, the date, the host and the body). Pass it as `fetch` of `invoke$`. OCI refuses a request whose date is five minutes
 * off.
 *
 * @example
 * ```ts
 * const cloud = { url: cloudUrl('eu-frankfurt-1'), fetch: signedFetch(readApiKey()) }
 * ```
 */
export function signedFetch(
  { keyId, privateKey, passphrase }: ApiKey,
  { fetch = globalThis.fetch, scheduler = asyncScheduler }: SignedFetchOptions = {},
): typeof globalThis.fetch {
  const key = createPrivateKey(
    passphrase === undefined ? privateKey : { key: privateKey, passphrase, format: 'pem' },
  )
  const authorization = (signed: Readonly<Record<string, string>>): string => {
    const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}`)
    const signature = sign('sha256', Buffer.from(lines.join('\n')), key).toString('base64')
    const names = Object.keys(signed).join(' ')
    return `Signature version="1",keyId="${keyId}",algorithm="rsa-sha256",headers="${names}",signature="${signature}"`
  }
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search, host } = new URL(request.url)
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
    const date = new Date(scheduler.now()).toUTCString()
    // `fetch` sets Date, Host and Content-Length itself. It does not send Date, which X-Date replaces.
    const signed: Record<string, string> = {
      'x-date': date,
      '(request-target)': `${request.method.toLowerCase()} ${pathname}${search}`,
      host,
    }
    const headers = new Headers(request.headers)
    headers.set('x-date', date)
    if (body !== undefined) {
      const digest = createHash('sha256').update(body).digest('base64')
      headers.set('x-content-sha256', digest)
      if (!headers.has('content-type')) headers.set('content-type', 'application/json')
      signed['content-length'] = String(body.length)
      signed['content-type'] = headers.get('content-type') ?? ''
      signed['x-content-sha256'] = digest
    }
    headers.set('authorization', authorization(signed))
    return fetch(request.url, {
      method: request.method,
      headers,
      signal: request.signal,
      ...(body === undefined ? {} : { body }),
    })
  }
}
