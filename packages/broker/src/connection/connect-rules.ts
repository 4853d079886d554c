import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { ConnectVerdict, ClientInfo, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine.js'
import type { Settings } from '../options.js'
import { foreverSeconds } from '../packet/connect.js'
import type { ConnectRequest, WillRequest } from '../packet/connect.js'
import { Reason } from '../packet/reason.js'
import type { DisconnectPacket } from '../packet/disconnect.js'
import { topicExcess } from '../packet/topic-limits.js'
import { protocolError, violation } from '../packet/violation.js'
import type { Violation } from '../packet/violation.js'
import type { Departure } from '../session/sessions.js'
import type { Channel } from './channel.js'
import { offeredProperties } from './control-packets.js'
import type { ConnackProperties } from './control-packets.js'

/** Refuses a CONNECT that asks for what this broker does not offer. */
export function checkConnect(request: ConnectRequest, settings: Settings): void {
  const { will, authenticationMethod, version } = request
  if (!settings.protocolVersions.includes(version)) throw unspoken(version)
  if (request.clientId === '' && !settings.assignsClientIds) {
    throw violation(Reason.clientIdentifierNotValid, 'a client identifier is required here [MQTT-3.1.3-8]')
  }
  if (authenticationMethod !== undefined && !settings.authenticationMethods.includes(authenticationMethod)) {
    throw violation(
      Reason.badAuthenticationMethod,
      `${authenticationMethod} is not spoken here [MQTT-4.12.0-1]`,
    )
  }
  if (will === undefined) return
  if (!settings.willAvailable) throw violation(Reason.implementationSpecificError, 'wills are not taken here')
  checkWill(will, settings)
}

function checkWill(will: WillRequest, settings: Settings): void {
  const excess = topicExcess(will.topic, settings.limits)
  if (excess !== undefined) throw violation(Reason.topicNameInvalid, excess)
  if (will.isTextPayload && settings.checksPayloadFormat && !isUtf8(will.payload)) {
    throw violation(Reason.payloadFormatInvalid, 'the will says that it is UTF-8 and is not [MQTT-3.1.2-9]')
  }
  if (will.qos > settings.maximumQoS) {
    throw violation(Reason.qosNotSupported, `the will's QoS is above ${settings.maximumQoS} [MQTT-3.2.2-12]`)
  }
  if (will.retain && !settings.retainAvailable) {
    throw violation(Reason.retainNotSupported, 'nothing is retained here [MQTT-3.2.2-13]')
  }
}

/** The refusal of a protocol level [MQTT-3.1.2-2]. */
export function unspoken(level: number): Violation {
  return violation(
    Reason.unsupportedProtocolVersion,
    `protocol level ${level} is not spoken here [MQTT-3.1.2-2]`,
  )
}

/** The attempt that a CONNECT makes, as the authenticating hook sees it. */
export function toAttempt(
  request: ConnectRequest,
  channel: Pick<Channel, 'remoteAddress' | 'listener' | 'certificate'>,
): ConnectAttempt {
  const { will, userName, password, authenticationMethod, authenticationData } = request
  const { certificate } = channel
  return {
    clientId: request.clientId === '' ? randomUUID() : request.clientId, // [MQTT-3.1.3-6]
    protocolVersion: request.version,
    remoteAddress: channel.remoteAddress,
    listener: channel.listener,
    keepAlive: request.keepAlive,
    cleanStart: request.cleanStart,
    sessionExpiryInterval:
      request.sessionExpiryInterval === foreverSeconds ? Infinity : request.sessionExpiryInterval,
    step: 0,
    isReAuthentication: false,
    ...(userName === undefined ? {} : { userName }),
    ...(password === undefined ? {} : { password }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: will.payload, qos: will.qos, retain: will.retain } }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined ? {} : { authenticationData }),
  }
}

/** The client that an attempt has become. */
export function toClientInfo(attempt: ConnectAttempt, principal: unknown): ClientInfo {
  const { clientId, protocolVersion, userName, remoteAddress, listener, certificate, keepAlive } = attempt
  return {
    clientId,
    protocolVersion,
    remoteAddress,
    listener,
    keepAlive,
    ...(userName === undefined ? {} : { userName }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(principal === undefined ? {} : { principal }),
  }
}

/** Seconds that the session may outlive the connection: what was asked, within what is allowed. */
function grantedExpiry(
  requested: number,
  { limits }: Settings,
  admission: Extract<ConnectVerdict, { admit: true }>,
): number {
  return Math.min(requested, limits.sessionExpiryInterval, admission.sessionExpiryInterval ?? Infinity)
}

/** A client that may come in. */
export interface Visitor {
  readonly client: ClientInfo
  /** Seconds its session may outlive the connection. */
  readonly expiry: number
}

/** The client that an attempt has become by its admission. */
export function toVisitor(
  settings: Settings,
  attempt: ConnectAttempt,
  admission: Extract<ConnectVerdict, { admit: true }>,
): Visitor {
  const client = toClientInfo(attempt, admission.principal)
  return { client, expiry: grantedExpiry(attempt.sessionExpiryInterval, settings, admission) }
}

/** Everything CONNACK tells a v5 client. */
export function connackProperties(
  { settings }: Engine,
  request: ConnectRequest,
  { client, expiry }: Visitor,
  admission: Extract<ConnectVerdict, { admit: true }>,
): ConnackProperties {
  const { authenticationMethod } = request
  const { authenticationData } = admission
  const requested =
    request.sessionExpiryInterval === foreverSeconds ? Infinity : request.sessionExpiryInterval
  // Only a client that asks is told [MQTT-3.1.2-28].
  const responseInformation = request.wantsResponseInformation
    ? settings.responseInformation?.(client)
    : undefined
  return {
    ...offeredProperties(settings, request),
    ...(request.clientId === '' ? { assignedClientIdentifier: client.clientId } : {}), // [MQTT-3.1.3-7]
    ...(expiry === requested ? {} : { sessionExpiryInterval: expiry }),
    ...(responseInformation === undefined ? {} : { responseInformation }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined ? {} : { authenticationData: Buffer.from(authenticationData) }),
  }
}

/** Seconds of the keep alive in force; 0 for none. */
export function keepAliveOf({ version, keepAlive }: ConnectRequest, { limits }: Settings): number {
  const isImposed = keepAlive === 0 && version === 5 && limits.keepAlive < 0xffff
  return isImposed ? limits.keepAlive : Math.min(keepAlive, limits.keepAlive)
}

/** What a client's goodbye means for its session and its will [MQTT-3.14.4-3]. */
export function departureOf(
  { reasonCode, sessionExpiryInterval }: DisconnectPacket,
  request: ConnectRequest,
  { limits }: Settings,
): Departure {
  const forgetsWill = reasonCode === Reason.success
  if (sessionExpiryInterval === undefined) return { forgetsWill }
  if (sessionExpiryInterval > 0 && request.sessionExpiryInterval === 0) {
    throw protocolError('a session that was to end with its connection cannot be prolonged by DISCONNECT')
  }
  return { forgetsWill, expiry: Math.min(sessionExpiryInterval, limits.sessionExpiryInterval) }
}
