import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '../authority/peer-certificate.js'

/** Returns the client's certificate if it was verified against the server's certificate authorities. */
export function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  // Other sockets have no such property.
  if (socket.authorized !== true) return undefined
  const certificate = socket.getPeerCertificate()
  if (certificate.raw === undefined) return undefined
  const { subject, fingerprint256, raw } = certificate
  const { CN } = subject
  return { commonName: Array.isArray(CN) ? (CN[0] ?? '') : (CN ?? ''), fingerprint256, raw }
}
