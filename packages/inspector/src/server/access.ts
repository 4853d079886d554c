import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Returns a token that other programs of this machine cannot guess. */
export function createToken(): string {
  return randomBytes(16).toString('hex')
}

/**
 * Whether a request comes from the page of this server. A page of another origin may send one, and a name of another host may
 * resolve to this machine: so the token, the Host and the Origin are checked.
 */
export function isAllowed({ url = '', headers }: IncomingMessage, token: string, port: number): boolean {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const { host, origin } = headers
  if (host === undefined || !hosts.includes(host)) return false
  if (origin !== undefined && origin !== `http://${host}`) return false
  const given = new URL(url, 'http://localhost').searchParams.get('token') ?? ''
  return given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token))
}
