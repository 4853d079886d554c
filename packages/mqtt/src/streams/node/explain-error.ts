import { STATUS_CODES } from 'node:http'

/** An error of a stream, and what to check about it. */
export interface ExplainedError {
  readonly error: unknown
  readonly hint?: string
}

const network = 'check the network and the firewall'
const authority = "pass the certificate of the broker's authority as the option ca"
const notTls = 'the server does not speak TLS on this port: use mqtt: or ws:, or another port'
const validity = "renew the broker's certificate, or check the clock of this machine"

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the broker running, and is the port right?',
  ENOTFOUND: 'check the host name',
  EAI_AGAIN: 'check the host name and the name server',
  ETIMEDOUT: network,
  EHOSTUNREACH: network,
  ENETUNREACH: network,
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  UNABLE_TO_GET_ISSUER_CERT: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  CERT_HAS_EXPIRED: validity,
  CERT_NOT_YET_VALID: validity,
  ERR_TLS_CERT_ALTNAME_INVALID: 'set the option servername to a name in the certificate',
}

/** The reasons of OpenSSL for bytes that are not TLS. */
const notTlsReasons: ReadonlySet<string> = new Set([
  'wrong version number',
  'unexpected message',
  'packet length too long',
])

const statusHints: Readonly<Record<string, string>> = {
  401: 'check the URL and wsOptions.headers',
  403: 'check the URL and wsOptions.headers',
  404: 'check the path of the URL',
}

/** Returns an error of Node or `ws` with what to check; an error that is hard to read is replaced, and is the cause. */
export function explainError(error: unknown): ExplainedError {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const [, tlsReason] = /:SSL routines:[^:]*:([^:]+)/.exec(String(message)) ?? []
  if (tlsReason !== undefined) return explainTls(error, tlsReason)
  const [, status] = /^Unexpected server response: (\d+)$/.exec(String(message)) ?? []
  if (status !== undefined) {
    const text = `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trim()
    const hint = statusHints[status] ?? 'check the URL'
    return { error: new Error(`${text} to the WebSocket`, { cause: error }), hint }
  }
  if (message === 'Server sent no subprotocol') return { error, hint: 'does the URL lead to an MQTT broker?' }
  if (String(code).startsWith('HPE_')) return { error, hint: 'the server does not speak HTTP on this port' }
  const hint = hints[String(code)]
  return hint === undefined ? { error } : { error, hint }
}

/** Keeps only the reason of OpenSSL's message, which names its source file and line. */
function explainTls(cause: unknown, reason: string): ExplainedError {
  const hint = notTlsReasons.has(reason)
    ? notTls
    : 'check the options cert and key, and what TLS the broker accepts'
  return { error: new Error(`TLS: ${reason}`, { cause }), hint }
}
