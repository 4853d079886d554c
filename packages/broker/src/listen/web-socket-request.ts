import type { IncomingMessage } from 'node:http'
import type { WebSocketRequest } from '../authority/web-socket-request.js'

/** Returns an HTTP request as the `authenticate` hook receives it. */
export function toWebSocketRequest({ url = '/', headers }: IncomingMessage): WebSocketRequest {
  const [path = '/', ...query] = url.split('?')
  return {
    path,
    query: new URLSearchParams(query.join('?')),
    headers,
    cookies: readCookies(headers.cookie ?? ''),
  }
}

/** Reads a Cookie header; of several cookies with one name the first counts, which has the most specific path. */
function readCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(at, 0)).trim()
    if (name === '' || cookies.has(name)) continue
    const value = pair.slice(at + 1).trim()
    cookies.set(name, decoded(/^"(.*)"$/.exec(value)?.[1] ?? value))
  }
  return cookies
}

/** Decodes `%41` and the like, as most servers write cookies; returns other values as they are. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
