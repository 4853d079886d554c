import { AntiphonError } from '@antiphon/core'
import { describeReason, quoted } from '@antiphon/core/link'
import type { Connack, Disconnect } from './control-client.js'

/** The return codes of MQTT 3.1.1. */
const returnCodes = new Map<number, string>([
  [0x01, 'unacceptable protocol version'],
  [0x02, 'identifier rejected'],
  [0x03, 'server unavailable'],
  [0x04, 'bad user name or password'],
  [0x05, 'not authorized'],
])

/** What to do about a refusal, for the reason codes where there is advice. */
const advice = new Map<number, string>([
  [0x01, 'the broker does not speak this version of MQTT: try another protocolVersion'],
  [0x02, 'choose another clientId'],
  [0x03, 'try again later'],
  [0x04, 'check username and password'],
  [0x05, 'check what the broker allows this user and clientId'],
  [0x84, 'the broker does not speak MQTT 5: try protocolVersion 4 or auto'],
  [0x85, 'choose another clientId'],
  [0x86, 'check username and password'],
  [0x87, 'check what the broker allows this user and clientId'],
  [0x88, 'try again later'],
  [0x89, 'try again later'],
  [0x8a, 'the broker has banned this client'],
  [0x95, 'CONNECT is too large for the broker: shorten the will or the user properties'],
  [0x97, 'the broker allows no more of this: close other connections or raise its limits'],
  [0x9a, 'the broker does not support retained messages: send the will without retain'],
  [0x9b, 'the broker does not support the QoS of the will: lower will.qos'],
  [0x9c, 'use the server the broker names'],
  [0x9d, 'use the server the broker names'],
  [0x9f, 'connect less often'],
])

/** Creates the error for a CONNACK that refuses the connection. */
export function connectionRefused(
  address: string,
  { reasonCode: code, properties }: Connack,
): AntiphonError<'connection-refused'> {
  const texts = [properties.reasonString, advice.get(code), properties.serverReference]
  const hints = texts.filter((text) => typeof text === 'string' && text !== '')
  const message = [`${address} refused the connection: ${describeCode(code)}`, ...hints].join(': ')
  return new AntiphonError('connection-refused', message, { reasonCode: code, phase: 'after-network' })
}

/** Creates the error for a DISCONNECT sent by the broker. */
export function connectionEnded(
  address: string,
  { reasonCode, properties }: Disconnect,
): AntiphonError<'connection-lost'> {
  const hint =
    properties.reasonString ??
    (reasonCode === 0x8e ? 'another client connected under the same clientId' : properties.serverReference)
  const why = hint === undefined ? '' : `: ${hint}`
  return new AntiphonError(
    'connection-lost',
    `${address} ended the connection: ${describeCode(reasonCode)}${why}`,
    {
      reasonCode,
      phase: 'after-network',
    },
  )
}

/** Creates the error for a broker that names another server which is not followed. */
export function notRedirected(error: AntiphonError, fault: string): AntiphonError {
  const { code, rawMessage, cause } = error
  return new AntiphonError(code, `${rawMessage}. It is not followed: ${fault}`, { cause }).withContext(error)
}

/** How far a connection got before it closed. */
export type ConnectProgress =
  /** CONNECT cannot have reached the broker. */
  | 'unreached'
  /** CONNECT may have reached the broker and started a session there. */
  | 'connect-sent'
  /** The broker accepted the connection. */
  | 'online'

const unanswered =
  'does the port expect the protocol of the URL, with or without TLS, and does the broker accept this client?'

/** Creates the error for a connection that closed without DISCONNECT, or could not be opened. `hint` says what to check. */
export function connectionLost(
  address: string,
  progress: ConnectProgress,
  cause: unknown,
  hint: string | undefined = progress === 'connect-sent' ? unanswered : undefined,
): AntiphonError<'connection-lost'> {
  const what = progress === 'online' ? `lost the connection to ${address}` : `cannot connect to ${address}`
  const why = cause === undefined ? 'the broker closed the connection without a reason' : textOf(cause)
  const phase = progress === 'unreached' ? 'before-network' : 'after-network'
  const message = `${what}: ${why}${hint === undefined ? '' : `; ${hint}`}`
  return new AntiphonError('connection-lost', message, { cause, phase })
}

/** Creates the error for a server whose first packet is not CONNACK [MQTT-3.2.0-1], as an HTTP server's. */
export function notMqtt(received: Uint8Array): Error {
  const [text = ''] = String.fromCharCode(...received.subarray(0, 40)).split('\r\n', 1)
  // Other bytes may be a packet that the server has sent back, with the password.
  const what = /^[ -~]+$/.test(text) ? quoted(text) : `0x${text.charCodeAt(0).toString(16)}`
  return new Error(`the server does not speak MQTT: it sent ${what}`)
}

/** Whether an error means that no connection was established, to any of the addresses of the host. */
export function isUnreachable(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isUnreachable)
  const { syscall } = (cause ?? {}) as { readonly syscall?: unknown }
  return syscall === 'connect' || syscall === 'getaddrinfo'
}

/** Creates the error for an option whose function failed; the next attempt calls the function again. */
export function identityUnavailable(
  address: string,
  option: string,
  cause: unknown,
): AntiphonError<'connection-refused'> {
  const message = `cannot connect to ${address}: option ${option} failed: ${textOf(cause)}`
  return new AntiphonError('connection-refused', message, { cause, phase: 'before-network' })
}

function describeCode(code: number): string {
  const name = returnCodes.get(code)
  return name === undefined ? describeReason(code) : `${name} (${code})`
}

/** Returns the message of an error. Node throws an `AggregateError` without a message if a host has several addresses. */
function textOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(textOf).join(', ')
  if (cause instanceof AntiphonError) return cause.rawMessage
  return cause instanceof Error ? cause.message : String(cause)
}
